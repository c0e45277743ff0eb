import fc from 'fast-check';
import { expect } from 'vitest';
import type { SearchQuery } from '../../src/fhir/search-ast.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { changesArbitrary, queryArbitrary } from './search-arbitrary.ts';

/** What of a store takes part. */
export type SearchedStore = Pick<Store, 'commit' | 'search'>;

/** A site's life: commits, then searches walked page by page with more commits between the pages. */
export const lifeArbitrary = fc.record({
  before: fc.array(changesArbitrary, { minLength: 1, maxLength: 5 }),
  between: fc.array(changesArbitrary, { maxLength: 3 }),
  queries: fc.array(queryArbitrary, { minLength: 8, maxLength: 30 }),
});

export type Life = typeof lifeArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** The first store says what is right. */
export async function live(
  { before, between, queries }: Life,
  stores: readonly [SearchedStore, SearchedStore],
): Promise<void> {
  let second = 0;
  const write = async (changes: readonly Change[]): Promise<void> => {
    const now = new Date(++second * 1_000);
    await Promise.all(stores.map((store) => store.commit({ now, changes, origin: 'test' })));
  };
  for (const changes of before) await write(changes);
  for (const query of queries) {
    const [expected, found] = await Promise.all(stores.map((store) => firstPage(store, query)));
    expect(found).toEqual(expected);
  }
  const walks = queries.map((query) => ({ query, cursors: [] as (string | undefined)[] }));
  for (const changes of [[], ...between]) {
    await write(changes);
    for (const walk of walks) {
      const pages = await Promise.all(
        stores.map((store, at) => store.search(from(walk.query, walk.cursors[at]))),
      );
      walk.cursors = pages.map(({ next }) => next);
      const [expected, found] = pages.map(({ next, ...page }) => ({
        ...page,
        more: next !== undefined,
      }));
      expect(found).toEqual(expected);
    }
  }
}

async function firstPage(store: SearchedStore, query: SearchQuery) {
  const page = await store.search({ ...query, total: 'accurate' });
  return { ids: page.matches.map(({ id }) => id), total: page.total };
}

/** Cursors are each store's own. */
function from(query: SearchQuery, cursor: string | undefined): SearchQuery {
  return cursor === undefined ? query : { ...query, cursor };
}
