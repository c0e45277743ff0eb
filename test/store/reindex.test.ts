import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { at, commit, idsOf, put, remove } from '../contract/store-fixture.ts';
import {
  begin,
  count,
  countOf,
  hasColor,
  ids,
  indexed,
  noColor,
  populate,
  red,
  until,
  walkOf,
} from './colored-patients.ts';

const populated = (parameters: Parameters<typeof populate>[1]): Promise<Store> =>
  populate(openMemoryStore(), parameters);

describe('reindexing', () => {
  it('costs nothing where there are no resources', async () => {
    const store = openMemoryStore();
    const first = await begin(store, { color: 1 });
    expect(first.unfinished()).toEqual([]);
    expect(first.isUnfinished('Patient', 'color')).toBe(false);
    await first.idle();
    const { seq } = await commit(store, []);
    const second = await begin(store, { color: 1 });
    await second.idle();
    expect((await commit(store, [])).seq).toBe(seq + 1);
    const third = await begin(store, { color: 2 });
    expect(third.unfinished()).toEqual([]);
  });

  it('indexes what an earlier start wrote by a parameter that is new', async () => {
    const store = await populated({ size: 1 });
    expect(await idsOf(store, red)).toEqual([]);
    const reindex = await begin(store, { size: 1, color: 1 });
    expect(reindex.unfinished()).toEqual([{ type: 'Patient', done: 0, total: count }]);
    expect(reindex.isUnfinished('Patient', 'color')).toBe(true);
    expect(reindex.isUnfinished('Patient', 'size')).toBe(false);
    expect(reindex.isUnfinished('Basic', 'color')).toBe(false);
    await reindex.idle();
    expect(reindex.unfinished()).toEqual([]);
    expect(reindex.isUnfinished('Patient', 'color')).toBe(false);
    expect(await countOf(store, red)).toBe(count / 2);
    expect(await countOf(store, { op: 'missing', param: 'size', missing: true })).toBe(0);
    const { versions } = await store.history({ type: 'Patient', count: 1 });
    expect(versions[0]?.versionId).toBe('1');
    expect((await store.history({ count: 0 })).total).toBe(count);
  });

  it('takes the entries of a parameter away that is no more', async () => {
    const store = await populated({ size: 1, color: 1 });
    expect(await countOf(store, noColor)).toBe(0);
    await (await begin(store, { size: 1 })).idle();
    expect(await countOf(store, noColor)).toBe(count);
    expect(await countOf(store, { op: 'missing', param: 'size', missing: true })).toBe(0);
  });

  it('indexes a type anew of which nothing is known, and trusts none of its parameters', async () => {
    const store = openMemoryStore();
    await commit(store, [put('old', { content: { color: 'red' } })]);
    const reindex = await begin(store, { color: 1 });
    expect(reindex.isUnfinished('Patient', 'color')).toBe(true);
    await reindex.idle();
    expect(await idsOf(store, red)).toEqual(['old']);
  });

  it('goes on where a stopped start stood', async () => {
    const store = await populated({});
    const first = await begin(store, { color: 1 });
    await until(() => (first.unfinished()[0]?.done ?? 0) >= 300);
    await first.stop();
    await expect(first.idle()).rejects.toThrow();
    const walk = await walkOf(store);
    expect(walk?.done).toBeGreaterThanOrEqual(300);
    expect(walk?.done).toBeLessThan(count);
    expect(await countOf(store, hasColor)).toBe(walk?.done);
    const indexed: string[] = [];
    const onExtract = (id: string) => indexed.push(id);
    const second = await begin(store, { color: 1 }, { holder: 'next', onExtract });
    expect(second.isUnfinished('Patient', 'color')).toBe(true);
    await second.idle();
    expect(indexed).toEqual(ids.slice(walk?.done));
    expect(await countOf(store, hasColor)).toBe(count);
  });

  it('begins anew where the parameters changed again before it was through', async () => {
    const store = await populated({ size: 1 });
    const first = await begin(store, { size: 1, color: 1 });
    await until(() => (first.unfinished()[0]?.done ?? 0) >= 300);
    await first.stop();
    const again: string[] = [];
    const second = await begin(store, { size: 1 }, { onExtract: (id) => again.push(id) });
    expect(second.isUnfinished('Patient', 'size')).toBe(false);
    await second.idle();
    expect(again).toEqual(ids);
    expect(await countOf(store, noColor)).toBe(count);
    expect(await countOf(store, { op: 'missing', param: 'size', missing: true })).toBe(0);
  });

  it('trusts no parameter that a start which was stopped had begun to change', async () => {
    const store = await populated({ color: 1 });
    const first = await begin(store, { color: 2 });
    await until(() => (first.unfinished()[0]?.done ?? 0) >= 300);
    await first.stop();
    expect(await countOf(store, red)).toBeLessThan(count / 2);
    const second = await begin(store, { color: 1 });
    expect(second.isUnfinished('Patient', 'color')).toBe(true);
    await second.idle();
    expect(await countOf(store, red)).toBe(count / 2);
  });

  it('leaves what is written meanwhile to its writer', async () => {
    const store = await populated({});
    const wanted = { color: 1 };
    const green = { color: 'green' };
    const slow = racing(store, async () => {
      await commit(store, [
        indexed('p5', green, wanted),
        indexed('p150', green, wanted),
        remove('p7'),
        indexed('new', green, wanted),
      ]);
      await commit(store, [remove('p9')]);
      await commit(store, [indexed('p9', green, wanted)]);
    });
    await (await begin(slow, wanted)).idle();
    const found = await idsOf(store, { op: 'token', param: 'color', code: 'green' });
    expect(found).toEqual(['p5', 'p9', 'p150', 'new']);
    const others = watched.map((id) => ({ op: 'id', ids: [id] }) as const);
    const either = { op: 'or', nodes: others } as const;
    const notGreen = { op: 'not', node: { op: 'token', param: 'color', code: 'green' } } as const;
    expect(await idsOf(store, { op: 'and', nodes: [either, notGreen] })).toEqual([]);
    expect(await countOf(store, hasColor)).toBe(count);
    expect(await countOf(store, noColor)).toBe(0);
  });

  it('is done by one of two processes; the other waits for it', async () => {
    const store = await populated({});
    const indexed: string[] = [];
    const [first, second] = await Promise.all(
      ['a', 'b'].map((holder) =>
        begin(store, { color: 1 }, { holder, onExtract: (id) => indexed.push(id) }),
      ),
    );
    await Promise.all([first?.idle(), second?.idle()]);
    expect(indexed.toSorted()).toEqual(ids.toSorted());
    expect([first?.unfinished(), second?.unfinished()]).toEqual([[], []]);
    expect(await countOf(store, hasColor)).toBe(count);
  });

  it('is taken over from a process that is silent, which then leaves it alone', async () => {
    const store = await populated({});
    let now = at(10);
    const silence = Promise.withResolvers<undefined>();
    const byFirst: string[] = [];
    const first = await begin(
      racing(store, () => silence.promise, 3),
      { color: 1 },
      { holder: 'first', clock: () => now, onExtract: (id) => byFirst.push(id) },
    );
    await until(async () => (await walkOf(store))?.done === 200);
    const byHeir: string[] = [];
    const heir = await begin(
      store,
      { color: 1 },
      { holder: 'heir', clock: () => now, onExtract: (id) => byHeir.push(id) },
    );
    await setTimeout(50);
    expect(byHeir).toEqual([]);
    expect(heir.unfinished()).toEqual([{ type: 'Patient', done: 200, total: count }]);
    now = new Date(now.getTime() + limits.reindexLeaseMs);
    await until(() => byHeir.length > 0);
    silence.resolve(undefined);
    await Promise.all([heir.idle(), first.idle()]);
    expect(byHeir).toEqual(ids.slice(200));
    expect(byFirst).toEqual(ids.slice(0, 300));
    expect(await countOf(store, hasColor)).toBe(count);
  });

  it('passes over what cannot be read, and indexes the rest', async () => {
    const store = await populated({});
    const faults: object[] = [];
    const reindex = await begin(
      store,
      { color: 1 },
      {
        onExtract: (id) => {
          if (id === 'p8') throw new Error('odd');
        },
        onError: (fields) => faults.push(fields),
      },
    );
    await reindex.idle();
    expect(faults).toMatchObject([{ type: 'Patient', id: 'p8' }]);
    expect(await countOf(store, hasColor)).toBe(count - 1);
  });

  it('tries again after a fault of the store', async () => {
    const store = await populated({});
    let failed = false;
    const shaky: Store = {
      ...store,
      search: (query) => {
        if (failed) return store.search(query);
        failed = true;
        return Promise.reject(new Error('away'));
      },
    };
    const faults: object[] = [];
    await (await begin(shaky, { color: 1 }, { onError: (fields) => faults.push(fields) })).idle();
    expect(faults).toHaveLength(1);
    expect(await countOf(store, hasColor)).toBe(count);
  });
});

const watched = ['p5', 'p7', 'p9', 'new', 'p150'];

/** The store, where something happens between the reading of the n-th page and its commit. */
function racing(store: Store, happen: () => Promise<unknown>, page = 1): Store {
  let pages = 0;
  return {
    ...store,
    search: async (query) => {
      const found = await store.search(query);
      pages += 1;
      if (pages === page) await happen();
      return found;
    },
  };
}
