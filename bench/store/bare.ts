import Database from 'better-sqlite3-multiple-ciphers';
import { limits } from '../../src/limits.ts';

const pageBytes = 8_192;
/** Groups between two looks at the write-ahead log. */
const groupsPerLook = 32;

/**
 * SQLite with nothing around it, as the limit: a body and `indexRows` rows of integers per resource, in one
 * clustered table for eleven tokens and references and one for four dates and numbers; WAL, FULL, the same page
 * size, page cache and length of log as the store.
 */
export class BareSqlite {
  readonly #db: Database;
  readonly #insertBody: (rid: number, body: string) => void;
  readonly #insertRow: (table: 'token' | 'date', param: number, value: number) => void;
  readonly #indexRows: number;
  #rid = 0;
  #groups = 0;

  constructor(file: string, indexRows: 0 | 15) {
    this.#indexRows = indexRows;
    this.#db = new Database(file);
    this.#db.pragma(`page_size = ${pageBytes}`);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.pragma('wal_autocheckpoint = 0');
    this.#db.pragma(`cache_size = ${-limits.writerCacheBytes / 1_024}`);
    this.#db.exec(layout);
    const body = this.#db.prepare('INSERT INTO body VALUES (?, ?)');
    const rows = {
      token: this.#db.prepare('INSERT INTO token VALUES (?, ?, ?)'),
      date: this.#db.prepare('INSERT INTO date VALUES (?, ?, ?)'),
    };
    this.#insertBody = (rid, text) => body.run(rid, text);
    this.#insertRow = (table, param, value) => rows[table].run(param, value, this.#rid);
  }

  get version(): string {
    return this.#db.prepare('SELECT sqlite_version()').pluck().get() as string;
  }

  /** One durable commit of these bodies. */
  commit(bodies: readonly string[]): void {
    this.#db
      .transaction(() => {
        for (const body of bodies) this.#insert(body);
      })
      .immediate();
    this.#groups += 1;
    if (this.#groups % groupsPerLook === 0) this.#checkpoint();
  }

  close(): void {
    this.#db.close();
  }

  #insert(body: string): void {
    const rid = ++this.#rid;
    this.#insertBody(rid, body);
    for (const [param, distinct] of distinctValues.slice(0, this.#indexRows).entries()) {
      const value = scatter(param, scatter(rid, param) % Math.min(rid, distinct));
      this.#insertRow(param < 11 ? 'token' : 'date', param, value);
    }
  }

  #checkpoint(): void {
    const [state] = this.#db.pragma('wal_checkpoint(NOOP)') as {
      log: number;
      checkpointed: number;
    }[];
    const bytes = state === undefined ? 0 : (state.log - state.checkpointed) * pageBytes;
    if (bytes >= limits.walCheckpointBytes) this.#db.pragma('wal_checkpoint(PASSIVE)');
  }
}

const layout = `
CREATE TABLE body (rid INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE token (param INTEGER, value INTEGER, rid INTEGER, PRIMARY KEY (param, value, rid))
  STRICT, WITHOUT ROWID;
CREATE TABLE date (param INTEGER, value INTEGER, rid INTEGER, PRIMARY KEY (param, value, rid))
  STRICT, WITHOUT ROWID;
`;

/** How many values each row's parameter has: an identifier, a status, a code, patients ... and dates and numbers. */
const distinctValues = [
  ...[Infinity, 1, 1, 100, 100, 7, 10_000, 10_000, 60_000, 400, Infinity],
  ...[Infinity, 2_000, 2_000, 2_000],
];

/** A place all over 53 bits, as a hash gives it. */
function scatter(a: number, b: number): number {
  let x = (a * 0x9e3779b1 + b * 0x85ebca6b) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) * 2_097_143;
}
