import { expect } from 'vitest';
import { matchAll, type SortKey } from '../../src/fhir/search-ast.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, query, remove, text, token, walk } from './store-fixture.ts';

const byName: SortKey = { param: 'name', kind: 'string', descending: false };
const newest: SortKey = { param: '_lastUpdated', kind: 'lastUpdated', descending: true };

/** Law 7: what exists throughout a walk is seen exactly once. */
export function pagingLaws(define: DefineLaw): void {
  for (const [title, sort] of [
    ['in creation order', []],
    ['by a parameter', [byName]],
    ['newest first', [newest]],
    ['newest first, then by a parameter', [newest, byName]],
  ] as const) {
    define(7, `a walk ${title} sees each once while 1,000 writes happen`, async (store) => {
      const ids = Array.from({ length: 60 }, (_, n) => `p${n}`);
      await commit(
        store,
        ids.map((id, n) => person(id, (n * 37) % 60)),
      );
      let writes = 0;
      const write = async (page: number): Promise<void> => {
        const round = Array.from({ length: 120 }, (_, n) => {
          const id = n % 2 === 0 ? `p${(writes + n * 7) % 55}` : `new-${page}-${n}`;
          return commit(store, [person(id, (writes + n * 13) % 97)], { now: at(writes++) });
        });
        await Promise.all(round);
        // The last five are deleted on the way: they may be seen or not, but never twice.
        await commit(store, page <= 5 ? [remove(`p${54 + page}`)] : []);
      };
      const where = { op: 'token', param: 'kind', code: 'person' } as const;
      const seen = await walk(store, query(where, { sort, count: 6 }), write);
      expect(writes).toBeGreaterThanOrEqual(1_000);
      expect(seen.filter((id) => id.startsWith('new-'))).toEqual([]);
      expect(new Set(seen).size).toBe(seen.length);
      expect(ids.slice(0, 55).filter((id) => !seen.includes(id))).toEqual([]);
    });
  }

  define(7, 'pages have their size, and the last has no next', async (store) => {
    await commit(
      store,
      Array.from({ length: 4 }, (_, n) => person(`p${n}`, n)),
    );
    const first = await store.search(query(matchAll, { count: 2, total: 'accurate' }));
    expect([first.matches.length, first.total, typeof first.next]).toEqual([2, 4, 'string']);
    const last = await store.search(query(matchAll, { count: 2, cursor: first.next ?? '' }));
    expect([last.matches.length, last.total, last.next]).toEqual([2, 4, undefined]);
    expect((await store.search(query(matchAll, { count: 4 }))).next).toBeUndefined();
    expect(await store.search(query(matchAll, { count: 0 }))).toEqual({ matches: [] });
  });

  define(7, 'a cursor that the store did not make is refused', async (store) => {
    await commit(store, [person('a', 1), person('b', 2)]);
    const { next = '' } = await store.search(query(matchAll, { count: 1 }));
    for (const cursor of ['', 'x', 'W10', Buffer.from('{"a":1}').toString('base64url')]) {
      await expect(store.search(query(matchAll, { cursor }))).rejects.toMatchObject({
        issues: [{ code: 'cursor-invalid' }],
      });
      await expect(store.history({ count: 1, cursor })).rejects.toMatchObject({
        issues: [{ code: 'cursor-invalid' }],
      });
    }
    const otherSort = query(matchAll, { sort: [byName], cursor: next });
    await expect(store.search(otherSort)).rejects.toMatchObject({
      issues: [{ code: 'cursor-invalid' }],
    });
  });
}

function person(id: string, n: number) {
  return put(id, { index: [token('kind', 'person'), text('name', `name ${n}`)] });
}
