import type Database from 'better-sqlite3-multiple-ciphers';
import { limits } from '../../limits.ts';
import { verifyChain } from '../audit-chain.ts';
import type { AuditRow } from '../store.ts';
import { openAudit } from './audit.ts';
import { IndexCheck, type IndexCheckOptions } from './check-index-rows.ts';
import { openReadConnection } from './connection.ts';
import { indexedRow } from './journal-fields.ts';
import { schemaVersion } from './schema.ts';
import { Statements } from './statements.ts';

export interface FileCheckOptions extends IndexCheckOptions {
  readonly file: string;
  readonly key?: string;
  /** Told what is being looked at. */
  readonly onProgress: (text: string) => void;
}

/** What a check found; `faults` names at most limits.checkFaultsMax. */
export interface FileCheck {
  readonly ok: boolean;
  readonly layout: number;
  readonly resources: number;
  readonly versions: number;
  readonly auditRows: number;
  /** Resources whose index rows were compared, of all that live. */
  readonly indexed: number;
  /** Types whose index is being brought up to date: not compared with fresh entries. */
  readonly reindexing: readonly string[];
  readonly faults: readonly string[];
}

/**
 * Looks a data file through and writes nothing; a server may have it open. All of it is seen as of one
 * moment. Throws `StoreOpenError` for what is no data file of this layout.
 */
export function checkDataFile(options: FileCheckOptions): FileCheck {
  const db = openReadConnection(options);
  try {
    db.exec('BEGIN');
    const layout = Number(db.pragma('user_version', { simple: true }));
    return { layout, ...new Check(db, options).run(layout) };
  } finally {
    db.close();
  }
}

class Check {
  readonly #db: Database;
  readonly #statements: Statements;
  readonly #options: FileCheckOptions;
  readonly #faults: string[] = [];

  constructor(db: Database, options: FileCheckOptions) {
    this.#db = db;
    this.#statements = new Statements(db);
    this.#options = options;
  }

  run(layout: number): Omit<FileCheck, 'layout'> {
    const { onProgress } = this.#options;
    onProgress('The file page by page');
    for (const text of this.#integrity()) this.#fault(text);
    if (this.#faults.length > 0 || layout < schemaVersion) return this.#result(layout);
    onProgress('Counters, tallies and what rows lead to');
    for (const { text, sql } of invariants) {
      const count = this.#number(sql);
      if (count > 0) this.#fault(`${text}: ${count}`);
    }
    onProgress('The audit chain');
    const auditRows = this.#auditChain();
    const index = new IndexCheck(this.#statements, this.#options);
    const { indexed, reindexing } = index.run((text) => this.#fault(text));
    return { ...this.#result(layout), auditRows, indexed, reindexing };
  }

  #result(layout: number): Omit<FileCheck, 'layout'> {
    if (layout < schemaVersion) {
      this.#fault(
        `The file has layout ${layout}; a start of the server brings it to ${schemaVersion}`,
      );
    }
    const broken = this.#faults.length > 0;
    const count = (sql: string): number => (broken ? 0 : this.#number(sql));
    return {
      ok: !broken,
      resources: count('SELECT count(*) FROM resource WHERE deleted = 0'),
      versions: count('SELECT count(*) FROM version'),
      auditRows: 0,
      indexed: 0,
      reindexing: [],
      faults: this.#faults,
    };
  }

  #integrity(): string[] {
    try {
      const rows = this.#db.pragma(`integrity_check(${limits.checkFaultsMax})`) as {
        integrity_check: string;
      }[];
      return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
    } catch (error) {
      return [`The file cannot be read: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  #auditChain(): number {
    const audit = openAudit(this.#statements);
    let head: AuditRow | undefined;
    for (;;) {
      const rows = audit.rows(head?.seq ?? 0, 1_000);
      const fault = verifyChain(rows, head);
      if (fault !== undefined) {
        this.#fault(`The audit chain breaks at row ${fault.seq}: ${fault.problem}`);
        return fault.seq;
      }
      if (rows.length === 0) return head?.seq ?? 0;
      head = rows.at(-1);
    }
  }

  #number(sql: string): number {
    return this.#statements.query<[number]>(sql, [])[0]?.[0] ?? 0;
  }

  #fault(text: string): void {
    if (this.#faults.length < limits.checkFaultsMax) this.#faults.push(text);
  }
}

/** Each counts what must not be. */
const invariants: readonly { readonly text: string; readonly sql: string }[] = [
  {
    text: 'The counter of positions is behind the newest version',
    sql: `SELECT (SELECT coalesce(max(pos), 0) FROM version)
          > (SELECT value FROM counter WHERE name = 'pos')`,
  },
  {
    text: 'The counter of commits is behind the newest version',
    sql: `SELECT coalesce((SELECT seq FROM version ORDER BY pos DESC LIMIT 1), 0)
          > (SELECT value FROM counter WHERE name = 'seq')`,
  },
  {
    text: 'Resources whose current version is missing or another one',
    sql: `SELECT count(*) FROM resource r LEFT JOIN version v ON v.pos = r.pos
          WHERE v.rid IS NOT r.rid OR v.version IS NOT r.version OR v.type IS NOT r.type
          OR (v.method = 'DELETE') IS NOT r.deleted`,
  },
  {
    text: 'Resources that lack some of their versions',
    sql: `SELECT count(*) FROM resource r
          WHERE r.version <> (SELECT count(*) FROM version v WHERE v.rid = r.rid)`,
  },
  {
    text: 'Versions of no resource',
    sql: 'SELECT count(*) FROM version v WHERE v.rid NOT IN (SELECT rid FROM resource)',
  },
  {
    text: 'Types whose tally of live resources is wrong',
    sql: `SELECT count(*) FROM (SELECT type FROM tally UNION SELECT type FROM resource) t
          WHERE coalesce((SELECT live FROM tally WHERE type = t.type), 0)
          <> (SELECT count(*) FROM resource r WHERE r.type = t.type AND r.deleted = 0)`,
  },
  {
    text: 'Types whose tally of versions is wrong',
    sql: `SELECT count(*) FROM (SELECT type FROM tally UNION SELECT type FROM version) t
          WHERE coalesce((SELECT versions FROM tally WHERE type = t.type), 0)
          <> (SELECT count(*) FROM version v WHERE v.type = t.type)`,
  },
  {
    text: 'Tallies of messages that are wrong',
    sql: `WITH told AS (SELECT feed, state, ack_code AS code, count FROM journal_tally WHERE count <> 0),
          counted AS (SELECT feed, state, coalesce(ack_code, '') AS code, count(*) AS count
                      FROM journal GROUP BY 1, 2, 3)
          SELECT count(*) FROM (SELECT * FROM (SELECT * FROM told EXCEPT SELECT * FROM counted)
          UNION ALL SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM told))`,
  },
  {
    text: 'Messages without their bytes, or bytes without their message',
    sql: `SELECT (SELECT count(*) FROM journal WHERE row NOT IN (SELECT row FROM journal_frame))
          + (SELECT count(*) FROM journal_frame WHERE row NOT IN (SELECT row FROM journal))`,
  },
  {
    text: 'Messages that are not found by all of their fields, or by more',
    sql: `SELECT count(*) FROM (
          SELECT j.row, (SELECT count(DISTINCT value) FROM json_each(coalesce(j.fields, '[]'))) AS own,
            (SELECT count(*) FROM json_each(coalesce(j.fields, '[]')) e JOIN journal_field k
             ON k.key = e.value AND k.at = j.received_at AND k.row = j.row) AS led
          FROM journal j WHERE j.row <= ${indexedRow}) WHERE own <> led`,
  },
  {
    text: 'Fields that lead to no message',
    sql: 'SELECT count(*) FROM journal_field WHERE row NOT IN (SELECT row FROM journal)',
  },
  {
    text: 'Outbox rows of no version',
    sql: 'SELECT count(*) FROM outbox WHERE pos NOT IN (SELECT pos FROM version)',
  },
];
