import type { SortKey } from '../../fhir/search-ast.ts';
import type { SearchCursor } from '../cursor.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { both, either, fragment, never, type Fragment } from './fragment.ts';
import { inEntry, sortColumn, tableOfKind, targetBy } from './index-table.ts';
import type { Leaves } from './leaf.ts';

/** The value a resource `r` is sorted by: of several the least ascending, the greatest descending. */
export function sortExpression(leaves: Leaves, key: SortKey): string {
  if (key.kind === 'id') return 'r.id';
  if (key.kind === 'lastUpdated') return 'r.updated';
  const { kind } = key;
  const values = leaves
    .params(key.param, kind)
    .map((param) =>
      kind === 'reference'
        ? referenceExpression(param, key.descending)
        : sortedExpression(param, sortColumn(tableOfKind[kind]), key.descending),
    );
  const [first] = values;
  if (first === undefined) return 'NULL';
  // A resource is of one type, and so has one of these parameters at most.
  return values.length === 1 ? first : `coalesce(${values.join(', ')})`;
}

/** Rows lie in `entries` in their order, so that the least is the first and the greatest the last. */
function sortedExpression(param: number, column: number, descending: boolean): string {
  const row = descending ? '[#-1]' : '[0]';
  return `json_extract(r.entries, '$.${param}${row}[${column}]')`;
}

/** The address where there is one, else type and id; the id row of an entry with both is passed over. */
function referenceExpression(param: number, descending: boolean): string {
  const at = inEntry('reference');
  const type = `(SELECT substr(n.text, 3) || '/' FROM name n WHERE n.id = ${at('type')})`;
  return `(SELECT ${descending ? 'max' : 'min'}(
    CASE WHEN ${at('by')} = ${targetBy.url} THEN ${at('target')}
         WHEN ${at('other')} = 0 THEN coalesce(${type}, '') || ${at('target')} END)
    FROM json_each(r.entries, '$.${param}') x)`;
}

/**
 * `k0 ASC NULLS LAST, k1 DESC NULLS LAST, ordinal`: the order of store/order.ts. `indexed`: the first key as a column
 * that is never null, so that an index may serve. `from`: the number of the first key.
 */
export function orderBy(sort: readonly SortKey[], indexed?: string, from = 0): string {
  const keys = sort.map((key, at) => {
    const direction = key.descending ? 'DESC' : 'ASC';
    return at === 0 && indexed !== undefined
      ? `${indexed} ${direction}`
      : `k${from + at} ${direction} NULLS LAST`;
  });
  return [...keys, 'ordinal'].join(', ');
}

/** Rows after the cursor's, in that order. */
export function afterCursor(sort: readonly SortKey[], cursor: SearchCursor): Fragment {
  const steps = sort.map((key, at) =>
    both(...equalUpTo(cursor, at), beyond(`k${at}`, cursor.values[at] ?? null, key)),
  );
  const tie = both(...equalUpTo(cursor, sort.length), fragment('ordinal > ?', cursor.ordinal));
  return either(...steps, tie);
}

function equalUpTo(cursor: SearchCursor, end: number): Fragment[] {
  return cursor.values.slice(0, end).map((value, at) => fragment(`k${at} IS ?`, value));
}

/** Nothing lies beyond a missing value; missing values lie beyond all others. */
function beyond(column: string, value: SortValue, key: SortKey): Fragment {
  if (value === null) return never;
  const side = key.descending ? '<' : '>';
  return fragment(`(${column} ${side} ? OR ${column} IS NULL)`, value);
}
