import type { SortKey } from '../fhir/search-ast.ts';
import { compareCodePoints, type SortValue } from '../fhir/search-match.ts';

/** A row's place in a sorted result. */
export interface Place {
  readonly values: readonly SortValue[];
  /** Creation order; the last tie-break, always ascending. */
  readonly ordinal: number;
}

/** Compares two places under a sort. A missing value comes last, ascending and descending alike. */
export function comparePlaces(sort: readonly SortKey[], a: Place, b: Place): number {
  for (const [at, key] of sort.entries()) {
    const order = compareSortValues(a.values[at] ?? null, b.values[at] ?? null, key);
    if (order !== 0) return order;
  }
  return a.ordinal - b.ordinal;
}

/** Negative where `a` comes first under a key. */
export function compareSortValues(a: SortValue, b: SortValue, key: SortKey): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : compareCodePoints(`${a}`, `${b}`);
  return key.descending ? -order : order;
}

/**
 * The first text after every text that begins with `prefix`; undefined where there is none. The last code
 * point is counted up, stepping over the surrogates.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    if (point < 0x10ffff) {
      return points.join('') + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
    }
  }
  return undefined;
}
