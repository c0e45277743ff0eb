import type { Document } from 'mongodb';
import type { SortKey } from '../../fhir/search-ast.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import type { SearchCursor } from '../cursor.ts';
import type { Place } from '../order.ts';
import type { IndexFields } from './index-fields.ts';
import { sortField } from './index-key.ts';

/** What a place is made of: a resource as it is, or as it was. */
interface Placed {
  readonly id: string;
  readonly updated: number;
  readonly ordinal: number;
  readonly sort?: IndexFields['sort'];
}

/** The order of store/order.ts: missing values last in both directions, then creation. */
export function sortSpecification(sort: readonly SortKey[]): Record<string, 1 | -1> {
  const specification: Record<string, 1 | -1> = {};
  for (const key of sort) {
    const { value, has } = fieldsOf(key);
    if (has !== undefined) specification[has] ??= -1;
    specification[value] ??= key.descending ? -1 : 1;
  }
  return { ...specification, ordinal: 1 };
}

/** Documents behind a cursor in that order. */
export function afterCursor(sort: readonly SortKey[], cursor: SearchCursor): Document {
  const steps = sort.flatMap((key, at) =>
    beyond(key, cursor.values[at] ?? null).map((step) => ({
      $and: [...equalUpTo(sort, cursor, at), step],
    })),
  );
  const tie = [...equalUpTo(sort, cursor, sort.length), { ordinal: { $gt: cursor.ordinal } }];
  return { $or: [...steps, { $and: tie }] };
}

function equalUpTo(sort: readonly SortKey[], cursor: SearchCursor, end: number): Document[] {
  return sort.slice(0, end).map((key, at) => {
    const { value, has } = fieldsOf(key);
    const wanted = cursor.values[at] ?? null;
    return wanted === null && has !== undefined ? { [has]: null } : { [value]: wanted };
  });
}

/** Nothing lies beyond a missing value; missing values lie beyond all others. */
function beyond(key: SortKey, wanted: SortValue): Document[] {
  if (wanted === null) return [];
  const { value, has } = fieldsOf(key);
  const further = { [value]: { [key.descending ? '$lt' : '$gt']: wanted } };
  return has === undefined ? [further] : [further, { [has]: null }];
}

/** The field of a key's value, and of whether there is one; the latter is absent where there always is. */
function fieldsOf(key: SortKey): { readonly value: string; readonly has?: string } {
  if (key.kind === 'id') return { value: 'id' };
  if (key.kind === 'lastUpdated') return { value: 'updated' };
  const field = `sort.${sortField(key.param, key.kind)}`;
  return { value: `${field}.${key.descending ? 'greatest' : 'least'}`, has: `${field}.has` };
}

/** Where a document stands under a sort. */
export function placeOf(placed: Placed, sort: readonly SortKey[]): Place {
  const values = sort.map((key): SortValue => {
    if (key.kind === 'id') return placed.id;
    if (key.kind === 'lastUpdated') return placed.updated;
    const field = placed.sort?.[sortField(key.param, key.kind)];
    return (key.descending ? field?.greatest : field?.least) ?? null;
  });
  return { values, ordinal: placed.ordinal };
}
