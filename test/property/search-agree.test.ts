import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Change, Store } from '../../src/store/store.ts';
import type { SearchQuery } from '../../src/fhir/search-ast.ts';
import { temporaryFolders } from '../store/temporary-folder.ts';
import { changesArbitrary, queryArbitrary } from './search-arbitrary.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** A site's life: commits, then searches walked page by page with more commits between the pages. */
const lifeArbitrary = fc.record({
  before: fc.array(changesArbitrary, { minLength: 1, maxLength: 5 }),
  between: fc.array(changesArbitrary, { maxLength: 3 }),
  queries: fc.array(queryArbitrary, { minLength: 1, maxLength: 8 }),
});

describe('search', () => {
  it('gives the same pages from memory and SQLite, whatever is asked and written', async () => {
    await fc.assert(
      fc.asyncProperty(lifeArbitrary, async ({ before, between, queries }) => {
        const memory = openMemoryStore();
        const sqlite = await openSqliteStore({ file: `${folders.make()}/weir.db` });
        try {
          const stores = [memory, sqlite] as const;
          let second = 0;
          const write = async (changes: readonly Change[]): Promise<void> => {
            const now = new Date(++second * 1_000);
            await Promise.all(
              stores.map((store) => store.commit({ now, changes, origin: 'test' })),
            );
          };
          for (const changes of before) await write(changes);
          for (const query of queries) {
            const [expected, found] = [
              await firstPage(memory, query),
              await firstPage(sqlite, query),
            ];
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
        } finally {
          await sqlite.close();
        }
      }),
      { numRuns: 300 },
    );
  });
});

async function firstPage(store: Store, query: SearchQuery) {
  const page = await store.search({ ...query, total: 'accurate' });
  return { ids: page.matches.map(({ id }) => id), total: page.total };
}

/** Cursors are each store's own. */
function from(query: SearchQuery, cursor: string | undefined): SearchQuery {
  return cursor === undefined ? query : { ...query, cursor };
}
