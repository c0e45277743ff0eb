import fc from 'fast-check';
import type {
  IndexEntry,
  SearchLeaf,
  SearchNode,
  SearchQuery,
  SortKey,
  TextLeaf,
  ValueEntry,
} from '../../src/fhir/search-ast.ts';
import type { Change } from '../../src/store/store.ts';

// Small pools on purpose: values must meet each other.
// SQLite has a way of its own from `code` to `date`.
const param = fc.constantFrom('code', 'code', 'code', 'date', 'date', 'r');
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
// Ids of resources among them, so that chains lead somewhere.
const target = fc.constantFrom('a', 'b', 'c', 'http://o/1');
const targetType = fc.constantFrom(null, 'Patient', 'Basic', 'Group');
const version = fc.constantFrom(null, '1');
const url = fc.constantFrom(null, 'http://o/1', 'http://o/2');
const unit = fc.constantFrom(null, 'mg', 'g');
const canonical = fc.constantFrom('g', 'g.m-3', '1');
const latitude = fc.constantFrom(-90, -0.01, 0, 0.01, 48, 90);
const longitude = fc.constantFrom(-180, -179.99, 0, 0.01, 16, 179.99, 180);
const prefix = fc.constantFrom('eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap', 'co');
const matches = fc.constantFrom(
  ...(['prefix', 'exact', 'contains', 'suffix', 'equal', 'gt', 'lt', 'ge', 'le'] as const),
);

function interval(bound: fc.Arbitrary<number>) {
  return fc.tuple(bound, bound).map(([a, b]) => ({ lo: Math.min(a, b), hi: Math.max(a, b) }));
}

const numeric = fc
  .tuple(interval(amount), fc.boolean())
  .map(([{ lo, hi }, wide]) => (wide ? { value: lo, lo, hi } : { value: lo, lo, hi: lo }));

const valueEntry: fc.Arbitrary<ValueEntry> = fc.oneof(
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
  fc.tuple(param, numeric, canonical).map(([name, number, what]) => {
    return { kind: 'ucum', param: name, ...number, unit: what } as const;
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

// Few shapes, so that entries and conditions are often of the same one.
const shapes = fc.constantFrom(
  ['token', 'quantity'],
  ['token', 'ucum'],
  ['date', 'reference', 'token'],
);

/** Parts by shape, of any shape, and of a few values that often meet. */
function composed<Value extends ValueEntry | SearchLeaf>(
  values: fc.Arbitrary<Value>,
  kindOf: (value: Value) => string,
  plain: readonly (readonly [Value, ...Value[]])[],
) {
  const byShape = (kinds: readonly string[]) =>
    fc.tuple(...kinds.map((kind) => values.filter((value) => kindOf(value) === kind)));
  const pairs = plain.map((choices) => fc.constantFrom(...choices));
  return fc
    .oneof(
      { weight: 3, arbitrary: fc.tuple(...pairs) },
      { weight: 3, arbitrary: shapes.chain(byShape) },
      { weight: 1, arbitrary: fc.array(values, { minLength: 1, maxLength: 3 }) },
    )
    .map((parts) => parts.map(withoutParam));
}

const plainEntries: readonly (readonly [ValueEntry, ...ValueEntry[]])[] = [
  [
    { kind: 'token', param: '', system: null, code: '1' },
    { kind: 'token', param: '', system: 'urn:a', code: '2' },
  ],
  [
    { kind: 'ucum', param: '', value: 1, lo: 1, hi: 1, unit: 'g' },
    { kind: 'ucum', param: '', value: 2, lo: 2, hi: Infinity, unit: 'g' },
  ],
];

const plainLeaves: readonly (readonly [SearchLeaf, ...SearchLeaf[]])[] = [
  [
    { op: 'token', param: '', code: '1' },
    { op: 'token', param: '', code: '2', system: 'urn:a' },
    { op: 'token', param: '' },
  ],
  [
    { op: 'ucum', param: '', prefix: 'eq', value: 1, lo: 0.5, hi: 1.5, unit: 'g' },
    { op: 'ucum', param: '', prefix: 'ne', value: 1, lo: 0.5, hi: 1.5, unit: 'g' },
    { op: 'ucum', param: '', prefix: 'ge', value: 2, lo: 1.5, hi: 2.5, unit: 'g' },
  ],
];

const compositeEntry = fc.record({
  kind: fc.constant('composite' as const),
  param,
  parts: composed(valueEntry, ({ kind }) => kind, plainEntries),
});

const positionEntry = fc.record({
  kind: fc.constant('position' as const),
  param,
  latitude,
  longitude,
});

/** A reference that often leads to a resource. */
const live: fc.Arbitrary<IndexEntry> = fc.record({
  kind: fc.constant('reference' as const),
  param,
  type,
  id,
  version,
  url: fc.constant(null),
});

const entry: fc.Arbitrary<IndexEntry> = fc.oneof(
  { weight: 8, arbitrary: valueEntry },
  { weight: 3, arbitrary: live },
  { weight: 3, arbitrary: compositeEntry },
  { weight: 1, arbitrary: positionEntry },
);

function withoutParam<Value extends ValueEntry | SearchLeaf>({ param: _, ...value }: Value) {
  return value as Value extends unknown ? Omit<Value, 'param'> : never;
}

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
function withoutUndefined(node: object): SearchLeaf {
  const members = Object.entries(node).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as SearchLeaf;
}

const valueLeaf: fc.Arbitrary<SearchLeaf> = fc
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
      match: matches,
      value: word,
    }),
    fc.record({
      op: fc.constant('uri'),
      param,
      match: fc.constantFrom('exact', 'below', 'above'),
      value: uri,
    }),
    fc
      .tuple(param, prefix, interval(instant))
      .map(([name, by, span]) => ({ op: 'date', param: name, prefix: by, ...span })),
    fc
      .tuple(fc.constantFrom('number', 'quantity'), param, prefix, interval(amount))
      .map(([op, name, by, span]) => ({ op, param: name, prefix: by, value: span.lo, ...span })),
    fc
      .tuple(param, prefix, interval(amount), present(fc.constant('urn:a')), present(unit))
      .map(([name, by, span, where, what]) => ({
        ...{ op: 'quantity', param: name, prefix: by, value: span.hi, ...span },
        ...{ system: where, code: what ?? undefined },
      })),
    fc.tuple(param, prefix, interval(amount), canonical).map(([name, by, span, what]) => ({
      ...{ op: 'ucum', param: name, prefix: by, value: span.lo, ...span },
      ...{ unit: what },
    })),
    fc.record({
      op: fc.constant('reference'),
      param,
      type: present(fc.constantFrom('Patient', 'Basic', 'Group')),
      id: present(target),
      version: present(fc.constant('1')),
      url: present(fc.constantFrom('http://o/1', 'http://o/2')),
    }),
  )
  .map(withoutUndefined);

const leaf: fc.Arbitrary<SearchNode> = fc.oneof(
  { weight: 12, arbitrary: valueLeaf },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('composite' as const),
      param,
      parts: composed(valueLeaf, ({ op }) => op, plainLeaves),
    }),
  },
  fc.record({
    op: fc.constant('near' as const),
    param,
    latitude,
    longitude,
    meters: fc.constantFrom(0, 1_200, 6_000_000, 30_000_000),
  }),
  fc.tuple(prefix, interval(instant)).map(([by, span]): SearchNode => {
    return { op: 'lastUpdated', prefix: by, ...span };
  }),
  fc.record({ op: fc.constant('missing' as const), param, missing: fc.boolean() }),
  fc.record({ op: fc.constant('type' as const), types: fc.array(type, { maxLength: 2 }) }),
  {
    weight: 3,
    arbitrary: valueLeaf
      .filter(({ op }) => op === 'token' || op === 'string' || op === 'uri')
      .map((leaf): SearchNode => ({ op: 'other', leaf: leaf as TextLeaf })),
  },
  fc.record({ op: fc.constant('id' as const), ids: fc.array(id, { maxLength: 3 }) }),
);

const tree: fc.Arbitrary<SearchNode> = fc.letrec<{ node: SearchNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      nodes: fc.array(tie('node'), { maxLength: 4 }),
    }),
    tie('node').map((node): SearchNode => ({ op: 'not', node })),
    fc.record({
      op: fc.constantFrom('chain' as const, 'has' as const),
      param,
      type: fc.constantFrom('Patient', 'Basic', 'Group'),
      where: fc.oneof(tie('node'), fc.constant<SearchNode>({ op: 'and', nodes: [] })),
    }),
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

const anyQuery: fc.Arbitrary<SearchQuery> = fc.record({
  types: fc.constantFrom(['Patient'], ['Basic', 'Patient'], ['Basic'], ['Group', 'Patient']),
  where: tree,
  sort: fc.array(sortKey, { maxLength: 2 }),
  count: fc.constantFrom(0, 1, 2, 3, 50),
  total: fc.constantFrom('none' as const, 'accurate' as const),
});

/** What is asked most: the newest of a code. */
const newestOfCode = fc
  .tuple(anyQuery, code, fc.boolean())
  .map(([{ types, where, sort, ...rest }, value, descending]): SearchQuery => {
    const ofCode: SearchNode = { op: 'token', param: 'code', code: value };
    return {
      ...rest,
      types: [types[0]],
      where: { op: 'and', nodes: [ofCode, where] },
      sort: [{ param: 'date', kind: 'date', descending }, ...sort.slice(1)],
    };
  });

/** Both ends of a period. */
const withinPeriod = fc
  .tuple(anyQuery, interval(instant), fc.boolean())
  .map(([{ where, ...rest }, { lo, hi }, written]): SearchQuery => {
    const bound = (by: 'ge' | 'lt', at: number): SearchNode => {
      const span = { prefix: by, lo: at, hi: at + 1 };
      return written ? { op: 'lastUpdated', ...span } : { op: 'date', param: 'date', ...span };
    };
    return { ...rest, where: { op: 'and', nodes: [bound('ge', lo), bound('lt', hi), where] } };
  });

export const queryArbitrary: fc.Arbitrary<SearchQuery> = fc.oneof(
  { weight: 4, arbitrary: anyQuery },
  { weight: 1, arbitrary: newestOfCode },
  { weight: 1, arbitrary: withinPeriod },
);
