import { isRawNumber } from './decimal.ts';

/** An element that two versions of a resource have differently. */
export interface ElementDifference {
  /** `name[0].family`; of an element that one of them lacks, the element as a whole. */
  readonly path: string;
  /** Absent where there was none. */
  readonly before?: unknown;
  /** Absent where there is none any more. */
  readonly after?: unknown;
}

/** Where two values differ, in the order of their keys; at most so many. Items of lists are compared by their place. */
export function differences(
  before: unknown,
  after: unknown,
  most: number,
): readonly ElementDifference[] {
  const found: ElementDifference[] = [];
  compare('', before, after, (difference) => {
    if (found.length < most) found.push(difference);
  });
  return found;
}

/** The path without places in lists: what differences are counted by. */
export function elementOf(path: string): string {
  return path.replace(/\[\d+\]/g, '');
}

type Tell = (difference: ElementDifference) => void;

function compare(path: string, before: unknown, after: unknown, tell: Tell): void {
  if (before === undefined || after === undefined) {
    if (before !== undefined) tell({ path, before });
    if (after !== undefined) tell({ path, after });
    return;
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    for (let at = 0; at < length; at += 1) {
      compare(`${path}[${String(at)}]`, before[at], after[at], tell);
    }
    return;
  }
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(path === '' ? key : `${path}.${key}`, before[key], after[key], tell);
    }
    return;
  }
  if (JSON.stringify(before) !== JSON.stringify(after)) tell({ path, before, after });
}

/** A raw number is a value. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}
