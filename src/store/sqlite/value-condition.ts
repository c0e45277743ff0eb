import type { Prefix, PrefixedInterval, SearchNode } from '../../fhir/search-ast.ts';
import { prefixEnd } from '../order.ts';
import { always, amongTexts, both, either, fragment, type Fragment } from './fragment.ts';
import { boundedInteger, boundedReal } from './row-coder.ts';
import type { Columns } from './index-table.ts';

type Node<Op extends SearchNode['op']> = Extract<SearchNode, { op: Op }>;

/** A date under a prefix; what each means is said in fhir/search-match.ts. */
export function dateCondition(node: PrefixedInterval, at: Columns): Fragment {
  const from = boundedInteger(node.lo);
  const to = boundedInteger(node.hi);
  const [lo, hi] = [at('lo'), at('hi')];
  const conditions: Record<Prefix, () => Fragment> = {
    // The middle part follows from the others; it bounds the index range from above.
    eq: () => fragment(`(${lo} >= ? AND ${lo} <= ? AND ${hi} <= ?)`, from, to, to),
    ne: () => fragment(`(${lo} < ? OR ${hi} > ?)`, from, to),
    gt: () => fragment(`${hi} > ?`, to),
    lt: () => fragment(`${lo} < ?`, from),
    ge: () => fragment(`${hi} > ?`, from),
    le: () => fragment(`${lo} < ?`, to),
    sa: () => fragment(`${lo} >= ?`, to),
    // The first part follows from the second; it bounds the index range.
    eb: () => fragment(`(${lo} <= ? AND ${hi} <= ?)`, from, from),
    ap: () => fragment(`(${lo} < ? AND ${hi} > ?)`, to, from),
    co: () => fragment(`(${lo} <= ? AND ${hi} >= ?)`, from, to),
  };
  return conditions[node.prefix]();
}

/** The same for meta.lastUpdated, the interval `[updated, updated + 1)`. */
export function lastUpdatedCondition(updated: string, node: PrefixedInterval): Fragment {
  const from = boundedInteger(node.lo);
  const to = boundedInteger(node.hi);
  const before = (end: number): Fragment => fragment(`${updated} < ?`, end);
  const since = (begin: number): Fragment => fragment(`${updated} >= ?`, begin);
  switch (node.prefix) {
    case 'eq':
    case 'ap':
      return both(since(from), before(to));
    case 'ne':
      return either(before(from), since(to));
    case 'gt':
    case 'sa':
      return since(to);
    case 'lt':
    case 'eb':
      return before(from);
    case 'ge':
      return since(from);
    case 'le':
      return before(to);
    case 'co':
      return both(fragment(`${updated} <= ?`, from), fragment(`${updated} >= ?`, to - 1));
  }
}

/** Numbers and quantities: the interval by precision for `eq`, `ne`, `ap`; the exact value else. */
export function numberCondition(
  node: PrefixedInterval & { readonly value: number },
  at: Columns,
): Fragment {
  const [from, to, value] = [boundedReal(node.lo), boundedReal(node.hi), boundedReal(node.value)];
  const [lo, hi] = [at('lo'), at('hi')];
  const conditions: Record<Prefix, () => Fragment> = {
    eq: () => fragment(`(${lo} >= ? AND ${lo} < ? AND ${hi} <= ?)`, from, to, to),
    ne: () => fragment(`(${lo} < ? OR ${lo} >= ? OR ${hi} > ?)`, from, to, to),
    gt: () => fragment(`${hi} > ?`, value),
    lt: () => fragment(`${lo} < ?`, value),
    ge: () => fragment(`${hi} >= ?`, value),
    le: () => fragment(`${lo} <= ?`, value),
    sa: () => fragment(`${lo} > ?`, value),
    eb: () => fragment(`(${lo} < ? AND ${hi} < ?)`, value, value),
    ap: () => fragment(`(${hi} >= ? AND ${lo} <= ?)`, from, to),
    co: () => fragment(`(${lo} <= ? AND ${hi} >= ?)`, value, value),
  };
  return conditions[node.prefix]();
}

export function stringCondition(
  { match, value }: Pick<Node<'string'>, 'match' | 'value'>,
  at: Columns,
): Fragment {
  switch (match) {
    case 'exact':
      return fragment(`${at('exact')} = ?`, value);
    case 'prefix':
      return beginsWith(at('folded'), value);
    case 'contains':
      return fragment(`instr(${at('folded')}, ?) > 0`, value);
    case 'suffix':
      return endsWith(at('folded'), value);
    case 'equal':
      return fragment(`${at('folded')} = ?`, value);
    default:
      return fragment(`${at('folded')} ${comparison[match]} ?`, value);
  }
}

/** By bytes: a text of UTF-8 ends another where its bytes do. Of an empty BLOB `substr` is NULL. */
function endsWith(column: string, text: string): Fragment {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0) return always;
  return fragment(`ifnull(substr(CAST(${column} AS BLOB), -${bytes}) = CAST(? AS BLOB), 0)`, text);
}

const comparison = { gt: '>', lt: '<', ge: '>=', le: '<=' } as const;

export function uriCondition(
  { match, value }: Pick<Node<'uri'>, 'match' | 'value'>,
  at: Columns,
): Fragment {
  switch (match) {
    case 'exact':
      return fragment(`${at('value')} = ?`, value);
    case 'below':
      return below(at('value'), value);
    case 'above':
      return amongTexts(at('value'), ancestors(value));
  }
}

export function beginsWith(column: string, prefix: string): Fragment {
  const end = prefixEnd(prefix);
  const from = fragment(`${column} >= ?`, prefix);
  return end === undefined ? from : both(from, fragment(`${column} < ?`, end));
}

/** Addresses go down by path; the parts of a `urn:` have no order. */
function below(column: string, uri: string): Fragment {
  const same = fragment(`${column} = ?`, uri);
  if (uri.startsWith('urn:')) return same;
  return either(same, beginsWith(column, uri.endsWith('/') ? uri : `${uri}/`));
}

/** An address and every address above it by path, with and without its closing slash. */
function ancestors(uri: string): string[] {
  const found = new Set([uri]);
  if (uri.startsWith('urn:')) return [uri];
  for (let at = uri.indexOf('/'); at >= 0; at = uri.indexOf('/', at + 1)) {
    found.add(uri.slice(0, at));
    found.add(uri.slice(0, at + 1));
  }
  return [...found];
}
