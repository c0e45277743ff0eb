import type { Prefix, PrefixedInterval, SearchNode } from '../../fhir/search-ast.ts';
import { prefixEnd } from '../order.ts';
import { amongTexts, both, either, fragment, type Fragment } from './fragment.ts';
import { boundedInteger, boundedReal } from './index-rows.ts';

type Node<Op extends SearchNode['op']> = Extract<SearchNode, { op: Op }>;

/** A date under a prefix; what each means is said in fhir/search-match.ts. */
export function dateCondition(node: PrefixedInterval): Fragment {
  const from = boundedInteger(node.lo);
  const to = boundedInteger(node.hi);
  const conditions: Record<Prefix, () => Fragment> = {
    // The middle part follows from the others; it bounds the index range from above.
    eq: () => fragment('(x.lo >= ? AND x.lo <= ? AND x.hi <= ?)', from, to, to),
    ne: () => fragment('(x.lo < ? OR x.hi > ?)', from, to),
    gt: () => fragment('x.hi > ?', to),
    lt: () => fragment('x.lo < ?', from),
    ge: () => fragment('x.hi > ?', from),
    le: () => fragment('x.lo < ?', to),
    sa: () => fragment('x.lo >= ?', to),
    eb: () => fragment('x.hi <= ?', from),
    ap: () => fragment('(x.lo < ? AND x.hi > ?)', to, from),
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
  }
}

/** Numbers and quantities: the interval by precision for `eq`, `ne`, `ap`; the exact value else. */
export function numberCondition(node: PrefixedInterval & { readonly value: number }): Fragment {
  const [lo, hi, value] = [boundedReal(node.lo), boundedReal(node.hi), boundedReal(node.value)];
  const conditions: Record<Prefix, () => Fragment> = {
    eq: () => fragment('(x.lo >= ? AND x.lo < ? AND x.hi <= ?)', lo, hi, hi),
    ne: () => fragment('(x.lo < ? OR x.lo >= ? OR x.hi > ?)', lo, hi, hi),
    gt: () => fragment('x.hi > ?', value),
    lt: () => fragment('x.lo < ?', value),
    ge: () => fragment('x.hi >= ?', value),
    le: () => fragment('x.lo <= ?', value),
    sa: () => fragment('x.lo > ?', value),
    eb: () => fragment('x.hi < ?', value),
    ap: () => fragment('(x.hi >= ? AND x.lo <= ?)', lo, hi),
  };
  return conditions[node.prefix]();
}

export function stringCondition({ match, value }: Node<'string'>): Fragment {
  switch (match) {
    case 'exact':
      return fragment('x.exact = ?', value);
    case 'prefix':
      return beginsWith('x.folded', value);
    case 'contains':
      return fragment('instr(x.folded, ?) > 0', value);
  }
}

export function uriCondition({ match, value }: Node<'uri'>): Fragment {
  switch (match) {
    case 'exact':
      return fragment('x.value = ?', value);
    case 'below':
      return below(value);
    case 'above':
      return amongTexts('x.value', ancestors(value));
  }
}

function beginsWith(column: string, prefix: string): Fragment {
  const end = prefixEnd(prefix);
  const from = fragment(`${column} >= ?`, prefix);
  return end === undefined ? from : both(from, fragment(`${column} < ?`, end));
}

/** Addresses go down by path; the parts of a `urn:` have no order. */
function below(uri: string): Fragment {
  const same = fragment('x.value = ?', uri);
  if (uri.startsWith('urn:')) return same;
  return either(same, beginsWith('x.value', uri.endsWith('/') ? uri : `${uri}/`));
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
