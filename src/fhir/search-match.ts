import type { IndexEntry, PrefixedInterval, SearchNode, SortKey } from './search-ast.ts';

/** What a search may ask of a resource besides its index entries. */
export interface MatchTarget {
  readonly type: string;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly lastUpdated: number;
}

type EntryOf<K extends IndexEntry['kind']> = Extract<IndexEntry, { kind: K }>;
type NodeOf<O extends SearchNode['op']> = Extract<SearchNode, { op: O }>;

/**
 * Whether a resource with these entries is what the node asks for. This is the meaning of the search
 * tree; every store must give the same answer (test/property/search-agree.test.ts).
 */
export function matches(
  entries: readonly IndexEntry[],
  target: MatchTarget,
  node: SearchNode,
): boolean {
  switch (node.op) {
    case 'and':
      return node.nodes.every((inner) => matches(entries, target, inner));
    case 'or':
      return node.nodes.some((inner) => matches(entries, target, inner));
    case 'not':
      return !matches(entries, target, node.node);
    case 'id':
      return node.ids.includes(target.id);
    case 'lastUpdated':
      return intervalMatches(node, target.lastUpdated, target.lastUpdated + 1);
    case 'missing':
      return entries.some(({ param }) => param === node.param) !== node.missing;
    default:
      return entries.some((entry) => entry.param === node.param && entryMatches(entry, node));
  }
}

type ValueNode = Exclude<
  SearchNode,
  { op: 'and' | 'or' | 'not' | 'id' | 'lastUpdated' | 'missing' }
>;

function entryMatches(entry: IndexEntry, node: ValueNode): boolean {
  switch (node.op) {
    case 'token':
      return entry.kind === 'token' && codeMatches(entry, node);
    case 'referenceIdentifier':
      return entry.kind === 'referenceIdentifier' && codeMatches(entry, node);
    case 'string':
      return entry.kind === 'string' && stringMatches(entry, node);
    case 'date':
      return entry.kind === 'date' && intervalMatches(node, entry.lo, entry.hi);
    case 'number':
      return entry.kind === 'number' && numberMatches(entry, node);
    case 'quantity':
      return entry.kind === 'quantity' && unitMatches(entry, node) && numberMatches(entry, node);
    case 'uri':
      return entry.kind === 'uri' && uriMatches(entry.value, node);
    case 'reference':
      return entry.kind === 'reference' && referenceMatches(entry, node);
  }
}

function codeMatches(
  entry: { readonly system: string | null; readonly code: string },
  node: { readonly system?: string | null; readonly code?: string },
): boolean {
  if (node.system !== undefined && node.system !== entry.system) return false;
  return node.code === undefined || node.code === entry.code;
}

function stringMatches(entry: EntryOf<'string'>, node: NodeOf<'string'>): boolean {
  switch (node.match) {
    case 'exact':
      return entry.exact === node.value;
    case 'prefix':
      return entry.folded.startsWith(node.value);
    case 'contains':
      return entry.folded.includes(node.value);
  }
}

/**
 * The prefixes over intervals (http://hl7.org/fhir/R4/search.html#prefix): `eq` wants the target inside the
 * search interval; `gt`, `lt`, `ge`, `le` ask whether any of the target lies beyond it; `sa` and `eb`
 * whether all of it does; `ap` whether they overlap (the parser has widened the search interval).
 */
function intervalMatches(node: PrefixedInterval, lo: number, hi: number): boolean {
  switch (node.prefix) {
    case 'eq':
      return lo >= node.lo && hi <= node.hi;
    case 'ne':
      return !(lo >= node.lo && hi <= node.hi);
    case 'gt':
      return hi > node.hi;
    case 'lt':
      return lo < node.lo;
    case 'ge':
      return hi > node.hi || (lo >= node.lo && hi <= node.hi);
    case 'le':
      return lo < node.lo || (lo >= node.lo && hi <= node.hi);
    case 'sa':
      return lo >= node.hi;
    case 'eb':
      return hi <= node.lo;
    case 'ap':
      return lo < node.hi && hi > node.lo;
  }
}

/** `eq`, `ne` and `ap` take the precision of the search, `sa` and `eb` of both; the others compare values. */
function numberMatches(
  entry: { readonly lo: number; readonly hi: number; readonly value: number },
  node: PrefixedInterval & { readonly value: number },
): boolean {
  switch (node.prefix) {
    case 'eq':
    case 'ap':
      return entry.value >= node.lo && entry.value < node.hi;
    case 'ne':
      return !(entry.value >= node.lo && entry.value < node.hi);
    case 'gt':
      return entry.value > node.value;
    case 'lt':
      return entry.value < node.value;
    case 'ge':
      return entry.value >= node.value;
    case 'le':
      return entry.value <= node.value;
    case 'sa':
      return entry.lo >= node.hi;
    case 'eb':
      return entry.hi <= node.lo;
  }
}

/** With a system: system and code. Without: the code, or the unit as a person wrote it. */
function unitMatches(entry: EntryOf<'quantity'>, node: NodeOf<'quantity'>): boolean {
  if (node.system !== undefined && node.system !== entry.system) return false;
  if (node.code === undefined || node.code === entry.code) return true;
  return node.system === undefined && node.code === entry.unit;
}

function uriMatches(value: string, node: NodeOf<'uri'>): boolean {
  if (value === node.value) return true;
  switch (node.match) {
    case 'exact':
      return false;
    case 'below':
      return value.startsWith(node.value.endsWith('/') ? node.value : `${node.value}/`);
    case 'above':
      return node.value.startsWith(value.endsWith('/') ? value : `${value}/`);
  }
}

function referenceMatches(entry: EntryOf<'reference'>, node: NodeOf<'reference'>): boolean {
  if (node.url !== undefined && node.url !== entry.url) return false;
  if (node.type !== undefined && node.type !== entry.type) return false;
  if (node.id !== undefined && node.id !== entry.id) return false;
  return node.version === undefined || node.version === entry.version;
}

/**
 * The value by which a resource is sorted: of several, the least for an ascending key and the greatest for a
 * descending one. Null where there is none; such resources come last either way. Texts compare by code
 * point: strings folded, tokens by code, references as `Type/id` or URL; dates by their start when
 * ascending and their end when descending.
 */
export function sortValue(
  entries: readonly IndexEntry[],
  target: MatchTarget,
  key: SortKey,
): string | number | null {
  if (key.kind === 'id') return target.id;
  if (key.kind === 'lastUpdated') return target.lastUpdated;
  let found: string | number | null = null;
  for (const entry of entries) {
    if (entry.param !== key.param || entry.kind !== key.kind) continue;
    const value = comparable(entry, key.descending);
    if (found === null || (key.descending ? value > found : value < found)) found = value;
  }
  return found;
}

function comparable(entry: IndexEntry, descending: boolean): string | number {
  switch (entry.kind) {
    case 'string':
      return entry.folded;
    case 'token':
    case 'referenceIdentifier':
      return entry.code;
    case 'date':
      return descending ? entry.hi : entry.lo;
    case 'number':
    case 'quantity':
      return entry.value;
    case 'uri':
      return entry.value;
    case 'reference':
      return entry.url ?? `${entry.type ?? ''}/${entry.id ?? ''}`;
  }
}
