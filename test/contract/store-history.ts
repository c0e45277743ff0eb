import { expect } from 'vitest';
import type { HistoryQuery, Store } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, remove } from './store-fixture.ts';

/** Law 6: one order of everything. */
export function historyLaws(define: DefineLaw): void {
  define(6, 'seq grows by commit, also for commits without changes', async (store) => {
    const seqs = [];
    for (const changes of [[put('a')], [], [put('b'), put('c')]]) {
      seqs.push((await commit(store, changes)).seq);
    }
    expect(seqs).toEqual([1, 2, 3]);
  });

  const levels: readonly [string, Pick<HistoryQuery, 'type' | 'id'>, readonly string[]][] = [
    ['system', {}, ['a/4', 'x/1', 'a/3', 'c/1', 'b/2', 'b/1', 'a/2', 'a/1']],
    ['type', { type: 'Patient' }, ['a/4', 'a/3', 'c/1', 'b/2', 'b/1', 'a/2', 'a/1']],
    ['instance', { type: 'Patient', id: 'a' }, ['a/4', 'a/3', 'a/2', 'a/1']],
  ];
  for (const [level, scope, expected] of levels) {
    define(6, `history of the ${level} is newest first, whole, page by page`, async (store) => {
      await populate(store);
      const whole = await store.history({ ...scope, count: 100 });
      expect(labels(whole.versions)).toEqual(expected);
      expect(whole).toMatchObject({ total: expected.length });
      expect(whole.next).toBeUndefined();
      for (const count of [1, 2, 3]) {
        expect(await pages(store, { ...scope, count })).toEqual({
          seen: expected,
          totals: new Set([expected.length]),
        });
      }
    });

    define(6, `history of the ${level} since an instant takes it in`, async (store) => {
      await populate(store);
      const expectedSince = expected.filter((label) => (updatedAt[label] ?? 0) >= 3);
      const page = await store.history({ ...scope, count: 100, since: at(3) });
      expect(labels(page.versions)).toEqual(expectedSince);
      expect(page.total).toBe(expectedSince.length);
      const walked = await pages(store, { ...scope, count: 2, since: at(3) });
      expect(walked.seen).toEqual(expectedSince);
    });
  }

  define(6, 'a history walk sees what was there when it began', async (store) => {
    await populate(store);
    let n = 0;
    const between = async (): Promise<void> => {
      await commit(store, [put(`new${n++}`), put('a'), remove('b')]);
    };
    const [, , expected] = levels[0] ?? [];
    expect(await pages(store, { count: 2 }, between)).toEqual({
      seen: expected,
      totals: new Set([8]),
    });
  });

  define(6, 'history of what never was is empty; count 0 counts', async (store) => {
    await populate(store);
    const nothing = { versions: [], total: 0 };
    expect(await store.history({ type: 'Group', count: 5 })).toEqual(nothing);
    expect(await store.history({ type: 'Patient', id: 'zz', count: 5 })).toEqual(nothing);
    expect(await store.history({ count: 0 })).toEqual({ versions: [], total: 8 });
  });
}

const updatedAt: Readonly<Record<string, number>> = {
  'a/1': 1,
  'a/2': 2,
  'b/1': 2,
  'b/2': 3,
  'c/1': 3,
  'a/3': 4,
  'x/1': 4,
  'a/4': 5,
};

async function populate(store: Store): Promise<void> {
  await commit(store, [put('a')], { now: at(1) });
  await commit(store, [put('a'), put('b')], { now: at(2) });
  await commit(store, [put('b'), put('c')], { now: at(3) });
  await commit(store, [remove('a'), put('x', { type: 'Basic' })], { now: at(4) });
  await commit(store, [put('a')], { now: at(5) });
}

function labels(versions: readonly { id: string; versionId: string }[]): string[] {
  return versions.map(({ id, versionId }) => `${id}/${versionId}`);
}

async function pages(
  store: Store,
  first: HistoryQuery,
  between: () => Promise<void> = () => Promise.resolve(),
) {
  const seen: string[] = [];
  const totals = new Set<number>();
  let cursor: string | undefined;
  do {
    const page = await store.history(cursor === undefined ? first : { ...first, cursor });
    seen.push(...labels(page.versions));
    totals.add(page.total);
    cursor = page.next;
    await between();
  } while (cursor !== undefined);
  return { seen, totals };
}
