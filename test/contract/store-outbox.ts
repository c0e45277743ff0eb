import { expect } from 'vitest';
import type { OutboxEvent } from '../../src/store/store.ts';
import type { DefineLaw } from './store.ts';
import { at, commit, put, refusalOf, remove } from './store-fixture.ts';

/** Law 10: the outbox. */
export function outboxLaws(define: DefineLaw): void {
  define(10, 'each changed version is one row, oldest first', async (store) => {
    await commit(store, [put('a'), put('b')], { now: at(1), origin: 'feed:ehr' });
    await commit(store, [put('a', { skipIfSame: true }), remove('b'), remove('none')], {
      now: at(2),
      origin: 'rest',
    });
    const rows = await store.outbox.pending(10);
    expect(rows).toMatchObject([
      { seq: 1, type: 'Patient', id: 'a', versionId: '1', method: 'POST', origin: 'feed:ehr' },
      { seq: 1, type: 'Patient', id: 'b', versionId: '1', method: 'POST', origin: 'feed:ehr' },
      { seq: 2, type: 'Patient', id: 'b', versionId: '2', method: 'DELETE', origin: 'rest' },
    ]);
    expect(rows.map((row) => row.at)).toEqual([at(1), at(1), at(2)]);
    const positions = rows.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(await store.outbox.pending(1)).toEqual(rows.slice(0, 1));
  });

  define(10, 'a row is handed out until a commit marks it done, once', async (store) => {
    await commit(store, [put('a'), put('b')]);
    const [first, second] = await store.outbox.pending(10);
    const done = { outboxDone: [{ position: first?.position ?? 0 }] };
    expect(await store.outbox.pending(10)).toHaveLength(2);
    const outcomes = await Promise.allSettled([
      commit(store, [put('c')], done),
      commit(store, [put('d')], done),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await refusalOf(commit(store, [], done))).toEqual({ kind: 'outbox-done', index: 0 });
    const left = await store.outbox.pending(10);
    expect(left.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(left[0]).toEqual(second);
  });

  define(10, 'rows after a position are had without those before it', async (store) => {
    await commit(store, [put('a'), put('b'), put('c'), put('d')]);
    const rows = await store.outbox.pending(10);
    const [first, second, third, last] = rows.map(({ position }) => position);
    await commit(store, [], { outboxDone: [{ position: third ?? 0 }] });
    expect((await store.outbox.pending(10, first)).map(({ id }) => id)).toEqual(['b', 'd']);
    expect(await store.outbox.pending(1, first)).toEqual(rows.slice(1, 2));
    expect((await store.outbox.pending(10, second)).map(({ id }) => id)).toEqual(['d']);
    expect(await store.outbox.pending(10, last)).toEqual([]);
  });

  define(
    10,
    'what consumers drop half-way comes again; each has its effect once',
    async (store) => {
      const writes = Array.from({ length: 60 }, (_, n) => commit(store, [put(`p${n}`)]));
      await Promise.all(writes);
      const handedOut = new Map<number, number>();
      /** Every third row is dropped when it is first seen, as by a consumer that ends in the middle. */
      const consume = async ({ position }: OutboxEvent): Promise<void> => {
        const times = (handedOut.get(position) ?? 0) + 1;
        handedOut.set(position, times);
        if (position % 3 === 0 && times === 1) return;
        const effect = { audit: [{ event: `${position}` }], outboxDone: [{ position }] };
        await commit(store, [], effect).catch(() => undefined);
      };
      const consumer = async (): Promise<void> => {
        for (;;) {
          const rows = await store.outbox.pending(7);
          if (rows.length === 0) return;
          for (const row of rows) await consume(row);
        }
      };
      await Promise.all(Array.from({ length: 4 }, consumer));
      const effects = (await store.audit.rows(0, 1_000)).map(({ event }) => Number(event));
      expect(effects).toHaveLength(60);
      expect(new Set(effects)).toEqual(new Set(handedOut.keys()));
      expect(Math.max(...handedOut.values())).toBeGreaterThan(1);
    },
  );

  define(10, 'undone rows are there after opening again', async (_store, open) => {
    await commit(open.store, [put('a'), put('b')]);
    const [first, second] = await open.store.outbox.pending(10);
    await commit(open.store, [], { outboxDone: [{ position: first?.position ?? 0 }] });
    const again = await open.reopen();
    expect(await again.outbox.pending(10)).toEqual([second]);
    await again.close();
  });

  define(10, 'listeners hear of added rows, and of nothing else', async (store) => {
    let heard = 0;
    const stop = store.outbox.onAppend(() => {
      heard += 1;
    });
    await Promise.all([commit(store, [put('a')]), commit(store, [put('b')])]);
    await turn();
    expect(heard).toBe(1);
    await commit(store, [], { state: [{ key: 'k', value: 'v' }] });
    await commit(store, [put('a', { skipIfSame: true })]);
    await commit(store, [put('a', { expect: 'absent' })]).catch(() => undefined);
    await turn();
    expect(heard).toBe(1);
    stop();
    await commit(store, [put('c')]);
    await turn();
    expect(heard).toBe(1);
  });
}

/** Long enough for what is called once per turn. */
async function turn(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
}
