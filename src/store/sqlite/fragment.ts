import type { SqlValue } from './statements.ts';

/** A piece of SQL and the values bound in it, in order. Data goes into `values`, never into `sql`. */
export interface Fragment {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export const always: Fragment = { sql: '1', values: [] };
export const never: Fragment = { sql: '0', values: [] };

export function fragment(sql: string, ...values: readonly SqlValue[]): Fragment {
  return { sql, values };
}

export function both(...parts: readonly Fragment[]): Fragment {
  return joined('AND', parts, always);
}

export function either(...parts: readonly Fragment[]): Fragment {
  return joined('OR', parts, never);
}

export function negated(condition: Fragment): Fragment {
  if (condition === always) return never;
  if (condition === never) return always;
  return { sql: `NOT ${condition.sql}`, values: condition.values };
}

/** `column IN (?, ?)`; never true for an empty list. */
export function oneOf(column: string, values: readonly SqlValue[]): Fragment {
  if (values.length === 0) return never;
  if (values.length === 1) return { sql: `${column} = ?`, values };
  return { sql: `${column} IN (${values.map(() => '?').join(', ')})`, values };
}

/** The same for a list that may be long, bound as one value. */
export function amongTexts(column: string, texts: readonly string[]): Fragment {
  if (texts.length < 2) return oneOf(column, texts);
  return fragment(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(texts));
}

/** Halves again and again: SQLite bounds the depth of an expression, and a flat chain is one deep list. */
function joined(operator: 'AND' | 'OR', parts: readonly Fragment[], empty: Fragment): Fragment {
  const decisive = operator === 'AND' ? never : always;
  const live = parts.filter((part) => part !== empty);
  if (live.includes(decisive)) return decisive;
  const [first] = live;
  if (first === undefined) return empty;
  if (live.length === 1) return first;
  const middle = live.length >> 1;
  const left = joined(operator, live.slice(0, middle), empty);
  const right = joined(operator, live.slice(middle), empty);
  return {
    sql: `(${left.sql} ${operator} ${right.sql})`,
    values: [...left.values, ...right.values],
  };
}
