import type { Resource } from '../../fhir/resource.ts';
import type { IndexEntry } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import { indexStateKey, isSettled, readIndexState, type ParameterSet } from '../index-state.ts';
import { ContentCheck } from './check-content.ts';
import { openNames, type Dictionary } from './dictionary.ts';
import { columnsOf, indexTables, type IndexTable } from './index-table.ts';
import { RowCoder, type IndexRow } from './row-coder.ts';
import { openState } from './state.ts';
import type { SqlValue, Statements } from './statements.ts';

export interface IndexCheckOptions {
  /** Every resource; otherwise a spread of limits.checkSampleMax. */
  readonly full: boolean;
  /** Fresh index entries of a resource. */
  readonly extract: (resource: Resource) => readonly IndexEntry[];
  /** What a type is indexed by now. */
  readonly parametersOf: (type: string) => ParameterSet;
  readonly onProgress: (text: string) => void;
}

interface Live {
  readonly rid: number;
  readonly type: string;
  readonly id: string;
  readonly pos: number;
  readonly body: string;
  readonly entries: string | null;
}

/** Compares the index rows of resources with those they are said to have, and these with fresh ones. */
export class IndexCheck {
  readonly #statements: Statements;
  readonly #options: IndexCheckOptions;
  readonly #coder: RowCoder;
  readonly #content: ContentCheck;
  readonly #settled = new Map<string, boolean>();
  /** Rows seen of each table. */
  readonly #seen = new Map<IndexTable, number>();

  constructor(statements: Statements, options: IndexCheckOptions) {
    this.#statements = statements;
    this.#options = options;
    this.#content = new ContentCheck(statements);
    this.#coder = new RowCoder(knownNames(openNames(statements)));
  }

  run(fault: (text: string) => void): { indexed: number; reindexing: string[] } {
    const { full, onProgress } = this.#options;
    const [[live = 0, last = 0] = []] = this.#statements.query<[number, number]>(
      'SELECT count(*), max(rid) FROM resource WHERE deleted = 0',
      [],
    );
    const step = full ? 1 : Math.max(1, Math.floor(last / limits.checkSampleMax));
    const every = step === 1 ? live : Math.min(live, limits.checkSampleMax);
    let indexed = 0;
    for (let rid = 0; ;) {
      const found = this.#next(rid);
      if (found === undefined) break;
      this.#compare(found, fault);
      if (indexed++ % 1_000 === 0) onProgress(`Index rows: ${indexed} of about ${every} resources`);
      rid = found.rid + step;
    }
    const astray = this.#content.astray();
    if (astray > 0) fault(`The index of words lacks resources, or has others: ${astray}`);
    if (step === 1) this.#countRows(fault);
    const reindexing = [...this.#settled].filter(([, settled]) => !settled).map(([type]) => type);
    return { indexed, reindexing };
  }

  /** The first live resource from a rid on. */
  #next(rid: number): Live | undefined {
    return this.#statements.objects<Live>(
      `SELECT r.rid, substr(n.text, 3) AS type, r.id, r.pos, v.body, json(r.entries) AS entries
       FROM resource r JOIN version v ON v.pos = r.pos JOIN name n ON n.id = r.type
       WHERE r.rid >= ? AND r.deleted = 0 ORDER BY r.rid LIMIT 1`,
      [rid],
    )[0];
  }

  #compare(live: Live, fault: (text: string) => void): void {
    const { rid, type, id, body, entries } = live;
    if (!this.#content.isFound(live)) fault(`${type}/${id} is not found by all of its words`);
    const kept = this.#coder.read(entries ?? '{}');
    const missing = kept.filter((row) => !this.#isThere(rid, row)).length;
    if (missing > 0) fault(`${type}/${id} lacks ${missing} of its index rows`);
    for (const { table } of kept) this.#seen.set(table, (this.#seen.get(table) ?? 0) + 1);
    if (!this.#isSettled(type)) return;
    const fresh = this.#coder.rows(type, this.#options.extract(JSON.parse(body) as Resource));
    const wanted = new Set(fresh.map(identity));
    const other = kept.filter((row) => !wanted.delete(identity(row))).length + wanted.size;
    if (other > 0) fault(`${type}/${id} is indexed otherwise than it reads, by ${other} rows`);
  }

  #isThere(rid: number, { table, param, columns }: IndexRow): boolean {
    const equal = ['param', 'rid', ...columnsOf(table)].map((column) => `${column} = ?`);
    const sql = `SELECT 1 FROM ix_${table} WHERE ${equal.join(' AND ')}`;
    return this.#statements.query<[number]>(sql, [param, rid, ...columns]).length > 0;
  }

  /** With every resource seen, a table holds just their rows. */
  #countRows(fault: (text: string) => void): void {
    for (const table of indexTables) {
      const [[there = 0] = []] = this.#statements.query<[number]>(
        `SELECT count(*) FROM ix_${table}`,
        [],
      );
      const wanted = this.#seen.get(table) ?? 0;
      if (there !== wanted) fault(`ix_${table} holds ${there} rows, resources have ${wanted}`);
    }
  }

  #isSettled(type: string): boolean {
    const known = this.#settled.get(type);
    if (known !== undefined) return known;
    const state = openState(this.#statements).read(indexStateKey(type));
    const settled = isSettled(readIndexState(state?.value), this.#options.parametersOf(type));
    this.#settled.set(type, settled);
    return settled;
  }
}

function identity({ table, param, columns }: IndexRow): string {
  return JSON.stringify([table, param, columns satisfies readonly SqlValue[]]);
}

/** Nothing is written here: a text that has no id gets one that no row has. */
function knownNames(names: Dictionary): Dictionary {
  return { ...names, intern: (text) => names.find(text) ?? -1 };
}
