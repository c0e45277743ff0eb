/**
 * The meaning of a search tree, in memory. Every store must answer as this does; SQL and filters are held to it.
 *
 * - An `and` of nothing is true, an `or` of nothing false.
 * - A leaf is true if any one entry of its parameter and kind satisfies it; `not` is the plain negation, so
 *   what lacks the element satisfies `:not`.
 * - Date, [lo, hi) of the entry e against [lo, hi) of the search q:
 *   eq q.lo <= e.lo and e.hi <= q.hi (the search contains the target); ne is not eq, entry by entry;
 *   gt e.hi > q.hi; lt e.lo < q.lo; ge e.hi > q.lo; le e.lo < q.hi; sa e.lo >= q.hi; eb e.hi <= q.lo;
 *   ap e.lo < q.hi and e.hi > q.lo, where the parser has already widened q; co e.lo <= q.lo and e.hi >= q.hi.
 *   `_lastUpdated` is the date [t, t + 1).
 * - Number and quantity, [lo, hi] of the entry (lo = hi = value for a plain number; a comparator, Range or
 *   SampledData makes it wider, an open end is ±Infinity) against [q.lo, q.hi) of implicit precision and the
 *   exact q.value:
 *   eq q.lo <= e.lo and e.lo < q.hi and e.hi <= q.hi; ne is not eq; gt e.hi > q.value; lt e.lo < q.value;
 *   ge e.hi >= q.value; le e.lo <= q.value; sa e.lo > q.value; eb e.hi < q.value;
 *   ap e.hi >= q.lo and e.lo <= q.hi, where the parser has already widened q;
 *   co e.lo <= q.value and e.hi >= q.value.
 *   A quantity's `system` and `code` must be equal to the entry's; a `code` without `system` is compared
 *   with the entry's code or unit. `ucum` compares as a number does, and its `unit` must be equal.
 * - Composite: one entry has as many parts as the node, and each satisfies the node's part in its place (`ne` again
 *   within that entry).
 * - Near: an entry is at most `meters` away, by `metersBetween`.
 * - Chain: an entry of kind reference has the node's `type` and some id, and the current, undeleted resource of that
 *   type and id satisfies `where`. `has` is the same from the other side. Version and `url` of the entry do not
 *   matter. What `where` says is said of that one resource; its negation is "none such", so `not` of a chain is true
 *   of what refers to nothing. Without a {@link MatchWorld} both throw `not-supported`.
 * - Content: `contentHas` of the body. Without a body it throws `not-supported`.
 * - Missing: there is no entry of the parameter of any kind.
 * - Strings: exact against `exact`, all others against `folded`; gt, lt, ge and le by code point.
 * - Other: an entry of the leaf's parameter and kind that does not satisfy the leaf.
 * - Uri below: equal, or going on after a `/`; above: the other way round; for `urn:` both are equality.
 *
 * Sorting (`sortValue`): the key of a resource is the least of its entries' values when
 * ascending, the greatest when descending. The value is: string `folded`, token `code`, date `lo`, number and
 * quantity `value`, uri `value`, reference `type/id` (or `id` alone, or `url`), `id` the logical id,
 * `lastUpdated` its milliseconds. Numbers compare as numbers, texts by code point (SQLite's BINARY on UTF-8).
 * A resource without the key comes last in both directions. Equal keys fall to the next key, then to
 * the store's own fixed order. Entries of the kinds ucum, composite and position have no sort value.
 */
import { fail } from './issue.ts';
import { metersBetween } from './position.ts';
import { contentHas } from './search-text.ts';
import type {
  IndexEntry,
  PrefixedInterval,
  SearchLeaf,
  SearchNode,
  SortKey,
  ValueEntry,
  WithoutParam,
} from './search-ast.ts';

/** What of a resource is matched besides its entries; `lastUpdated` in epoch milliseconds. */
export interface MatchTarget {
  readonly type: string;
  readonly id: string;
  readonly lastUpdated: number;
  /** Its JSON, where there may be conditions on all of its texts. */
  readonly body?: string;
}

/** A live resource with what it is found by. */
export interface Matchable {
  readonly entries: readonly IndexEntry[];
  readonly resource: MatchTarget;
}

/** The other resources, for chains and `_has`: the current ones that are not deleted. */
export interface MatchWorld {
  target(type: string, id: string): Matchable | undefined;
  /** The resources of `type` that have a reference entry of `param` naming this one by type and id. */
  referrers(type: string, param: string, to: MatchTarget): Iterable<Matchable>;
}

/**
 * Whether a resource with these index entries satisfies the tree. A chain or `has` that is come upon without a
 * world throws `not-supported`: access policy and subscriptions never carry one.
 */
export function matches(
  entries: readonly IndexEntry[],
  resource: MatchTarget,
  node: SearchNode,
  world?: MatchWorld,
): boolean {
  switch (node.op) {
    case 'and':
      return node.nodes.every((child) => matches(entries, resource, child, world));
    case 'or':
      return node.nodes.some((child) => matches(entries, resource, child, world));
    case 'not':
      return !matches(entries, resource, node.node, world);
    case 'id':
      return node.ids.includes(resource.id);
    case 'type':
      return node.types.includes(resource.type);
    case 'lastUpdated':
      return matchesDate({ lo: resource.lastUpdated, hi: resource.lastUpdated + 1 }, node);
    case 'missing':
      return entries.some((entry) => entry.param === node.param) !== node.missing;
    case 'chain':
      return matchesChain(entries, node, world ?? noWorld());
    case 'has':
      return matchesHas(resource, node, world ?? noWorld());
    case 'content':
      return contentHas(resource.body ?? noBody(), node.words);
    case 'other':
      return entries.some((entry) => isOther(entry, node.leaf));
    default:
      return entries.some((entry) => entry.param === node.param && matchesEntry(entry, node));
  }
}

function noWorld(): never {
  return fail('not-supported', 'A chained condition cannot be judged by one resource alone');
}

function noBody(): never {
  return fail('not-supported', 'A condition on all texts cannot be judged by an index alone');
}

type NodeOf<O extends SearchNode['op']> = Extract<SearchNode, { readonly op: O }>;

function matchesChain(
  entries: readonly IndexEntry[],
  { param, type, where }: NodeOf<'chain'>,
  world: MatchWorld,
): boolean {
  return entries.some((entry) => {
    if (entry.kind !== 'reference' || entry.param !== param) return false;
    if (entry.type !== type || entry.id === null) return false;
    const target = world.target(type, entry.id);
    return target !== undefined && matches(target.entries, target.resource, where, world);
  });
}

function matchesHas(
  resource: MatchTarget,
  { type, param, where }: NodeOf<'has'>,
  world: MatchWorld,
): boolean {
  for (const referrer of world.referrers(type, param, resource)) {
    if (matches(referrer.entries, referrer.resource, where, world)) return true;
  }
  return false;
}

function isOther(entry: IndexEntry, leaf: NodeOf<'other'>['leaf']): boolean {
  return entry.param === leaf.param && entry.kind === leaf.op && !matchesEntry(entry, leaf);
}

function matchesEntry(
  entry: IndexEntry,
  node: SearchLeaf | NodeOf<'composite'> | NodeOf<'near'>,
): boolean {
  if (node.op === 'near') {
    return entry.kind === 'position' && metersBetween(entry, node) <= node.meters;
  }
  if (node.op === 'composite') {
    if (entry.kind !== 'composite' || entry.parts.length !== node.parts.length) return false;
    return node.parts.every((part, at) => matchesValue(entry.parts[at], part));
  }
  return entry.kind !== 'composite' && entry.kind !== 'position' && matchesValue(entry, node);
}

type Value = WithoutParam<ValueEntry>;
type Leaf = WithoutParam<SearchLeaf>;
type Entry<K extends Value['kind']> = Extract<Value, { readonly kind: K }>;
type LeafOf<O extends Leaf['op']> = Extract<Leaf, { readonly op: O }>;

/** A leaf's op is the kind of the entries that it speaks of. */
function matchesValue(entry: Value | undefined, node: Leaf): boolean {
  if (entry?.kind !== node.op) return false;
  switch (node.op) {
    case 'token':
    case 'referenceIdentifier':
      return matchesToken(entry as Entry<'token' | 'referenceIdentifier'>, node);
    case 'string':
      return matchesString(entry as Entry<'string'>, node);
    case 'date':
      return matchesDate(entry as Entry<'date'>, node);
    case 'number':
      return matchesNumber(entry as Entry<'number'>, node);
    case 'quantity':
      return matchesQuantity(entry as Entry<'quantity'>, node);
    case 'ucum':
      return (
        (entry as Entry<'ucum'>).unit === node.unit && matchesNumber(entry as Entry<'ucum'>, node)
      );
    case 'uri':
      return matchesUri((entry as Entry<'uri'>).value, node);
    case 'reference':
      return matchesReference(entry as Entry<'reference'>, node);
  }
}

function matchesToken(
  entry: Entry<'token' | 'referenceIdentifier'>,
  node: LeafOf<'token' | 'referenceIdentifier'>,
): boolean {
  return (
    (node.system === undefined || node.system === entry.system) &&
    (node.code === undefined || node.code === entry.code)
  );
}

function matchesString(entry: Entry<'string'>, node: LeafOf<'string'>): boolean {
  switch (node.match) {
    case 'prefix':
      return entry.folded.startsWith(node.value);
    case 'contains':
      return entry.folded.includes(node.value);
    case 'exact':
      return entry.exact === node.value;
    case 'suffix':
      return entry.folded.endsWith(node.value);
    case 'equal':
      return entry.folded === node.value;
    default:
      return holds(node.match, compareCodePoints(entry.folded, node.value));
  }
}

/** Whether an order, as a comparison gives it, is the one asked for. */
function holds(match: 'gt' | 'lt' | 'ge' | 'le', order: number): boolean {
  switch (match) {
    case 'gt':
      return order > 0;
    case 'lt':
      return order < 0;
    case 'ge':
      return order >= 0;
    case 'le':
      return order <= 0;
  }
}

function matchesDate(
  entry: { readonly lo: number; readonly hi: number },
  { prefix, lo, hi }: PrefixedInterval,
): boolean {
  switch (prefix) {
    case 'eq':
      return lo <= entry.lo && entry.hi <= hi;
    case 'ne':
      return !(lo <= entry.lo && entry.hi <= hi);
    case 'gt':
      return entry.hi > hi;
    case 'lt':
      return entry.lo < lo;
    case 'ge':
      return entry.hi > lo;
    case 'le':
      return entry.lo < hi;
    case 'sa':
      return entry.lo >= hi;
    case 'eb':
      return entry.hi <= lo;
    case 'ap':
      return entry.lo < hi && entry.hi > lo;
    case 'co':
      return entry.lo <= lo && entry.hi >= hi;
  }
}

function matchesNumber(
  entry: { readonly lo: number; readonly hi: number },
  { prefix, lo, hi, value }: PrefixedInterval & { readonly value: number },
): boolean {
  switch (prefix) {
    case 'eq':
      return isWithin(entry, lo, hi);
    case 'ne':
      return !isWithin(entry, lo, hi);
    case 'gt':
      return entry.hi > value;
    case 'lt':
      return entry.lo < value;
    case 'ge':
      return entry.hi >= value;
    case 'le':
      return entry.lo <= value;
    case 'sa':
      return entry.lo > value;
    case 'eb':
      return entry.hi < value;
    case 'ap':
      return entry.hi >= lo && entry.lo <= hi;
    case 'co':
      return entry.lo <= value && entry.hi >= value;
  }
}

/** `[lo, hi]` in `[from, to)`; an end that is open reaches up to its bound. */
function isWithin(
  { lo, hi }: { readonly lo: number; readonly hi: number },
  from: number,
  to: number,
): boolean {
  return from <= lo && lo < to && hi <= to;
}

function matchesQuantity(entry: Entry<'quantity'>, node: LeafOf<'quantity'>): boolean {
  const { system, code } = node;
  if (system !== undefined && system !== entry.system) return false;
  if (code !== undefined && code !== entry.code) {
    if (system !== undefined || code !== entry.unit) return false;
  }
  return matchesNumber(entry, node);
}

function matchesUri(value: string, node: LeafOf<'uri'>): boolean {
  if (value === node.value) return true;
  switch (node.match) {
    case 'exact':
      return false;
    case 'below':
      return isBelow(value, node.value);
    case 'above':
      return isBelow(node.value, value);
  }
}

function isBelow(value: string, parent: string): boolean {
  if (parent.startsWith('urn:')) return false;
  return value.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
}

function matchesReference(entry: Entry<'reference'>, node: LeafOf<'reference'>): boolean {
  return (
    (node.url === undefined || node.url === entry.url) &&
    (node.id === undefined || node.id === entry.id) &&
    (node.type === undefined || node.type === entry.type) &&
    (node.version === undefined || node.version === entry.version)
  );
}

/** A comparable value; null where the resource has none. */
export type SortValue = string | number | null;

/** The value by which a resource is sorted under a key; see the top of this file. */
export function sortValue(
  entries: readonly IndexEntry[],
  resource: MatchTarget,
  key: SortKey,
): SortValue {
  if (key.kind === 'id') return resource.id;
  if (key.kind === 'lastUpdated') return resource.lastUpdated;
  let best: SortValue = null;
  for (const entry of entries) {
    if (entry.param !== key.param || entry.kind !== key.kind) continue;
    const value = entryValue(entry);
    const order = best === null ? 0 : compareValues(value, best);
    if (best === null || (key.descending ? order > 0 : order < 0)) best = value;
  }
  return best;
}

type SortedEntry = Extract<IndexEntry, { readonly kind: SortKey['kind'] }>;

function entryValue(entry: SortedEntry): string | number {
  switch (entry.kind) {
    case 'string':
      return entry.folded;
    case 'date':
      return entry.lo;
    case 'number':
    case 'quantity':
    case 'uri':
      return entry.value;
    case 'token':
      return entry.code;
    case 'reference':
      return entry.url ?? (entry.type === null ? '' : `${entry.type}/`) + (entry.id ?? '');
  }
}

function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a < b ? -1 : 1;
  return compareCodePoints(String(a), String(b));
}

/** Order of code points, which is that of UTF-8 bytes; `<` on strings orders by UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
