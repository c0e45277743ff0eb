import type { SearchNode, SearchQuery, SortKey } from '../../fhir/search-ast.ts';
import type { SearchCursor } from '../cursor.ts';
import { always, both, fragment, type Fragment } from './fragment.ts';
import { columnsOf, dated, tableOfKind } from './index-table.ts';
import type { Leaves } from './leaf.ts';
import { conjuncts } from './search-plan.ts';
import { sortExpression } from './sort-value.ts';

/** An index that gives resources in the order of a sort's first key, so that a page can stop early. */
export interface SortedWalk {
  /** What stands after FROM; its rows lead to a resource `r`. */
  readonly from: string;
  /** Which rows: one for each resource that has the key, but for equal ones. */
  readonly where: Fragment;
  /** The first key in SQL. */
  readonly value: string;
  /** Some resources may lack the key: they come last, and this index does not give them. */
  readonly leavesOut: boolean;
  /** It gives only resources that a condition of the search selects. */
  readonly isNarrow: boolean;
}

/** The walk by which a sorted search can be answered; undefined where no index has the order. */
export function walkOf(leaves: Leaves, query: SearchQuery): SortedWalk | undefined {
  const { types, sort, where } = query;
  const [key] = sort;
  if (key === undefined || types.length !== 1) return undefined;
  switch (key.kind) {
    case 'lastUpdated':
      return ofResource('resource_updated', 'r.updated');
    case 'id':
      return ofResource('sqlite_autoindex_resource_1', 'r.id');
    case 'date':
      return datedWalk(leaves, key, where) ?? valueWalk(leaves, key);
    case 'string':
    case 'token':
    case 'uri':
      return valueWalk(leaves, key);
    case 'number':
    case 'quantity':
    case 'reference':
      return undefined;
  }
}

/** The code of which `ix_dated` gives the resources by date, where the search asks for one. */
function datedCode(where: SearchNode): string | undefined {
  for (const node of conjuncts(where)) {
    if (node.op === 'token' && node.param === dated.token && node.code !== undefined) {
      return node.code;
    }
  }
  return undefined;
}

/** Rows that stand at the cursor or after it, as a bound of the index. */
export function boundOf({ value }: SortedWalk, key: SortKey, cursor?: SearchCursor): Fragment {
  const [last = null] = cursor?.values ?? [];
  return last === null ? always : fragment(`${value} ${key.descending ? '<=' : '>='} ?`, last);
}

function ofResource(index: string, value: string): SortedWalk {
  const from = `resource r INDEXED BY ${index}`;
  return { from, where: always, value, leavesOut: false, isNarrow: false };
}

function datedWalk(leaves: Leaves, key: SortKey, where: SearchNode): SortedWalk | undefined {
  const code = datedCode(where);
  const [param] = leaves.params(dated.token, 'dated');
  if (key.param !== dated.date || code === undefined || param === undefined) return undefined;
  const rows = fragment('x.param = ? AND x.code = ?', param, code);
  return { ...ofTable('dated', 'x.at', rows, sortExpression(leaves, key)), isNarrow: true };
}

function valueWalk(leaves: Leaves, key: SortKey): SortedWalk | undefined {
  if (key.kind === 'id' || key.kind === 'lastUpdated') return undefined;
  const [param] = leaves.params(key.param, key.kind);
  if (param === undefined) return undefined;
  const table = tableOfKind[key.kind];
  const rows = fragment('x.param = ?', param);
  const value = `x.${columnsOf(table)[0] ?? ''}`;
  return ofTable(table, value, rows, sortExpression(leaves, key));
}

/** Of several values of a resource only the one that it is sorted by. */
function ofTable(table: string, value: string, rows: Fragment, sortedBy: string): SortedWalk {
  return {
    from: `ix_${table} x CROSS JOIN resource r ON r.rid = x.rid`,
    where: both(rows, fragment(`${value} = ${sortedBy}`)),
    value,
    leavesOut: true,
    isNarrow: false,
  };
}
