import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { SearchQuery } from '../../src/fhir/search-ast.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { changesArbitrary, queryArbitrary } from './search-arbitrary.ts';
import { folders, storesUnderTest } from './stores-under-test.ts';

afterAll(() => folders.remove());

/** A site's life: commits, then searches walked page by page with more commits between the pages. */
const lifeArbitrary = fc.record({
  before: fc.array(changesArbitrary, { minLength: 1, maxLength: 5 }),
  between: fc.array(changesArbitrary, { maxLength: 3 }),
  queries: fc.array(queryArbitrary, { minLength: 8, maxLength: 30 }),
});

type Life = typeof lifeArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

describe('search', () => {
  // A longer round: WEIR_TEST_ROUNDS=20 runs twenty times as many.
  const rounds = Number(process.env['WEIR_TEST_ROUNDS'] ?? 1);
  for (const { name, open, absent = '', runs } of storesUnderTest) {
    const title = `gives the same pages from memory and ${name}, whatever is asked and written`;
    it.skipIf(open === undefined)(
      open ? title : `${title} (skipped: ${absent})`,
      async () => {
        await fc.assert(
          fc.asyncProperty(lifeArbitrary, async (life) => {
            const other = await open?.();
            if (other === undefined) throw new Error('There is no store to compare with');
            try {
              await live(life, [openMemoryStore(), other]);
            } finally {
              await other.close();
            }
          }),
          { numRuns: runs * rounds },
        );
      },
      120_000 * rounds,
    );
  }
});

/** The first store says what is right. */
async function live(
  { before, between, queries }: Life,
  stores: readonly [Store, Store],
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

async function firstPage(store: Store, query: SearchQuery) {
  const page = await store.search({ ...query, total: 'accurate' });
  return { ids: page.matches.map(({ id }) => id), total: page.total };
}

/** Cursors are each store's own. */
function from(query: SearchQuery, cursor: string | undefined): SearchQuery {
  return cursor === undefined ? query : { ...query, cursor };
}
