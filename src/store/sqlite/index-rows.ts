import type { IndexEntry } from '../../fhir/search-ast.ts';
import type { Dictionary } from './dictionary.ts';
import type { SqlValue, Statements } from './statements.ts';

/** The index tables and their columns but for `rid`. */
const indexColumns = {
  token: ['param', 'code', 'system'],
  string: ['param', 'folded', 'exact'],
  date: ['param', 'lo', 'hi'],
  number: ['param', 'value', 'lo', 'hi', 'system', 'code', 'unit'],
  uri: ['param', 'value'],
  reference: ['param', 'target', 'by', 'type', 'version', 'other'],
} as const;

export type IndexTable = keyof typeof indexColumns;

/** One row of an index table: its table and its columns in the order of `indexColumns`. */
export type IndexRow = readonly [IndexTable, ...SqlValue[]];

/** What `target` of a reference row is; `other` is the one it is not. An entry with both has two rows. */
export const targetBy = { id: 0, url: 1 } as const;

/** The dictionary name of a search parameter; kinds are apart, since one code may have entries of several. */
export function paramName(type: string, code: string, kind: IndexEntry['kind']): string {
  return `p:${type}:${code}:${kind}`;
}
export const systemName = (system: string): string => `s:${system}`;
export const typeName = (type: string): string => `t:${type}`;

/** Open ends as the largest numbers that columns and JSON both hold. */
export function boundedInteger(value: number): number {
  const max = Number.MAX_SAFE_INTEGER;
  return Math.max(-max, Math.min(max, value));
}
export function boundedReal(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** Writes, compares and removes the index rows of resources. */
export class IndexRows {
  readonly #names: Dictionary;
  readonly #terms: Dictionary;
  readonly #tables: readonly (readonly [IndexTable, TableAccess])[];
  readonly #access: ReadonlyMap<IndexTable, TableAccess>;

  constructor(statements: Statements, names: Dictionary, terms: Dictionary) {
    this.#names = names;
    this.#terms = terms;
    this.#tables = (Object.keys(indexColumns) as IndexTable[]).map((table) => [
      table,
      accessTable(statements, table),
    ]);
    this.#access = new Map(this.#tables);
  }

  /** The rows a resource has now. */
  read(rid: number): IndexRow[] {
    return this.#tables.flatMap(([table, access]) =>
      access.read(rid).map((row): IndexRow => [table, ...row]),
    );
  }

  /** Turns the rows `before` into those of `entries`, touching only what differs. */
  replace(rid: number, before: readonly IndexRow[], after: readonly IndexRow[]): void {
    const old = new Map(before.map((row) => [JSON.stringify(row), row]));
    for (const row of after) {
      if (before.length === 0 || !old.delete(JSON.stringify(row))) this.#insert(rid, row);
    }
    for (const row of old.values()) this.#remove(rid, row);
  }

  /** The rows of index entries; texts get their dictionary ids. Only inside a write transaction. */
  rows(type: string, entries: readonly IndexEntry[]): IndexRow[] {
    return entries.flatMap((entry) => this.#rowsOf(type, entry));
  }

  #rowsOf(type: string, entry: IndexEntry): IndexRow[] {
    const param = this.#names.intern(paramName(type, entry.param, entry.kind));
    switch (entry.kind) {
      case 'token':
      case 'referenceIdentifier':
        return [['token', param, this.#terms.intern(entry.code), this.#system(entry.system)]];
      case 'string':
        return [['string', param, entry.folded, entry.exact]];
      case 'date':
        return [['date', param, boundedInteger(entry.lo), boundedInteger(entry.hi)]];
      case 'number':
        return [['number', param, ...interval(entry), 0, 0, 0]];
      case 'quantity': {
        const { system, code, unit } = entry;
        const units = [this.#system(system), this.#term(code), this.#term(unit)];
        return [['number', param, ...interval(entry), ...units]];
      }
      case 'uri':
        return [['uri', param, entry.value]];
      case 'reference':
        return this.#referenceRows(param, entry);
    }
  }

  #referenceRows(param: number, entry: Extract<IndexEntry, { kind: 'reference' }>): IndexRow[] {
    const type = entry.type === null ? 0 : this.#names.intern(typeName(entry.type));
    const version = this.#term(entry.version);
    const id = this.#term(entry.id);
    const url = this.#term(entry.url);
    const rows: IndexRow[] = [];
    if (id !== 0 || url === 0) {
      rows.push(['reference', param, id, targetBy.id, type, version, url]);
    }
    if (url !== 0) rows.push(['reference', param, url, targetBy.url, type, version, id]);
    return rows;
  }

  #system(system: string | null): number {
    return system === null ? 0 : this.#names.intern(systemName(system));
  }

  #term(text: string | null): number {
    return text === null ? 0 : this.#terms.intern(text);
  }

  #insert(rid: number, [table, ...values]: IndexRow): void {
    this.#access.get(table)?.insert(rid, ...values);
  }

  #remove(rid: number, [table, ...values]: IndexRow): void {
    this.#access.get(table)?.remove(rid, ...values);
  }
}

interface TableAccess {
  readonly read: (rid: number) => SqlValue[][];
  readonly insert: (...values: readonly SqlValue[]) => unknown;
  readonly remove: (...values: readonly SqlValue[]) => unknown;
}

function accessTable(statements: Statements, table: IndexTable): TableAccess {
  const columns = indexColumns[table];
  const list = columns.join(', ');
  const marks = columns.map(() => '?').join(', ');
  const equal = columns.map((column) => `${column} = ?`).join(' AND ');
  const select = `SELECT ${list} FROM ix_${table} WHERE rid = ?`;
  return {
    read: (rid) => statements.query<SqlValue[]>(select, [rid]),
    insert: statements.write(
      `INSERT OR IGNORE INTO ix_${table} (rid, ${list}) VALUES (?, ${marks})`,
    ),
    remove: statements.write(`DELETE FROM ix_${table} WHERE rid = ? AND ${equal}`),
  };
}

function interval(entry: { value: number; lo: number; hi: number }): [number, number, number] {
  return [boundedReal(entry.value), boundedReal(entry.lo), boundedReal(entry.hi)];
}
