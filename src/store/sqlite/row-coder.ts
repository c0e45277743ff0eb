import type { IndexEntry, ValueEntry, WithoutParam } from '../../fhir/search-ast.ts';
import { compareCodePoints } from '../../fhir/search-match.ts';
import type { Dictionary } from './dictionary.ts';
import {
  dated,
  derivedKinds,
  sortColumn,
  tableOfKind,
  targetBy,
  type IndexTable,
} from './index-table.ts';
import type { SqlValue } from './statements.ts';

/** One row of an index table: the parameter's id, and the table's columns in the order of `columnsOf`. */
export interface IndexRow {
  readonly table: IndexTable;
  readonly param: number;
  readonly columns: readonly SqlValue[];
}

/** Rows by the id of their parameter, each in the order in which they sort. As JSON: the column `entries`. */
export type RowsByParam = Readonly<Record<string, readonly (readonly SqlValue[])[]>>;

/** The dictionary name of a search parameter; kinds are apart, since one code may have entries of several. */
export function paramName(
  type: string,
  code: string,
  kind: IndexEntry['kind'] | (typeof derivedKinds)[number],
): string {
  return `p:${type}:${code}:${kind}`;
}
export const systemName = (system: string): string => `s:${system}`;
export const typeName = (type: string): string => `t:${type}`;
/** Which kinds the parts of a composite have, in their order. */
export const partsName = (kinds: readonly string[]): string => `k:${kinds.join(',')}`;

/** Open ends as the largest numbers that columns and JSON both hold. */
export function boundedInteger(value: number): number {
  const max = Number.MAX_SAFE_INTEGER;
  return Math.max(-max, Math.min(max, value));
}
export function boundedReal(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

/** Turns index entries into rows, rows into the JSON that is kept with the resource, and that back into rows. */
export class RowCoder {
  readonly #names: Dictionary;

  constructor(names: Dictionary) {
    this.#names = names;
  }

  /** The rows of index entries, each once; texts get their dictionary ids. Only inside a write transaction. */
  rows(type: string, entries: readonly IndexEntry[]): IndexRow[] {
    const rows: IndexRow[] = [];
    for (const entry of entries) {
      const table = tableOfKind[entry.kind];
      const param = this.#names.intern(paramName(type, entry.param, entry.kind));
      for (const columns of this.#columns(entry)) rows.push({ table, param, columns });
    }
    return distinct([
      ...rows,
      ...this.#datedRows(type, entries),
      ...this.#severalRows(type, entries),
    ]);
  }

  #datedRows(type: string, entries: readonly IndexEntry[]): IndexRow[] {
    const dates = entries.filter(isDateOf(dated.date));
    if (dates.length === 0) return [];
    const codes = entries.flatMap((entry) =>
      entry.kind === 'token' && entry.param === dated.token ? entry.code : [],
    );
    if (codes.length === 0) return [];
    const param = this.#names.intern(paramName(type, dated.token, 'dated'));
    return codes.flatMap((code) =>
      dates.map(({ lo }) => ({ table: 'dated', param, columns: [code, boundedInteger(lo)] })),
    );
  }

  #severalRows(type: string, entries: readonly IndexEntry[]): IndexRow[] {
    const dates = entries.filter(({ kind }) => kind === 'date').map(({ param }) => param);
    const several = dates.filter((param, at) => dates.indexOf(param) < at);
    return several.map((code) => {
      const param = this.#names.intern(paramName(type, code, 'several'));
      return { table: 'several', param, columns: [] };
    });
  }

  write(rows: readonly IndexRow[]): string {
    const byParam: Record<string, (readonly SqlValue[])[]> = {};
    for (const { table, param, columns } of rows) {
      const others = byParam[param];
      if (others === undefined) byParam[param] = [columns];
      else insertSorted(others, columns, sortColumn(table));
    }
    return JSON.stringify(byParam);
  }

  read(json: string): IndexRow[] {
    return Object.entries(JSON.parse(json) as RowsByParam).flatMap(([id, rows]) => {
      const param = Number(id);
      const name = this.#names.text(param) ?? '';
      const kind = name.slice(name.lastIndexOf(':') + 1);
      const derived = derivedKinds.find((name) => name === kind);
      const table = derived ?? tableOfKind[kind as IndexEntry['kind']];
      return rows.map((columns) => ({ table, param, columns }));
    });
  }

  /** One row, but for a reference that has an id and an address: that is found by either. */
  #columns(entry: IndexEntry): readonly (readonly SqlValue[])[] {
    switch (entry.kind) {
      case 'composite':
        return this.#composite(entry.parts);
      case 'position':
        return [[entry.latitude, entry.longitude]];
      case 'reference':
        return this.#references(entry);
      default:
        return [this.#value(entry)];
    }
  }

  #value(entry: Exclude<WithoutParam<ValueEntry>, { kind: 'reference' }>): readonly SqlValue[] {
    switch (entry.kind) {
      case 'token':
      case 'referenceIdentifier':
        return [entry.code, this.#system(entry.system)];
      case 'string':
        return [entry.folded, entry.exact];
      case 'date':
        return [boundedInteger(entry.lo), boundedInteger(entry.hi)];
      case 'number':
        return [...interval(entry), 0, 0, 0];
      case 'ucum':
        return [...interval(entry), 0, entry.unit, 0];
      case 'quantity':
        return [...interval(entry), this.#system(entry.system), entry.code ?? 0, entry.unit ?? 0];
      case 'uri':
        return [entry.value];
    }
  }

  #references(entry: Extract<WithoutParam<ValueEntry>, { kind: 'reference' }>): SqlValue[][] {
    const { id, url } = entry;
    const type = entry.type === null ? 0 : this.#names.intern(typeName(entry.type));
    const version = entry.version ?? 0;
    if (id === null && url === null) return [['', targetBy.nothing, type, version, 0]];
    const rows: SqlValue[][] = [];
    if (id !== null) rows.push([id, targetBy.id, type, version, url ?? 0]);
    if (url !== null) rows.push([url, targetBy.url, type, version, id ?? 0]);
    return rows;
  }

  /** The first column of the first two parts, by which rows are found; then all that is left, as JSON. */
  #composite(parts: readonly WithoutParam<ValueEntry>[]): SqlValue[][] {
    const kinds = this.#names.intern(partsName(parts.map(({ kind }) => kind)));
    let rows: (readonly SqlValue[])[][] = [[]];
    for (const part of parts) {
      const ways = part.kind === 'reference' ? this.#references(part) : [this.#value(part)];
      rows = rows.flatMap((row) => ways.map((columns) => [...row, columns]));
    }
    return rows.map((columns) => {
      const rest = columns.flatMap((values, at) => (at < 2 ? values.slice(1) : values));
      return [kinds, columns[0]?.[0] ?? 0, columns[1]?.[0] ?? 0, JSON.stringify(rest)];
    });
  }

  #system(system: string | null): number {
    return system === null ? 0 : this.#names.intern(systemName(system));
  }
}

type DateEntry = Extract<IndexEntry, { kind: 'date' }>;

function isDateOf(param: string): (entry: IndexEntry) => entry is DateEntry {
  return (entry): entry is DateEntry => entry.kind === 'date' && entry.param === param;
}

/** Equal rows of several entries are one. */
function distinct(rows: IndexRow[]): IndexRow[] {
  const once = new Set<number>();
  const repeated = new Set<number>();
  for (const { param } of rows) (once.has(param) ? repeated : once).add(param);
  if (repeated.size === 0) return rows;
  const seen = new Set<string>();
  return rows.filter((row) => {
    if (!repeated.has(row.param)) return true;
    const before = seen.size;
    return seen.add(rowIdentity(row)).size > before;
  });
}

export function rowIdentity({ param, columns }: IndexRow): string {
  return `${param}${JSON.stringify(columns)}`;
}

function insertSorted(
  rows: (readonly SqlValue[])[],
  columns: readonly SqlValue[],
  by: number,
): void {
  let at = rows.length;
  while (at > 0 && compareValues(rows[at - 1]?.[by] ?? 0, columns[by] ?? 0) > 0) at--;
  rows.splice(at, 0, columns);
}

function compareValues(a: SqlValue, b: SqlValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareCodePoints(String(a), String(b));
}

function interval(entry: { value: number; lo: number; hi: number }): [number, number, number] {
  return [boundedReal(entry.lo), boundedReal(entry.hi), boundedReal(entry.value)];
}
