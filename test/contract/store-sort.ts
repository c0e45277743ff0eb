import { expect } from 'vitest';
import { matchAll, type SortKey } from '../../src/fhir/search-ast.ts';
import type { Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, date, idsOf, put, query, remove, text, token, walk } from './store-fixture.ts';

const up = (param: string, kind: SortKey['kind']): SortKey => ({ param, kind, descending: false });
const down = (param: string, kind: SortKey['kind']): SortKey => ({ param, kind, descending: true });

/** What a sort gives for the people below: title, keys, ids. Missing values come last, both ways. */
const sortCases: readonly (readonly [string, readonly SortKey[], readonly string[]])[] = [
  ['nothing: creation order', [], ['c', 'a', 'd', 'b', 'e']],
  ['_id', [up('_id', 'id')], ['a', 'b', 'c', 'd', 'e']],
  ['_id descending', [down('_id', 'id')], ['e', 'd', 'c', 'b', 'a']],
  ['_lastUpdated', [up('_lastUpdated', 'lastUpdated')], ['a', 'd', 'b', 'e', 'c']],
  ['_lastUpdated descending', [down('_lastUpdated', 'lastUpdated')], ['c', 'e', 'b', 'd', 'a']],
  ['string, the least of several', [up('name', 'string')], ['a', 'd', 'b', 'c', 'e']],
  ['string descending, the greatest', [down('name', 'string')], ['a', 'c', 'b', 'd', 'e']],
  ['token by code', [up('gender', 'token')], ['c', 'd', 'a', 'b', 'e']],
  ['date by its start', [up('born', 'date')], ['c', 'b', 'a', 'd', 'e']],
  ['date by its start, descending', [down('born', 'date')], ['a', 'b', 'c', 'd', 'e']],
  ['number', [up('n', 'number')], ['b', 'a', 'c', 'd', 'e']],
  ['number descending', [down('n', 'number')], ['a', 'b', 'c', 'd', 'e']],
  ['uri', [up('url', 'uri')], ['b', 'a', 'c', 'd', 'e']],
  ['reference', [up('ref', 'reference')], ['d', 'b', 'c', 'a', 'e']],
  ['reference descending', [down('ref', 'reference')], ['c', 'b', 'd', 'a', 'e']],
  ['two keys', [up('gender', 'token'), down('born', 'date')], ['c', 'd', 'a', 'b', 'e']],
  ['a parameter nobody has', [up('none', 'date')], ['c', 'a', 'd', 'b', 'e']],
];

/** Law 7 for sorted searches. */
export function sortLaws(define: DefineLaw): void {
  for (const [title, sort, expected] of sortCases) {
    define(7, `sorted by ${title}`, async (store) => {
      await populate(store);
      expect(await idsOf(store, matchAll, { sort })).toEqual(expected);
      for (const count of [1, 2, 3]) {
        expect(await walk(store, query(matchAll, { sort, count }))).toEqual(expected);
      }
    });

    define(7, `sorted by ${title}, a walk outlives rewriting everything`, async (store) => {
      await populate(store);
      const rewrite = async (page: number): Promise<void> => {
        const index = [text('name', `Z${page}`), date('born', -page, 0), token('gender', 'zz')];
        const changes = ['a', 'b', 'c', 'd', 'e'].map((id) => put(id, { index }));
        await commit(store, [put(`0${page}`, { index }), ...changes], { now: at(100 + page) });
      };
      expect(await walk(store, query(matchAll, { sort, count: 1 }), rewrite)).toEqual(expected);
    });
  }

  define(7, 'a sorted walk passes over what is deleted or no longer matches', async (store) => {
    await populate(store);
    const where = { op: 'missing', param: 'name', missing: false } as const;
    const sort = [up('name', 'string')];
    const change = async (page: number): Promise<void> => {
      if (page === 1) await commit(store, [put('d'), remove('b'), put('new')]);
    };
    expect(await walk(store, query(where, { sort, count: 1 }), change)).toEqual(['a', 'c']);
  });

  define(7, 'a sorted walk keeps its count', async (store) => {
    await populate(store);
    const first = await store.search(
      query(matchAll, { sort: [up('_id', 'id')], count: 2, total: 'accurate' }),
    );
    await commit(store, [remove('e'), put('f'), put('g')]);
    const second = await store.search(
      query(matchAll, { sort: [up('_id', 'id')], total: 'accurate', cursor: first.next ?? '' }),
    );
    expect([first.total, second.total]).toEqual([5, 5]);
    expect(second.matches.map(({ id }) => id)).toEqual(['c', 'd']);
  });
}

async function populate(store: Store): Promise<void> {
  const ref = (type: string, id: string) =>
    ({ kind: 'reference', param: 'ref', type, id, version: null, url: null }) as const;
  const number = (value: number) =>
    ({ kind: 'number', param: 'n', lo: value, hi: value, value }) as const;
  const uri = (value: string) => ({ kind: 'uri', param: 'url', value }) as const;
  const url = { kind: 'reference', param: 'ref', type: null, id: null, version: null } as const;
  await commit(
    store,
    [
      put('c', {
        index: [
          text('name', 'Meyer'),
          token('gender', 'female'),
          date('born', -500, 10),
          { ...url, url: 'http://z' },
        ],
      }),
      put('a', {
        index: [
          text('name', 'Abel'),
          text('name', 'Zorn'),
          token('gender', 'male'),
          date('born', 9_000, 9_001),
          number(10),
          uri('http://b'),
        ],
      }),
    ],
    { now: at(1) },
  );
  await commit(
    store,
    [
      put('d', {
        index: [text('name', 'Beck'), token('gender', 'female'), ref('Device', '9')],
      }),
    ],
    { now: at(2) },
  );
  await commit(
    store,
    [
      put('b', {
        index: [
          text('name', 'Lang'),
          token('gender', 'male'),
          date('born', 0, Infinity),
          number(9.5),
          uri('http://a'),
          ref('Patient', '1'),
        ],
      }),
    ],
    { now: at(3) },
  );
  await commit(store, [put('e')], { now: at(4) });
  const current = await store.read('Patient', 'c');
  const index = [
    text('name', 'Meyer'),
    token('gender', 'female'),
    date('born', -500, 10),
    { ...url, url: 'http://z' },
  ];
  expect(current?.versionId).toBe('1');
  await commit(store, [put('c', { index })], { now: at(5) });
}
