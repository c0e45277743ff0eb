import { pairItems } from './item-key.ts';
import { same } from './same.ts';

/** One value that two sides may have changed. */
export interface Contest {
  readonly before: unknown;
  readonly stored: unknown;
  readonly value: unknown;
}

interface ListInput {
  readonly element: string;
  readonly base: readonly unknown[];
  readonly theirs: readonly unknown[];
  readonly mine: readonly unknown[];
  /** Items are never removed because the source stopped naming them. */
  readonly unionOnly: boolean;
  /** Whether `value` takes the place of `stored`. */
  readonly mayReplace: (contest: Contest) => boolean;
  /** Whether another source still says this item. */
  readonly heldByOther: (item: unknown) => boolean;
}

/**
 * Merges a list item by item: what the source added is added, what it changed replaces the item it
 * was, what it dropped goes if nobody changed or claims it. The stored order stands; news go last.
 */
export function mergeList(input: ListInput): { items: readonly unknown[]; changed: boolean } {
  const { element, base, theirs, mine } = input;
  const baseOfMine = pairItems(element, mine, base);
  const theirsOfBase = pairItems(element, base, theirs);
  const theirsOfMine = partners(input, baseOfMine, theirsOfBase);
  const result: unknown[] = [...theirs];
  const added: unknown[] = [];
  mine.forEach((value, index) => {
    const before = base[baseOfMine[index] ?? -1];
    if (before !== undefined && same(before, value)) return;
    const place = theirsOfMine[index] ?? -1;
    if (place === -1) added.push(value);
    else if (input.mayReplace({ before, stored: theirs[place], value })) result[place] = value;
  });
  const dropped = new Set(droppedPlaces(input, baseOfMine, theirsOfBase));
  const items = [...result.filter((_, place) => !dropped.has(place)), ...added];
  return { items, changed: !same(items, theirs) };
}

/** Where each item of mine stands in theirs: by way of its base, else directly; -1 where nowhere. */
function partners(
  { element, theirs, mine }: ListInput,
  baseOfMine: readonly number[],
  theirsOfBase: readonly number[],
): readonly number[] {
  const viaBase = baseOfMine.map((place) => (place === -1 ? -1 : (theirsOfBase[place] ?? -1)));
  const spoken = new Set(viaBase);
  const open = mine.map((_, index) => index).filter((index) => viaBase[index] === -1);
  const free = theirs.map((_, place) => place).filter((place) => !spoken.has(place));
  const direct = pairItems(
    element,
    open.map((index) => mine[index]),
    free.map((place) => theirs[place]),
  );
  const result = [...viaBase];
  open.forEach((index, at) => (result[index] = free[direct[at] ?? -1] ?? -1));
  return result;
}

function droppedPlaces(
  input: ListInput,
  baseOfMine: readonly number[],
  theirsOfBase: readonly number[],
): readonly number[] {
  if (input.unionOnly) return [];
  const named = new Set(baseOfMine);
  return input.base.flatMap((item, index) => {
    const place = theirsOfBase[index] ?? -1;
    if (named.has(index) || place === -1) return [];
    return same(input.theirs[place], item) && !input.heldByOther(item) ? [place] : [];
  });
}
