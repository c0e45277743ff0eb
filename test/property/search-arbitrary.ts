import fc from 'fast-check';
import type { IndexEntry, SearchNode, SearchQuery, SortKey } from '../../src/fhir/search-ast.ts';
import type { Change } from '../../src/store/store.ts';

// Small pools on purpose: values must meet each other.
const param = fc.constantFrom('p', 'q', 'r');
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const type = fc.constantFrom('Patient', 'Basic');
const system = fc.constantFrom(null, 'urn:a', 'urn:b');
const code = fc.constantFrom('1', '2', 'A', 'a', '', 'é', '\u{1f600}', '\uffee');
const word = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'é', 'a b', '%', '_', '\u{1f600}x');
const uri = fc.constantFrom(
  'http://a/b',
  'http://a/b/',
  'http://a/b/c',
  'http://a',
  'urn:x:1',
  '/',
);
const instant = fc.constantFrom(-Infinity, -5, 0, 1, 2, 3, 10, 1_000, 2_000, 3_000, Infinity);
const amount = fc.constantFrom(-1.5, 0, 0.1, 1, 1.05, 2, 10, Infinity);
const target = fc.constantFrom('1', '2', 'http://o/1');
const targetType = fc.constantFrom(null, 'Patient', 'Group');
const version = fc.constantFrom(null, '1');
const url = fc.constantFrom(null, 'http://o/1', 'http://o/2');
const unit = fc.constantFrom(null, 'mg', 'g');
const prefix = fc.constantFrom('eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap');

function interval(bound: fc.Arbitrary<number>) {
  return fc.tuple(bound, bound).map(([a, b]) => ({ lo: Math.min(a, b), hi: Math.max(a, b) }));
}

const numeric = fc
  .tuple(interval(amount), fc.boolean())
  .map(([{ lo, hi }, wide]) => (wide ? { value: lo, lo, hi } : { value: lo, lo, hi: lo }));

const entry: fc.Arbitrary<IndexEntry> = fc.oneof(
  fc.record({ kind: fc.constant('token' as const), param, system, code }),
  fc.record({ kind: fc.constant('referenceIdentifier' as const), param, system, code }),
  fc.record({ kind: fc.constant('string' as const), param, folded: word, exact: word }),
  fc.record({ kind: fc.constant('uri' as const), param, value: uri }),
  fc.tuple(param, interval(instant)).map(([name, span]) => {
    return { kind: 'date', param: name, ...span } as const;
  }),
  fc.tuple(param, numeric).map(([name, number]) => {
    return { kind: 'number', param: name, ...number } as const;
  }),
  fc.tuple(param, numeric, system, unit, unit).map(([name, number, where, what, written]) => {
    const units = { system: where, code: what, unit: written };
    return { kind: 'quantity', param: name, ...number, ...units } as const;
  }),
  fc.record({
    kind: fc.constant('reference' as const),
    param,
    type: targetType,
    id: fc.option(target),
    version,
    url,
  }),
);

/** One commit: some resources written or deleted, each at most once. */
export const changesArbitrary: fc.Arbitrary<Change[]> = fc.uniqueArray(
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(type, id, fc.array(entry, { maxLength: 7 })).map(putOf) },
    { weight: 1, arbitrary: fc.tuple(type, id).map(deleteOf) },
  ),
  { maxLength: 6, selector: (change) => (change.op === 'put' ? change.resource.id : change.id) },
);

function putOf([resourceType, id, index]: [string, string, IndexEntry[]]): Change {
  return { op: 'put', resource: { resourceType, id }, index };
}

function deleteOf([resourceType, id]: [string, string]): Change {
  return { op: 'delete', type: resourceType, id };
}

const present = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Drops what is undefined: the tree says "any" by absence. */
function withoutUndefined(node: object): SearchNode {
  const members = Object.entries(node).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as SearchNode;
}

const leaf: fc.Arbitrary<SearchNode> = fc
  .oneof(
    fc.record({
      op: fc.constantFrom('token', 'referenceIdentifier'),
      param,
      system: present(system),
      code: present(code),
    }),
    fc.record({
      op: fc.constant('string'),
      param,
      match: fc.constantFrom('prefix', 'exact', 'contains'),
      value: word,
    }),
    fc.record({
      op: fc.constant('uri'),
      param,
      match: fc.constantFrom('exact', 'below', 'above'),
      value: uri,
    }),
    fc
      .tuple(fc.constantFrom('date', 'lastUpdated'), param, prefix, interval(instant))
      .map(([op, name, by, span]) => ({ op, param: name, prefix: by, ...span })),
    fc
      .tuple(fc.constantFrom('number', 'quantity'), param, prefix, interval(amount))
      .map(([op, name, by, span]) => ({ op, param: name, prefix: by, value: span.lo, ...span })),
    fc
      .tuple(param, prefix, interval(amount), present(fc.constant('urn:a')), present(unit))
      .map(([name, by, span, where, what]) => ({
        ...{ op: 'quantity', param: name, prefix: by, value: span.hi, ...span },
        ...{ system: where, code: what ?? undefined },
      })),
    fc.record({
      op: fc.constant('reference'),
      param,
      type: present(fc.constantFrom('Patient', 'Group')),
      id: present(target),
      version: present(fc.constant('1')),
      url: present(fc.constantFrom('http://o/1', 'http://o/2')),
    }),
    fc.record({ op: fc.constant('missing'), param, missing: fc.boolean() }),
    fc.record({ op: fc.constant('id'), ids: fc.array(id, { maxLength: 3 }) }),
  )
  .map(withoutUndefined);

const tree: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      nodes: fc.array(tie('node'), { maxLength: 4 }),
    }),
    tie('node').map((node): SearchNode => ({ op: 'not', node })),
  ),
})).node;

const kinds = ['string', 'token', 'date', 'number', 'quantity', 'uri', 'reference'] as const;
const sortKey: fc.Arbitrary<SortKey> = fc.oneof(
  fc.record({ param, kind: fc.constantFrom(...kinds), descending: fc.boolean() }),
  fc.record({
    param: fc.constant('_id'),
    kind: fc.constantFrom('id' as const, 'lastUpdated' as const),
    descending: fc.boolean(),
  }),
);

export const queryArbitrary: fc.Arbitrary<SearchQuery> = fc.record({
  types: fc.constantFrom(['Patient'], ['Basic', 'Patient'], ['Basic'], ['Group', 'Patient']),
  where: tree,
  sort: fc.array(sortKey, { maxLength: 2 }),
  count: fc.constantFrom(0, 1, 2, 3, 50),
  total: fc.constantFrom('none' as const, 'accurate' as const),
});
