import type { IndexEntry } from '../../fhir/search-ast.ts';

/**
 * The index tables and their columns but for `param` and `rid`. Numbers: `system`, `type` and `kinds` are
 * ids of names, 0 for none; elsewhere the number 0 stands for a text that is not there.
 */
const tables = {
  token: ['code', 'system'],
  dated: ['code', 'at'],
  string: ['folded', 'exact'],
  date: ['lo', 'hi'],
  several: [],
  number: ['lo', 'hi', 'value', 'system', 'code', 'unit'],
  uri: ['value'],
  reference: ['target', 'by', 'type', 'version', 'other'],
  composite: ['kinds', 'a', 'b', 'rest'],
  position: ['latitude', 'longitude'],
} as const;

export type IndexTable = keyof typeof tables;

export const indexTables = Object.keys(tables) as readonly IndexTable[];

export function columnsOf(table: IndexTable): readonly string[] {
  return tables[table];
}

/** What `target` of a reference row is; `other` is the one it is not. An entry with both has two rows. */
export const targetBy = { id: 0, url: 1, nothing: 2 } as const;

export const tableOfKind: Readonly<Record<IndexEntry['kind'], IndexTable>> = {
  token: 'token',
  referenceIdentifier: 'token',
  string: 'string',
  date: 'date',
  number: 'number',
  quantity: 'number',
  ucum: 'number',
  uri: 'uri',
  reference: 'reference',
  composite: 'composite',
  position: 'position',
};

export const entryKinds = Object.keys(tableOfKind) as readonly IndexEntry['kind'][];

/**
 * Tokens of this parameter stand in `ix_dated` with each date of that one: without it, "newest first of this
 * code" reads every resource of the code, or every date. A tree more for those that have both.
 */
export const dated = { token: 'code', date: 'date' } as const;

/** Kinds of parameters whose rows are not entries but derived from them: `several` marks a resource with more dates than one. */
export const derivedKinds = ['dated', 'several'] as const;

/** Which column a resource is sorted by. */
export function sortColumn(table: IndexTable): number {
  return table === 'number' ? tables.number.indexOf('value') : 0;
}

/** How the columns of a row are written in SQL: those of an index table, or of a value in `entries`. */
export type Columns = (name: string) => string;

export const inTable: Columns = (name) => `x.${name}`;

/** A row in `entries`, as json_each gives it. */
export function inEntry(table: IndexTable): Columns {
  return (name) => `(x.value ->> ${columnsOf(table).indexOf(name)})`;
}

/** A part of a composite: the first columns of the first two parts are columns, the others lie in `rest`. */
export function inPart(tablesOfParts: readonly IndexTable[], part: number, row: Columns): Columns {
  const before = tablesOfParts
    .slice(0, part)
    .reduce((sum, table, at) => sum + columnsOf(table).length - (at < 2 ? 1 : 0), 0);
  const columns = columnsOf(tablesOfParts[part] ?? 'token');
  return (name) => {
    const at = columns.indexOf(name);
    if (at === 0 && part < 2) return row(part === 0 ? 'a' : 'b');
    return `(${row('rest')} ->> ${before + at - (part < 2 ? 1 : 0)})`;
  };
}
