import type { IndexEntry } from '../../fhir/search-ast.ts';
import type { Dictionary } from './dictionary.ts';
import { columnsOf, indexTables, type IndexTable } from './index-table.ts';
import { RowCoder, type IndexRow } from './row-coder.ts';
import type { SqlValue, Statements } from './statements.ts';

/** Writes, compares and removes the index rows of resources. */
export class IndexRows {
  readonly #coder: RowCoder;
  readonly #access: ReadonlyMap<IndexTable, TableAccess>;

  constructor(statements: Statements, names: Dictionary) {
    this.#coder = new RowCoder(names);
    this.#access = new Map(
      indexTables.map((table) => [table, accessTable(statements, table)] as const),
    );
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
    for (const { table, param, columns } of rows) {
      this.#access.get(table)?.insert(param, rid, ...columns);
    }
  }

  /** Turns the rows of `before`, the JSON kept until now, into `after`, touching only what differs. */
  replace(rid: number, before: string, after: readonly IndexRow[]): void {
    const old = new Map(this.#coder.read(before).map((row) => [identity(row), row]));
    this.insert(
      rid,
      after.filter((row) => !old.delete(identity(row))),
    );
    for (const { table, param, columns } of old.values()) {
      this.#access.get(table)?.remove(param, rid, ...columns);
    }
  }
}

function identity({ param, columns }: IndexRow): string {
  return `${param}${JSON.stringify(columns)}`;
}

interface TableAccess {
  readonly insert: (...values: readonly SqlValue[]) => unknown;
  readonly remove: (...values: readonly SqlValue[]) => unknown;
}

function accessTable(statements: Statements, table: IndexTable): TableAccess {
  const columns = ['param', 'rid', ...columnsOf(table)];
  const marks = columns.map(() => '?').join(', ');
  const equal = columns.map((column) => `${column} = ?`).join(' AND ');
  return {
    insert: statements.write(
      `INSERT OR IGNORE INTO ix_${table} (${columns.join(', ')}) VALUES (${marks})`,
    ),
    remove: statements.write(`DELETE FROM ix_${table} WHERE ${equal}`),
  };
}
