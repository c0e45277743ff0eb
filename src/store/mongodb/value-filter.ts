import type { Prefix, PrefixedInterval, SearchLeaf, WithoutParam } from '../../fhir/search-ast.ts';
import { boundedInteger, boundedReal } from './index-fields.ts';

/** Conditions that must all hold, by field. */
export type Conditions = Readonly<Record<string, unknown>>;

/**
 * What one value must fulfil where it stands as a sub-document: any of these. They are alternatives rather than one
 * `$or`, so that each is a plain `$elemMatch` with bounds of its own.
 */
export function valueAlternatives(leaf: WithoutParam<SearchLeaf>): readonly Conditions[] {
  switch (leaf.op) {
    case 'token':
    case 'referenceIdentifier':
      return [given({ system: leaf.system, code: leaf.code })];
    case 'string':
      return [stringConditions(leaf)];
    case 'date':
      return dateAlternatives(leaf);
    case 'number':
      return numberAlternatives(leaf);
    case 'quantity':
      return each(quantityUnits(leaf), numberAlternatives(leaf));
    case 'ucum':
      return each([{ unit: leaf.unit }], numberAlternatives(leaf));
    case 'uri':
      return uriConditions(leaf.match, leaf.value).map((uri) => ({ uri }));
    case 'reference':
      return [given({ type: leaf.type, id: leaf.id, version: leaf.version, url: leaf.url })];
  }
}

/** Every pairing of two lists of alternatives. */
export function each(
  left: readonly Conditions[],
  right: readonly Conditions[],
): readonly Conditions[] {
  return left.flatMap((a) => right.map((b) => ({ ...a, ...b })));
}

/** The fields that are asked for; null is a value like any other. */
function given(fields: Readonly<Record<string, string | null | undefined>>): Conditions {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A date under a prefix; what each means is said in fhir/search-match.ts. */
function dateAlternatives(node: PrefixedInterval): readonly Conditions[] {
  const from = boundedInteger(node.lo);
  const to = boundedInteger(node.hi);
  const alternatives: Record<Prefix, readonly Conditions[]> = {
    // The upper bound of `lo` follows from the rest; it bounds the range of the index.
    eq: [{ lo: { $gte: from, $lte: to }, hi: { $lte: to } }],
    ne: [{ lo: { $lt: from } }, { hi: { $gt: to } }],
    gt: [{ hi: { $gt: to } }],
    lt: [{ lo: { $lt: from } }],
    ge: [{ hi: { $gt: from } }],
    le: [{ lo: { $lt: to } }],
    sa: [{ lo: { $gte: to } }],
    eb: [{ hi: { $lte: from } }],
    ap: [{ lo: { $lt: to }, hi: { $gt: from } }],
    co: [{ lo: { $lte: from }, hi: { $gte: to } }],
  };
  return alternatives[node.prefix];
}

/** Numbers and quantities: the interval by precision for `eq`, `ne`, `ap`; the exact value else. */
function numberAlternatives(
  node: PrefixedInterval & { readonly value: number },
): readonly Conditions[] {
  const [lo, hi, value] = [boundedReal(node.lo), boundedReal(node.hi), boundedReal(node.value)];
  const alternatives: Record<Prefix, readonly Conditions[]> = {
    eq: [{ lo: { $gte: lo, $lt: hi }, hi: { $lte: hi } }],
    ne: [{ lo: { $lt: lo } }, { lo: { $gte: hi } }, { hi: { $gt: hi } }],
    gt: [{ hi: { $gt: value } }],
    lt: [{ lo: { $lt: value } }],
    ge: [{ hi: { $gte: value } }],
    le: [{ lo: { $lte: value } }],
    sa: [{ lo: { $gt: value } }],
    eb: [{ hi: { $lt: value } }],
    ap: [{ hi: { $gte: lo }, lo: { $lte: hi } }],
    co: [{ hi: { $gte: value }, lo: { $lte: value } }],
  };
  return alternatives[node.prefix];
}

/** The same for a resource's `updated`, the interval `[updated, updated + 1)`. */
export function lastUpdatedFilter(node: PrefixedInterval): Conditions {
  const from = boundedInteger(node.lo);
  const to = boundedInteger(node.hi);
  switch (node.prefix) {
    case 'eq':
    case 'ap':
      return { updated: { $gte: from, $lt: to } };
    case 'ne':
      return { $or: [{ updated: { $lt: from } }, { updated: { $gte: to } }] };
    case 'gt':
    case 'sa':
      return { updated: { $gte: to } };
    case 'lt':
    case 'eb':
      return { updated: { $lt: from } };
    case 'ge':
      return { updated: { $gte: from } };
    case 'le':
      return { updated: { $lt: to } };
    case 'co':
      return { updated: { $gte: to - 1, $lte: from } };
  }
}

/** A code without a system is also compared with the unit. */
function quantityUnits({
  system,
  code,
}: Extract<WithoutParam<SearchLeaf>, { op: 'quantity' }>): readonly Conditions[] {
  if (code !== undefined && system === undefined) return [{ code }, { unit: code }];
  return [given({ system, code })];
}

type StringLeaf = Extract<WithoutParam<SearchLeaf>, { op: 'string' }>;

function stringConditions({ match, value }: StringLeaf): Conditions {
  if (match === 'exact') return { exact: value };
  if (match === 'equal') return { folded: value };
  return { folded: isOrder(match) ? { [order[match]]: value } : textPattern('', match, value) };
}

/** Operators of an order; texts are compared byte by byte, which is by code point. */
export const order = { gt: '$gt', lt: '$lt', ge: '$gte', le: '$lte' } as const;

export function isOrder(match: StringLeaf['match']): match is keyof typeof order {
  return Object.hasOwn(order, match);
}

/** A text that begins with `begin`, and then begins with, contains or ends with a value. */
export function textPattern(
  begin: string,
  match: 'prefix' | 'contains' | 'suffix',
  value: string,
): Conditions {
  const between = match !== 'prefix' && value !== '' ? '[\\s\\S]*' : '';
  // `$` would also match before a line's end.
  const end = match === 'suffix' && value !== '' ? '(?![\\s\\S])' : '';
  return { $regex: `^${literal(begin)}${between}${literal(value)}${end}` };
}

/** Conditions on a uri, any of which makes it a match; `begin` is what stands before it. */
export function uriConditions(
  match: 'exact' | 'below' | 'above',
  value: string,
  begin = '',
): readonly unknown[] {
  switch (match) {
    case 'exact':
      return [begin + value];
    case 'below':
      return below(value, begin);
    case 'above':
      return [{ $in: ancestors(value).map((uri) => begin + uri) }];
  }
}

/** Addresses go down by path; the parts of a `urn:` have no order. */
function below(uri: string, begin: string): readonly unknown[] {
  if (uri.startsWith('urn:')) return [begin + uri];
  return [begin + uri, textPattern(begin, 'prefix', uri.endsWith('/') ? uri : `${uri}/`)];
}

/** An address and every address above it by path, with and without its closing slash. */
function ancestors(uri: string): string[] {
  const found = new Set([uri]);
  for (let at = uri.indexOf('/'); at >= 0; at = uri.indexOf('/', at + 1)) {
    found.add(uri.slice(0, at));
    found.add(uri.slice(0, at + 1));
  }
  // What begins with `urn:` has nothing below it but itself.
  return [...found].filter((each) => each === uri || !each.startsWith('urn:'));
}

/**
 * A text as a regular expression that matches just it; the escapes mean the same everywhere. A pattern with a zero
 * byte is refused by MongoDB, and one with a bar, even an escaped one, has no bounds in an index.
 */
function literal(text: string): string {
  return text
    .replace(/[\\^$.?*+()[\]{}]/g, '\\$&')
    .replaceAll('|', '\\x7c')
    .replaceAll('\0', '\\x00');
}
