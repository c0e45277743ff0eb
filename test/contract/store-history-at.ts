import { expect } from 'vitest';
import type { HistoryQuery, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, remove } from './store-fixture.ts';

/**
 * Law 6: history at a time. A version is current from its own instant until the next version's; a deletion
 * is current, as deleted, like any other version.
 */
export function historyAtLaws(define: DefineLaw): void {
  const cases: readonly [string, number, number, readonly string[]][] = [
    ['before everything', 0, 10, []],
    ['up to the first instant, which is not in it', 5, 10, []],
    ['the very instant of a version', 10, 10.001, ['a/1']],
    ['between two versions', 12, 15, ['b/1', 'a/1']],
    ['until a version comes, which is not in it', 12, 20, ['b/1', 'a/1']],
    ['from the instant that ends a version', 20, 25, ['a/2', 'b/1']],
    ['across a change', 19, 21, ['a/2', 'b/1', 'a/1']],
    ['while one is deleted', 31, 32, ['a/3', 'b/1']],
    ['across a whole life', 0, 100, ['b/2', 'a/4', 'a/3', 'a/2', 'b/1', 'a/1']],
    ['after everything', 60, 70, ['b/2', 'a/4']],
    ['no time at all', 12, 12, []],
  ];
  for (const [title, from, to, expected] of cases) {
    define(6, `history at a time: ${title}`, async (store) => {
      await live(store);
      const query = { at: { from: at(from), to: at(to) } };
      const whole = await store.history({ ...query, count: 100 });
      expect(labels(whole)).toEqual(expected);
      expect(whole.total).toBe(expected.length);
      expect(await walked(store, query)).toEqual(expected);
      const patients = await store.history({ ...query, type: 'Patient', count: 100 });
      expect(labels(patients)).toEqual(expected);
      const one = await store.history({ ...query, type: 'Patient', id: 'a', count: 100 });
      expect(labels(one)).toEqual(expected.filter((label) => label.startsWith('a/')));
    });
  }

  define(
    6,
    'history at a time: of versions in one millisecond each was current at it, the last also after it',
    async (store) => {
      await commit(store, [put('a'), put('a', { content: { active: true } })], { now: at(1) });
      await commit(store, [put('a')], { now: at(1) });
      await commit(store, [put('a')], { now: at(2) });
      const whole = await store.history({ at: { from: at(0), to: at(9) }, count: 10 });
      expect(labels(whole)).toEqual(['a/4', 'a/3', 'a/2', 'a/1']);
      const first = await store.history({ at: { from: at(1), to: at(1.001) }, count: 10 });
      expect(labels(first)).toEqual(['a/3', 'a/2', 'a/1']);
      const after = await store.history({ at: { from: at(1.001), to: at(1.5) }, count: 10 });
      expect(labels(after)).toEqual(['a/3']);
    },
  );

  define(6, 'history at a time and since an instant takes what fulfils both', async (store) => {
    await live(store);
    const query = { at: { from: at(19), to: at(35) }, since: at(20) };
    expect(labels(await store.history({ ...query, count: 10 }))).toEqual(['a/3', 'a/2']);
  });
}

/** a: created at 10, changed at 20, deleted at 30, created anew at 40. b: created at 11, changed at 50. */
async function live(store: Store): Promise<void> {
  await commit(store, [put('a')], { now: at(10) });
  await commit(store, [put('b')], { now: at(11) });
  await commit(store, [put('a')], { now: at(20) });
  await commit(store, [remove('a')], { now: at(30) });
  await commit(store, [put('a')], { now: at(40) });
  await commit(store, [put('b')], { now: at(50) });
}

async function walked(store: Store, query: Omit<HistoryQuery, 'count'>): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await store.history({ ...query, count: 2, ...from });
    seen.push(...labels(page));
    cursor = page.next;
  } while (cursor !== undefined);
  return seen;
}

function labels({ versions }: { versions: readonly { id: string; versionId: string }[] }) {
  return versions.map(({ id, versionId }) => `${id}/${versionId}`);
}
