import type { IndexEntry } from '../../fhir/search-ast.ts';
import type { Dictionary } from './dictionary.ts';
import { columnsOf, indexTables, type IndexTable } from './index-table.ts';
import { RowCoder, rowIdentity, type IndexRow } from './row-coder.ts';
import type { SqlValue, Statements } from './statements.ts';

/** What is to become of an index row. */
interface RowChange {
  readonly op: 'insert' | 'remove';
  readonly rid: number;
  readonly row: IndexRow;
}

/**
 * Compares and writes the index rows of resources. Nothing that commits reads an index table, so changes wait
 * here until the group's end: outside of the requests' savepoints SQLite need not keep a copy of each page
 * that they touch, and rows of one table go in together.
 */
export class IndexRows {
  readonly #coder: RowCoder;
  readonly #tables: Readonly<Record<IndexTable, TableWriter>>;
  #waiting: RowChange[] = [];

  constructor(statements: Statements, names: Dictionary) {
    this.#coder = new RowCoder(names);
    this.#tables = openTables(statements);
  }

  /** The rows of index entries; texts get their dictionary ids. Only inside a write transaction. */
  rows(type: string, entries: readonly IndexEntry[]): IndexRow[] {
    return this.#coder.rows(type, entries);
  }

  /** The JSON that `resource` keeps of its rows. */
  write(rows: readonly IndexRow[]): string {
    return this.#coder.write(rows);
  }

  insert(rid: number, rows: readonly IndexRow[]): void {
    for (const row of rows) this.#waiting.push({ op: 'insert', rid, row });
  }

  /** Turns the rows of `before`, the JSON kept until now, into `after`, touching only what differs. */
  replace(rid: number, before: string, after: readonly IndexRow[]): void {
    const old = new Map(this.#coder.read(before).map((row) => [rowIdentity(row), row]));
    this.insert(
      rid,
      after.filter((row) => !old.delete(rowIdentity(row))),
    );
    for (const row of old.values()) this.#waiting.push({ op: 'remove', rid, row });
  }

  /** How many changes wait: a place to go back to. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Drops the changes that came after a place. */
  rewind(waiting: number): void {
    this.#waiting.length = waiting;
  }

  /** Writes what waits; changes of one row stay in their order. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      for (const { op, rid, row } of waiting) {
        this.#tables[row.table][op]([row.param, rid, ...row.columns]);
      }
      for (const table of indexTables) this.#tables[table].flush();
    } finally {
      // A group that fails here is rolled back: what was gathered of it must not go in with the next.
      for (const table of indexTables) this.#tables[table].drop();
    }
  }
}

function openTables(statements: Statements): Readonly<Record<IndexTable, TableWriter>> {
  const tables = indexTables.map((table) => [table, new TableWriter(statements, table)]);
  return Object.fromEntries(tables) as Record<IndexTable, TableWriter>;
}

/** Rows inserted by one statement: half the time that they take one by one; more of them gain nothing. */
const rowsPerStatement = 8;

/** Writes the rows of one table, several inserts at a time. */
class TableWriter {
  readonly #width: number;
  readonly #insertMany: Write;
  readonly #insertOne: Write;
  readonly #remove: Write;
  /** Values of rows to insert, one row after the other. */
  #values: SqlValue[] = [];

  constructor(statements: Statements, table: IndexTable) {
    const columns = ['param', 'rid', ...columnsOf(table)];
    const row = `(${columns.map(() => '?').join(', ')})`;
    const insert = `INSERT OR IGNORE INTO ix_${table} (${columns.join(', ')}) VALUES`;
    const equal = columns.map((column) => `${column} = ?`).join(' AND ');
    this.#width = columns.length;
    this.#insertMany = statements.write(
      `${insert} ${Array(rowsPerStatement).fill(row).join(', ')}`,
    );
    this.#insertOne = statements.write(`${insert} ${row}`);
    this.#remove = statements.write(`DELETE FROM ix_${table} WHERE ${equal}`);
  }

  insert(row: readonly SqlValue[]): void {
    this.#values.push(...row);
    if (this.#values.length < this.#width * rowsPerStatement) return;
    this.#insertMany(...this.#values);
    this.#values = [];
  }

  remove(row: readonly SqlValue[]): void {
    this.flush();
    this.#remove(...row);
  }

  flush(): void {
    const values = this.#values;
    for (let at = 0; at < values.length; at += this.#width) {
      this.#insertOne(...values.slice(at, at + this.#width));
    }
    this.#values = [];
  }

  /** Forgets the rows that are not written yet. */
  drop(): void {
    this.#values = [];
  }
}

type Write = (...values: readonly SqlValue[]) => unknown;
