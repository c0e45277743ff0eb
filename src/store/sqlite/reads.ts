import type {
  ChangeEvent,
  HistoryPage,
  HistoryQuery,
  ResourceKey,
  StoredVersion,
} from '../store.ts';
import { refuseTooMany } from '../read-many.ts';
import { storedVersion, type VersionRow } from '../stored-version.ts';
import { readListCursor, writeListCursor } from '../cursor.ts';
import type { Dictionary } from './dictionary.ts';
import { typeName } from './row-coder.ts';
import type { SqlValue, Statements } from './statements.ts';

/** A row of `version` with the names of its resource. */
interface BodyRow extends VersionRow {
  readonly pos: number;
  readonly body: string;
}

const columns = `v.pos, substr(n.text, 3) AS type, r.id, v.version, v.seq, v.updated, v.method, v.body`;
const joined = 'JOIN resource r ON r.rid = v.rid JOIN name n ON n.id = v.type';

function toStoredVersion(row: Omit<BodyRow, 'pos'>): StoredVersion {
  return storedVersion(row, row.body);
}

/** Reads by identity, and history. */
export class Reads {
  readonly #statements: Statements;
  readonly #names: Dictionary;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(statements: Statements, names: Dictionary) {
    this.#statements = statements;
    this.#names = names;
    this.#sql = prepare(statements);
  }

  read(type: string, id: string): StoredVersion | undefined {
    const typeId = this.#names.find(typeName(type));
    const row = typeId === undefined ? undefined : this.#sql.current(typeId, id);
    return row && toStoredVersion({ ...row, type, id });
  }

  readVersion(type: string, id: string, versionId: string): StoredVersion | undefined {
    const typeId = this.#names.find(typeName(type));
    if (typeId === undefined || !/^[1-9]\d{0,14}$/.test(versionId)) return undefined;
    const row = this.#sql.version(typeId, id, Number(versionId));
    return row && toStoredVersion({ ...row, type, id });
  }

  readMany(keys: readonly ResourceKey[]): (StoredVersion | undefined)[] {
    refuseTooMany(keys);
    return keys.map(({ type, id }) => this.read(type, id));
  }

  /** Versions are inserted by one writer in the order of their positions, so none appears late (law 13). */
  changes(after: number, limit: number): ChangeEvent[] {
    return this.#sql.changes(after, limit).map((row) => ({
      position: row.pos,
      seq: row.seq,
      type: row.type,
      id: row.id,
      versionId: String(row.version),
      method: row.method,
      at: new Date(row.updated),
    }));
  }

  /** The current versions of these, in their order. */
  byRids(rids: readonly number[]): StoredVersion[] {
    const rows = new Map(this.#sql.byRids(JSON.stringify(rids)).map((row) => [row.rid, row]));
    return rids.flatMap((rid) => {
      const row = rows.get(rid);
      return row === undefined ? [] : toStoredVersion(row);
    });
  }

  counts(): ReadonlyMap<string, number> {
    return new Map(this.#sql.counts().map(({ type, live }) => [type, live]));
  }

  history(query: HistoryQuery): HistoryPage {
    const scope = this.#scope(query);
    if (scope === undefined) return { versions: [], total: 0 };
    const cursor = query.cursor === undefined ? undefined : readListCursor(query.cursor);
    const total = cursor?.total ?? this.#total(query, scope);
    const page = scope.and('v.pos < ?', cursor?.before);
    const rows = this.#statements.objects<BodyRow>(
      `SELECT ${columns} FROM version v ${joined} ${page.where} ORDER BY v.pos DESC LIMIT ?`,
      [...page.values, query.count + 1],
    );
    const versions = rows.slice(0, query.count).map(toStoredVersion);
    const last = rows.slice(0, query.count).at(-1);
    if (rows.length <= query.count || last === undefined) return { versions, total };
    return { versions, total, next: writeListCursor({ before: last.pos, total }) };
  }

  /** The whole count; by the tally where nothing narrows it. */
  #total(query: HistoryQuery, scope: Scope): number {
    const { type, id, since, at } = query;
    if (id === undefined && since === undefined && at === undefined) {
      const sum = type === undefined ? this.#sql.versions() : this.#sql.versionsOf(typeName(type));
      return sum ?? 0;
    }
    const sql = `SELECT count(*) FROM version v ${scope.where}`;
    return this.#statements.query<[number]>(sql, scope.values)[0]?.[0] ?? 0;
  }

  /** The versions a query speaks of; undefined where its type or resource is unknown here. */
  #scope({ type, id, since, at }: HistoryQuery): Scope | undefined {
    let scope = new Scope([], []);
    if (type !== undefined) {
      const typeId = this.#names.find(typeName(type));
      if (typeId === undefined) return undefined;
      const rid = id === undefined ? undefined : this.#sql.rid(typeId, id);
      if (id !== undefined && rid === undefined) return undefined;
      scope = rid === undefined ? scope.and('v.type = ?', typeId) : scope.and('v.rid = ?', rid);
    }
    scope = scope.and('v.updated >= ?', since?.getTime());
    if (at === undefined) return scope;
    const [from, to] = [at.from.getTime(), at.to.getTime()];
    // Current at its own instant, however soon the next version came, and until that.
    return scope.and('max(v.updated, ?) < ?', from, to).and(
      `(v.updated >= ? OR NOT EXISTS (SELECT 1 FROM version w
         WHERE w.rid = v.rid AND w.version = v.version + 1 AND w.updated <= ?))`,
      from,
      from,
    );
  }
}

/** Conditions joined by AND, with their values. */
class Scope {
  readonly #conditions: readonly string[];
  readonly values: readonly SqlValue[];

  constructor(conditions: readonly string[], values: readonly SqlValue[]) {
    this.#conditions = conditions;
    this.values = values;
  }

  /** With one more condition, where there is a value for it. */
  and(condition: string, ...values: readonly (SqlValue | undefined)[]): Scope {
    const given = values.filter((value) => value !== undefined);
    if (given.length < values.length) return this;
    return new Scope([...this.#conditions, condition], [...this.values, ...given]);
  }

  get where(): string {
    return this.#conditions.length === 0 ? '' : `WHERE ${this.#conditions.join(' AND ')}`;
  }
}

function prepare(statements: Statements) {
  return {
    current: statements.row<Omit<BodyRow, 'type' | 'id'>>(
      `SELECT v.pos, v.version, v.seq, v.updated, v.method, v.body
       FROM resource r JOIN version v ON v.pos = r.pos WHERE r.type = ? AND r.id = ?`,
    ),
    version: statements.row<Omit<BodyRow, 'type' | 'id'>>(
      `SELECT v.pos, v.version, v.seq, v.updated, v.method, v.body
       FROM resource r JOIN version v ON v.rid = r.rid
       WHERE r.type = ? AND r.id = ? AND v.version = ?`,
    ),
    byRids: statements.rows<BodyRow & { readonly rid: number }>(
      `SELECT r.rid, ${columns} FROM json_each(?) j CROSS JOIN resource r ON r.rid = j.value
       CROSS JOIN version v ON v.pos = r.pos CROSS JOIN name n ON n.id = r.type`,
    ),
    changes: statements.rows<Omit<BodyRow, 'body'>>(
      `SELECT v.pos, substr(n.text, 3) AS type, r.id, v.version, v.seq, v.updated, v.method
       FROM version v ${joined} WHERE v.pos > ? ORDER BY v.pos LIMIT ?`,
    ),
    rid: statements.value<number>('SELECT rid FROM resource WHERE type = ? AND id = ?'),
    counts: statements.rows<{ type: string; live: number }>(
      `SELECT substr(n.text, 3) AS type, t.live FROM tally t JOIN name n ON n.id = t.type
       WHERE t.live > 0 ORDER BY type`,
    ),
    versions: statements.value<number>('SELECT sum(versions) FROM tally'),
    versionsOf: statements.value<number>(
      'SELECT t.versions FROM tally t JOIN name n ON n.id = t.type WHERE n.text = ?',
    ),
  };
}
