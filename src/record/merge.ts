import { pathSteps } from '../fhir/element-path.ts';
import type { Resource } from '../fhir/resource.ts';
import { isComposite, nameIn, saysNothing } from './element.ts';
import { mergeList, type Contest } from './merge-list.ts';
import { elementNames, isFields, listOf, same, textOf, type Fields } from './same.ts';
import { clearedBy, removePath, withoutCleared, type AbsentMeans } from './source-view.ts';
import {
  defaultSurvivorship,
  manualHolder,
  survivor,
  type Holder,
  type Survivorship,
} from './survivorship.ts';

/** What a source says now, and all that is known besides. */
export interface MergeInput {
  /** What this source said before ({@link nextView}); absent if it never spoke of the resource. */
  readonly base?: Resource | undefined;
  /** What is stored; absent if nothing is. */
  readonly theirs?: Resource | undefined;
  /** What the source says now. Elements it does not mention are absent. */
  readonly mine: Resource;
  /** Element paths that the source deletes with `""`. */
  readonly clears: readonly string[];
  /** The event is older than the source's last one: nothing stored is touched. */
  readonly stale: boolean;
  /** `keep` (default): not mentioned means unchanged. `withdrawn`: the new view replaces the old as a whole. */
  readonly absent?: AbsentMeans;
  /** The source, and when it says it happened. */
  readonly speaker?: Holder;
  /** What other sources said last; tells whose value the stored one is. */
  readonly others?: readonly OtherView[];
  readonly survivorship?: Survivorship;
}

export interface OtherView extends Holder {
  readonly view: Resource;
}

export interface MergeOutcome {
  readonly resource: Resource;
  /** Whether `resource` differs from `theirs`. */
  readonly changed: boolean;
  /** Element paths that the source changed. */
  readonly applied: readonly string[];
  /** Element paths where the source said something new and the stored value stood. */
  readonly kept: readonly string[];
}

/**
 * The three-way merge (invariant I4): of what a source says, only what the source itself changed since it
 * last spoke reaches the stored resource. A repeated old value is no change, so it undoes nothing
 * that others wrote meanwhile. Bounds: linear in the elements, lists are paired by key.
 */
export function mergeView(input: MergeInput): MergeOutcome {
  const { theirs, mine } = input;
  if (theirs === undefined) return firstWord(mine);
  if (input.stale) {
    return { resource: theirs, changed: false, applied: [], kept: elementNames(mine) };
  }
  const base = input.base && withoutCleared(input.base);
  const merge = new Merge(input);
  const result: Record<string, unknown> = { ...theirs };
  merge.clear(result, input.clears);
  if (input.absent === 'withdrawn') merge.withdraw(result, base, mine);
  merge.fields(result, { base, mine, prefix: '' });
  const changed = merge.applied.size > 0;
  if (changed) noteSource(result, mine);
  return {
    resource: changed ? (result as Resource) : theirs,
    changed,
    applied: [...merge.applied],
    kept: [...merge.kept],
  };
}

function firstWord(mine: Resource): MergeOutcome {
  return { resource: mine, changed: true, applied: elementNames(mine), kept: [] };
}

/** A period whose new start lies behind the end that was known has no known end, nor the other way round. */
function inOrder(part: Record<string, unknown>, said: Fields): Record<string, unknown> {
  const { start, end } = part;
  if (typeof start !== 'string' || typeof end !== 'string') return part;
  if (!(Date.parse(start) > Date.parse(end))) return part;
  if (said['end'] === undefined) delete part['end'];
  else if (said['start'] === undefined) delete part['start'];
  return part;
}

/** `meta.source` names who wrote last; it alone is never a reason to write. */
function noteSource(result: Record<string, unknown>, mine: Resource): void {
  const source = mine.meta?.source;
  if (source !== undefined) result['meta'] = { ...(result['meta'] as Fields), source };
}

interface Sides {
  readonly base: Fields | undefined;
  readonly mine: Fields;
  /** `''`, or the composite's name with a dot. */
  readonly prefix: string;
}

class Merge {
  readonly applied = new Set<string>();
  readonly kept = new Set<string>();
  readonly #input: MergeInput;
  readonly #speaker: Holder;

  constructor(input: MergeInput) {
    this.#input = input;
    this.#speaker = input.speaker ?? { source: '' };
  }

  clear(result: Record<string, unknown>, clears: readonly string[]): void {
    const before = clearedBy(this.#input.base);
    for (const path of clears) {
      if (!before.includes(path) && removePath(result, pathSteps(path))) this.applied.add(path);
    }
  }

  withdraw(result: Record<string, unknown>, base: Resource | undefined, mine: Resource): void {
    if (base === undefined) return;
    for (const name of elementNames(base)) {
      if (isContext(name) || nameIn(mine, name) !== undefined) continue;
      if (!same(result[name], base[name]) || this.#heldByOther(name, base[name])) continue;
      delete result[name];
      this.applied.add(name);
    }
  }

  /** Applies the changes of `mine` against `base` to `result`, element by element. */
  fields(result: Record<string, unknown>, sides: Sides): void {
    for (const name of Object.keys(sides.mine)) {
      if (isSkipped(sides.prefix + name) || sides.mine[name] === undefined) continue;
      this.#element(result, name, sides);
    }
  }

  #element(result: Record<string, unknown>, name: string, { base, mine, prefix }: Sides): void {
    const value = mine[name];
    if (base !== undefined && same(base[name], value)) return;
    const stored = elementIn(result, name);
    if (same(result[name], value) || isSilent(name, value, stored.value)) return;
    const before = elementIn(base, name).value;
    const path = prefix + name;
    if (Array.isArray(value)) {
      const items = name === 'identifier' ? asRetired(value, result[name]) : listOf(value);
      this.#list(result, name, { path, before, value: items });
    } else if (prefix === '' && isComposite(name, stored.value, value)) {
      const part: Record<string, unknown> = { ...(stored.value as Fields) };
      const parts = { base: isFields(before) ? before : undefined, mine: value as Fields };
      this.fields(part, { ...parts, prefix: `${name}.` });
      result[name] = inOrder(part, value as Fields);
    } else if (this.#mayReplace(path, { before, stored: stored.value, value })) {
      delete result[stored.name];
      result[name] = value;
    }
  }

  #list(
    result: Record<string, unknown>,
    name: string,
    change: { path: string; before: unknown; value: readonly unknown[] },
  ): void {
    const merged = mergeList({
      element: name,
      base: listOf(change.before),
      theirs: listOf(result[name]),
      mine: change.value,
      unionOnly: isUnion(name),
      mayReplace: (contest) => this.#mayReplace(change.path, contest),
      heldByOther: (item) => this.#heldByOther(change.path, item),
    });
    if (merged.changed) this.applied.add(change.path);
    if (merged.items.length === 0) delete result[name];
    else result[name] = merged.items;
  }

  /** Decides one value: free or untouched by others -> ours; else survivorship. */
  #mayReplace(path: string, { before, stored, value }: Contest): boolean {
    if (same(stored, value)) return false;
    const uncontested = stored === undefined || (before !== undefined && same(stored, before));
    const wins =
      uncontested ||
      survivor(this.#input.survivorship ?? defaultSurvivorship, {
        element: path.split('.')[0] ?? path,
        stored: this.#holderOf(path, stored),
        incoming: this.#speaker,
        firstMention: before === undefined,
      }) === 'incoming';
    (wins ? this.applied : this.kept).add(path);
    return wins;
  }

  #holderOf(path: string, stored: unknown): Holder {
    const holders = (this.#input.others ?? []).filter((other) => holds(other.view, path, stored));
    const times = (holder: Holder): number => holder.at?.getTime() ?? -Infinity;
    return holders.toSorted((a, b) => times(b) - times(a))[0] ?? manualHolder;
  }

  #heldByOther(path: string, value: unknown): boolean {
    return (this.#input.others ?? []).some((other) => holds(other.view, path, value));
  }
}

/**
 * Numbers that were retired (merge-records.ts) stay so: a source that goes on naming one, and does not say how it is used,
 * does not call the record by it again.
 */
function asRetired(mine: unknown, theirs: unknown): readonly unknown[] {
  const retired = listOf(theirs).filter((item) => textOf(item, 'use') === 'old');
  if (retired.length === 0) return listOf(mine);
  return listOf(mine).map((item) => {
    const found = retired.find((each) =>
      ['system', 'value'].every((name) => textOf(each, name) === textOf(item, name)),
    );
    if (!isFields(found) || !isFields(item) || 'use' in item) return item;
    return { ...('period' in found ? { period: found['period'] } : {}), ...item, use: 'old' };
  });
}

/** The element as the holder has it, for a choice under whatever type. */
function elementIn(holder: Fields | undefined, name: string): { name: string; value: unknown } {
  const found = nameIn(holder, name) ?? name;
  return { name: found, value: holder?.[found] };
}

function holds(view: Resource, path: string, value: unknown): boolean {
  let place: unknown = view;
  for (const part of path.split('.')) place = isFields(place) ? place[part] : undefined;
  return Array.isArray(place) && !Array.isArray(value)
    ? place.some((item) => same(item, value))
    : same(place, value);
}

function isSilent(name: string, value: unknown, stored: unknown): boolean {
  return stored !== undefined && saysNothing(name, value);
}

/** A correction sends what it corrects: the other results of a report stand. One that is wrong says so itself. */
function isUnion(name: string): boolean {
  return name === 'identifier' || name === 'result';
}

/** What a resource belongs to is not what it says: a message that does not name the visit again takes it from nothing. */
function isContext(name: string): boolean {
  return ['meta', 'identifier', 'subject', 'encounter', 'basedOn', 'partOf'].includes(name);
}

function isSkipped(path: string): boolean {
  return (
    path === 'resourceType' ||
    path === 'id' ||
    path === 'meta.source' ||
    path === 'meta.versionId' ||
    path === 'meta.lastUpdated'
  );
}
