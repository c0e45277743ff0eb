import type { SortKey } from '../../fhir/search-ast.ts';
import type { SearchCursor } from '../cursor.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { both, either, fragment, never, oneOf, type Fragment } from './fragment.ts';
import { targetBy } from './index-rows.ts';
import type { Leaves } from './leaf.ts';

/** The value a resource `r` is sorted by: of several the least ascending, the greatest descending. */
export function sortExpression(leaves: Leaves, key: SortKey): Fragment {
  if (key.kind === 'id') return fragment('r.id');
  if (key.kind === 'lastUpdated') return fragment('r.updated');
  const params = oneOf('x.param', leaves.params(key.param, key.kind));
  if (params === never) return fragment('NULL');
  const { value, from } = sortSource[key.kind];
  const pick = key.descending ? 'max' : 'min';
  return {
    sql: `(SELECT ${pick}(${value}) FROM ${from} WHERE x.rid = r.rid AND ${params.sql})`,
    values: params.values,
  };
}

interface SortSource {
  readonly value: string;
  readonly from: string;
}

const sortSource: Readonly<Record<Exclude<SortKey['kind'], 'id' | 'lastUpdated'>, SortSource>> = {
  token: { value: 't.text', from: 'ix_token x JOIN term t ON t.id = x.code' },
  string: { value: 'x.folded', from: 'ix_string x' },
  date: { value: 'x.lo', from: 'ix_date x' },
  number: { value: 'x.value', from: 'ix_number x' },
  quantity: { value: 'x.value', from: 'ix_number x' },
  uri: { value: 'x.value', from: 'ix_uri x' },
  reference: {
    // The address where there is one, else type and id; the id row of an entry with both is passed over.
    value: `CASE WHEN x.by = ${targetBy.url} THEN t.text WHEN x.other = 0
            THEN coalesce(substr(n.text, 3) || '/', '') || coalesce(t.text, '') END`,
    from: `ix_reference x LEFT JOIN term t ON t.id = x.target
           LEFT JOIN name n ON n.id = x.type`,
  },
};

/** `k0 ASC NULLS LAST, k1 DESC NULLS LAST, rid`: the order of store/order.ts. */
export function orderBy(sort: readonly SortKey[]): string {
  const keys = sort.map((key, at) => `k${at} ${key.descending ? 'DESC' : 'ASC'} NULLS LAST`);
  return [...keys, 'rid'].join(', ');
}

/** Rows after the cursor's, in that order. */
export function afterCursor(sort: readonly SortKey[], cursor: SearchCursor): Fragment {
  const steps = sort.map((key, at) =>
    both(...equalUpTo(cursor, at), beyond(`k${at}`, cursor.values[at] ?? null, key)),
  );
  const tie = both(...equalUpTo(cursor, sort.length), fragment('rid > ?', cursor.ordinal));
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
