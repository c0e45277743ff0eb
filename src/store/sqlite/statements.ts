import type Database from 'better-sqlite3-multiple-ciphers';
import type { RunResult, Statement } from 'better-sqlite3-multiple-ciphers';
import { limits } from '../../limits.ts';

/** What SQLite takes and gives. Every value is bound; no SQL text is made from data. */
export type SqlValue = string | number | null | Uint8Array;

/**
 * Prepared statements by text. Fixed ones are made once, when their owner is; searches go through a
 * bounded cache, least recently used out first.
 */
export class Statements {
  readonly #db: Database;
  readonly #cache = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  write(sql: string): (...values: readonly SqlValue[]) => RunResult {
    const statement = this.#db.prepare(sql);
    return (...values) => statement.run(...values);
  }

  /** The first column of the first row. */
  value<Value extends SqlValue>(
    sql: string,
  ): (...values: readonly SqlValue[]) => Value | undefined {
    const statement = this.#db.prepare(sql).pluck();
    return (...values) => statement.get(...values) as Value | undefined;
  }

  row<Row>(sql: string): (...values: readonly SqlValue[]) => Row | undefined {
    const statement = this.#db.prepare(sql);
    return (...values) => statement.get(...values) as Row | undefined;
  }

  rows<Row>(sql: string): (...values: readonly SqlValue[]) => Row[] {
    const statement = this.#db.prepare(sql);
    return (...values) => statement.all(...values) as Row[];
  }

  /** Rows of a statement that is made on the way, as arrays of columns. */
  query<Row extends readonly SqlValue[]>(sql: string, values: readonly SqlValue[]): Row[] {
    return this.#cached(sql)
      .raw(true)
      .all(...values) as unknown as Row[];
  }

  /** The same, as objects. */
  objects<Row>(sql: string, values: readonly SqlValue[]): Row[] {
    return this.#cached(sql)
      .raw(false)
      .all(...values) as Row[];
  }

  #cached(sql: string): Statement {
    const known = this.#cache.get(sql);
    const statement = known ?? this.#db.prepare(sql);
    if (known === undefined && this.#cache.size >= limits.statementCacheMax) {
      const oldest = this.#cache.keys().next().value;
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    this.#cache.delete(sql);
    this.#cache.set(sql, statement);
    return statement;
  }
}
