import { expect } from 'vitest';
import type { IndexEntry, SearchNode } from '../../src/fhir/search-ast.ts';
import type { Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { commit, idsOf, put, query, remove, token } from './store-fixture.ts';

const composite = { op: 'composite', param: 'code-value' } as const;
const systolic = { op: 'token', system: 'urn:loinc', code: '8480-6' } as const;
const diastolic = { op: 'token', code: '8462-4' } as const;
const above = (value: number) =>
  ({ op: 'quantity', prefix: 'gt', value, lo: value, hi: value }) as const;
const below = (value: number) => ({ ...above(value), prefix: 'lt' }) as const;
const kilograms = (prefix: 'gt' | 'le' | 'eq', value: number) =>
  ({ op: 'ucum', param: 'weight', prefix, value, lo: value, hi: value + 0.5, unit: 'g' }) as const;
const near = { op: 'near', param: 'near', latitude: 48.2, longitude: 16.37 } as const;

/** What a search finds among the readings below: title, tree, ids. */
const cases: readonly (readonly [string, SearchNode, readonly string[]])[] = [
  ['a composite in one element', { ...composite, parts: [systolic, above(140)] }, ['o1', 'o4']],
  ['no composite across elements', { ...composite, parts: [diastolic, above(140)] }, ['o2']],
  ['a composite by an open part', { ...composite, parts: [{ op: 'token' }, below(85)] }, ['o1']],
  [
    'no composite by its parts in other places',
    { ...composite, parts: [above(140), systolic] },
    [],
  ],
  ['no composite by fewer parts', { ...composite, parts: [systolic] }, []],
  ['no composite by more parts', { ...composite, parts: [systolic, above(140), systolic] }, []],
  [
    'a composite of three parts',
    {
      op: 'composite',
      param: 'place',
      parts: [
        { op: 'string', match: 'prefix', value: 'ch' },
        { op: 'number', prefix: 'ge', value: 5, lo: 5, hi: 5 },
        { op: 'date', prefix: 'eq', lo: 0, hi: 100 },
      ],
    },
    ['o3'],
  ],
  [
    'a composite of a reference and a uri',
    {
      op: 'composite',
      param: 'link',
      parts: [
        { op: 'reference', type: 'Patient', id: '1' },
        { op: 'uri', match: 'below', value: 'http://a' },
      ],
    },
    ['o3'],
  ],
  [
    'a composite in canonical units',
    {
      op: 'composite',
      param: 'code-value',
      parts: [
        { op: 'token', code: 'weight' },
        { op: 'ucum', prefix: 'gt', value: 1_000, lo: 1_000, hi: 1_000, unit: 'g' },
      ],
    },
    ['o5'],
  ],
  [
    'no composite under another parameter',
    { ...composite, param: 'x', parts: [systolic, above(1)] },
    [],
  ],
  ['no token by a part of a composite', { op: 'token', param: 'code-value', code: '8480-6' }, []],
  [
    'a composite as there',
    { op: 'missing', param: 'code-value', missing: false },
    ['o1', 'o2', 'o4', 'o5'],
  ],
  ['canonical quantities', kilograms('gt', 70_000), ['o1']],
  ['canonical quantities up to a bound', kilograms('le', 70_000), ['o2']],
  ['canonical quantities by implicit precision', kilograms('eq', 70_000), ['o2']],
  ['no canonical quantity of another unit', { ...kilograms('gt', 0), unit: 'm' }, []],
  ['no canonical quantity by the written one', { ...kilograms('eq', 70), unit: 'kg' }, []],
  ['positions around', { ...near, meters: 5_000 }, ['o1']],
  ['positions farther around', { ...near, meters: 70_000 }, ['o1', 'o2']],
  ['positions of half the world', { ...near, meters: 21_000_000 }, ['o1', 'o2', 'o3', 'o4']],
  ['a position at no distance', { ...near, latitude: -17, longitude: 179.9, meters: 0 }, ['o3']],
  [
    'positions across the date line',
    { ...near, latitude: -17, longitude: -179.9, meters: 30_000 },
    ['o3'],
  ],
  ['positions at a pole', { ...near, latitude: 90, longitude: 100, meters: 100 }, ['o4']],
  [
    'a position as there',
    { op: 'missing', param: 'near', missing: false },
    ['o1', 'o2', 'o3', 'o4'],
  ],
];

/** Entries beside the plain ones, by which nothing is sorted and everything is there. */
const besides: readonly IndexEntry[] = [
  { kind: 'ucum', param: 'n', value: 1, lo: 1, hi: 1, unit: 'g' },
  { kind: 'composite', param: 'n', parts: [{ kind: 'number', lo: 1, hi: 1, value: 1 }] },
  { kind: 'position', param: 'n', latitude: 1, longitude: 1 },
  { kind: 'string', param: 'n', folded: 'a', exact: 'a' },
];

/** Nodes that speak of several values of one element, or of a value worked out. */
export function elementLaws(define: DefineLaw): void {
  for (const [title, where, expected] of cases) {
    define(7, `search finds ${title}`, async (store) => {
      await populate(store);
      expect(await idsOf(store, where)).toEqual(expected);
      const negated = await idsOf(store, { op: 'not', node: where });
      expect(negated).toEqual(everyone.filter((id) => !expected.includes(id)));
      const counted = await store.search(query(where, { count: 0, total: 'accurate' }));
      expect(counted).toEqual({ matches: [], total: expected.length });
    });
  }

  define(7, 'a parameter is there by an entry of any kind, and sorts by its own', async (store) => {
    const plain: IndexEntry = { kind: 'number', param: 'n', lo: 9, hi: 9, value: 9 };
    const kinds = besides.map(({ kind }) => kind);
    const entries = besides.map((entry) => put(entry.kind, { index: [entry] }));
    await commit(store, [put('none'), ...entries, put('number', { index: [plain] })]);
    const there = { op: 'missing', param: 'n', missing: false } as const;
    expect(await idsOf(store, there)).toEqual([...kinds, 'number']);
    expect(await idsOf(store, { ...there, missing: true })).toEqual(['none']);
    for (const descending of [false, true]) {
      const sort = [{ param: 'n', kind: 'number', descending }] as const;
      expect(await idsOf(store, there, { sort })).toEqual(['number', ...kinds]);
    }
  });

  define(
    8,
    'replaced and deleted composites, positions and canonical quantities are gone',
    async (store) => {
      await populate(store);
      await commit(store, [put('o1', { index: [token('code', 'new')] }), remove('o2')]);
      expect(await idsOf(store, { ...composite, parts: [systolic, above(140)] })).toEqual(['o4']);
      expect(await idsOf(store, { ...composite, parts: [diastolic, above(140)] })).toEqual([]);
      expect(await idsOf(store, { ...near, meters: 70_000 })).toEqual([]);
      expect(await idsOf(store, kilograms('gt', 0))).toEqual([]);
      const there = { op: 'missing', param: 'near', missing: false } as const;
      expect(await idsOf(store, there)).toEqual(['o3', 'o4']);
      expect(await idsOf(store, { op: 'not', node: there })).toEqual(['o1', 'o5']);
    },
  );

  define(8, 'an index-only change replaces composites and positions', async (store) => {
    await populate(store);
    const index = [pressure('8462-4', 200), position(0, 0)];
    await commit(store, [{ op: 'index', type: 'Patient', id: 'o1', index }]);
    expect(await idsOf(store, { ...composite, parts: [systolic, above(140)] })).toEqual(['o4']);
    expect(await idsOf(store, { ...composite, parts: [diastolic, above(140)] })).toEqual([
      'o1',
      'o2',
    ]);
    expect(await idsOf(store, { ...near, latitude: 0, longitude: 0, meters: 1 })).toEqual(['o1']);
  });
}

const everyone = ['o1', 'o2', 'o3', 'o4', 'o5'];

async function populate(store: Store): Promise<void> {
  await commit(store, [
    put('o1', {
      index: [
        pressure('8480-6', 150),
        pressure('8462-4', 80),
        weight(82_500),
        position(48.21, 16.38),
      ],
    }),
    put('o2', {
      index: [
        pressure('8480-6', 130),
        pressure('8462-4', 145),
        weight(70_000),
        position(48.15, 17.1),
      ],
    }),
    put('o3', { index: [...placed, position(-17, 179.9)] }),
    put('o4', { index: [pressure('8480-6', 141), pressure('8462-4', 140), position(90, 0)] }),
    put('o5', {
      index: [
        {
          kind: 'composite',
          param: 'code-value',
          parts: [
            { kind: 'token', system: null, code: 'weight' },
            { kind: 'ucum', lo: 2_000, hi: 2_000, value: 2_000, unit: 'g' },
          ],
        },
      ],
    }),
  ]);
}

const placed: readonly IndexEntry[] = [
  {
    kind: 'composite',
    param: 'place',
    parts: [
      { kind: 'string', folded: 'chr1', exact: 'Chr1' },
      { kind: 'number', lo: 1, hi: 9, value: 5 },
      { kind: 'date', lo: 10, hi: 20 },
    ],
  },
  {
    kind: 'composite',
    param: 'link',
    parts: [
      { kind: 'reference', type: 'Patient', id: '1', version: null, url: null },
      { kind: 'uri', value: 'http://a/b' },
    ],
  },
];

function pressure(code: string, value: number): IndexEntry {
  const unit = { system: 'http://unitsofmeasure.org', code: 'mm[Hg]', unit: 'mmHg' };
  return {
    kind: 'composite',
    param: 'code-value',
    parts: [
      { kind: 'token', system: 'urn:loinc', code },
      { kind: 'quantity', lo: value, hi: value, value, ...unit },
    ],
  };
}

function weight(grams: number): IndexEntry {
  return { kind: 'ucum', param: 'weight', lo: grams, hi: grams, value: grams, unit: 'g' };
}

function position(latitude: number, longitude: number): IndexEntry {
  return { kind: 'position', param: 'near', latitude, longitude };
}
