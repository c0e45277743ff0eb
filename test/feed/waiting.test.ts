import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultFeed } from '../../src/feed/feed.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { CommitRefused, type JournalChange, type Store } from '../../src/store/store.ts';
import { codeOf, ehr, lab, processorOn, type Said } from './pipeline-fixture.ts';

const journaled = { feeds: () => [{ ...ehr, ackMode: 'journaled' } as const, defaultFeed] };
const committed = { feeds: () => [ehr, defaultFeed] };

const stores: readonly (readonly [string, () => Promise<Store>])[] = [
  ['memory', async () => openMemoryStore()],
  [
    'sqlite',
    async () => openSqliteStore({ file: join(mkdtempSync(join(tmpdir(), 'weir-')), 'weir.db') }),
  ],
];

/** Acknowledges messages, and dies before it processes any. */
async function leaveWaiting(store: Store, said: readonly Said[]): Promise<void> {
  const dead: Store = { ...store, commit: () => new Promise(() => undefined) };
  let count = 0;
  // The process after it counts from the beginning.
  const newId = (): string => `earlier-${String((count += 1)).padStart(6, '0')}`;
  const { send } = processorOn(dead, { ...journaled, newId });
  for (const one of said) await send(one);
}

/** The phone numbers of a person, in the order in which they were written. */
async function phonesOf(store: Store, id: string): Promise<readonly string[]> {
  const { versions } = await store.history({ type: 'Patient', count: 5_000 });
  return versions
    .toReversed()
    .filter(({ body }) => body.includes(`"value":"${id}"`))
    .map(({ body }) => /"home","value":"(\d+)"/.exec(body)?.[1] ?? '');
}

async function waitingCount(store: Store): Promise<number> {
  const counts = await store.journal.counts();
  return counts.reduce((sum, { state, count }) => (state === 'received' ? sum + count : sum), 0);
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

describe.each(stores)('what waits in the journal at a start, on %s', (_name, open) => {
  it('is worked off behind new messages, each behind the older ones of its person', async () => {
    const store = await open();
    const said = numbers(300).map((n) => ({
      ...{ id: `w${String(n)}`, ids: `P${String(n % 10)}^^^MERCY^MR`, phone: String(1_000 + n) },
    }));
    await leaveWaiting(store, said);
    const { send, processor } = processorOn(store, committed);
    await processor.resume();
    expect(await waitingCount(store)).toBeGreaterThan(200);
    // Of whom the last waits, far behind in the queue; and of somebody new.
    const [late, fresh] = await Promise.all([
      send({ id: 'n1', ids: 'P9^^^MERCY^MR', phone: '9000' }),
      send({ id: 'n2', ids: 'Q1^^^MERCY^MR', phone: '9001' }),
    ]);
    expect([late, fresh].map(codeOf)).toEqual(['AA', 'AA']);
    expect(await waitingCount(store)).toBeGreaterThan(100);
    const own = said.filter((_, n) => n % 10 === 9).map(({ phone }) => phone);
    expect(await phonesOf(store, 'P9')).toEqual([...own, '9000']);
    await processor.idle();
    expect(await waitingCount(store)).toBe(0);
    expect(await phonesOf(store, 'P9')).toEqual([...own, '9000']);
    for (const { fields } of (await store.journal.list({ count: 400 })).entries) {
      expect(fields?.join()).not.toContain('line=');
    }
    await store.close();
  });

  it('waits for those whom an older one names besides', async () => {
    const store = await open();
    const filler = numbers(80).map((n) => ({
      id: `f${String(n)}`,
      ids: `F${String(n)}^^^MERCY^MR`,
    }));
    await leaveWaiting(store, [
      ...filler,
      { id: '1', ids: 'B1^^^LAB^MR', phone: '1001' },
      { id: '2', ids: 'A1^^^MERCY^MR~B1^^^LAB^MR', phone: '1002' },
    ]);
    const { send, processor } = processorOn(store, committed);
    await processor.resume();
    await send({ id: '3', ids: 'A1^^^MERCY^MR', phone: '1003' });
    expect((await phonesOf(store, 'B1')).at(0)).toBe('1001');
    expect((await phonesOf(store, 'A1')).at(-1)).toBe('1003');
    const rows = await Promise.all(['1', '2', '3'].map((id) => store.journal.find('ehr', id)));
    expect(rows.flat().map(({ state }) => state)).toEqual(['processed', 'processed', 'processed']);
    await processor.idle();
    await store.close();
  });

  it.each([[80, 0] as const, ...numbers(10).map((turns) => [0, turns] as const)])(
    'waits for what came under another number of the same person, behind %d of others, after %d turns',
    async (others, turns) => {
      const store = await open();
      const known = processorOn(store, committed);
      await known.send({ id: '0', ids: 'A1^^^MERCY^MR~B1^^^LAB^MR', phone: '1000' });
      const filler = numbers(others).map((n) => ({
        id: `f${String(n)}`,
        ids: `F${String(n)}^^^MERCY^MR`,
      }));
      await leaveWaiting(store, [...filler, { id: '1', ids: 'B1^^^LAB^MR', phone: '1001' }]);
      const newId = (): string => `later-${String((ids += 1))}`;
      let ids = 0;
      const { send, processor } = processorOn(store, { ...committed, newId });
      await processor.resume();
      // Whether the older one waits, is under way, or is done by now.
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      await send({ id: '2', ids: 'A1^^^MERCY^MR', phone: '1002' });
      expect(await phonesOf(store, 'A1')).toEqual(['1000', '1001', '1002']);
      await processor.idle();
      await store.close();
    },
  );

  it('two that wait under two numbers of one person keep their order, also where the first has to be planned anew', async () => {
    const store = await open();
    const known = processorOn(store, committed);
    await known.send({ id: '0', ids: 'A1^^^MERCY^MR~B1^^^LAB^MR', phone: '1000' });
    await leaveWaiting(store, [
      { id: '1', ids: 'B1^^^LAB^MR', phone: '1001' },
      { id: '2', ids: 'A1^^^MERCY^MR', phone: '1002' },
    ]);
    let refused = 0;
    const contested: Store = {
      ...store,
      commit: async (commit) => {
        const isFirst = commit.journal?.[0]?.controlId === '1';
        if (isFirst && (refused += 1) <= 3)
          throw new CommitRefused({ kind: 'expectation', index: 0, current: undefined });
        return store.commit(commit);
      },
    };
    const newId = (): string => `later-${String((ids += 1))}`;
    let ids = 0;
    const { processor } = processorOn(contested, { ...committed, newId });
    await processor.resume();
    await processor.idle();
    expect(refused).toBe(4);
    expect(await phonesOf(store, 'A1')).toEqual(['1000', '1001', '1002']);
    await store.close();
  });

  it('a feed that answers when the record is written waits for what another answered for before', async () => {
    const store = await open();
    const feeds = () => [{ ...ehr, ackMode: 'journaled' } as const, lab, defaultFeed];
    const { send, processor } = processorOn(store, { feeds });
    const said = numbers(200).map((n) => ({
      ...{ id: `w${String(n)}`, ids: `P${String(n % 10)}^^^MERCY^MR`, phone: String(1_000 + n) },
    }));
    for (const one of said) await send(one);
    expect(await waitingCount(store)).toBeGreaterThan(20);
    const last = { id: 'n1', sender: 'LAB|LAB', ids: 'P9^^^MERCY^MR', phone: '9000' };
    expect(codeOf(await send(last))).toBe('AA');
    const own = said.filter((_, n) => n % 10 === 9).map(({ phone }) => phone);
    expect(await phonesOf(store, 'P9')).toEqual([...own, '9000']);
    await processor.idle();
    expect(await waitingCount(store)).toBe(0);
    await store.close();
  });

  it('a stop leaves the rest to the next start', async () => {
    const store = await open();
    const said = numbers(200).map((n) => ({
      id: `w${String(n)}`,
      ids: `P${String(n)}^^^MERCY^MR`,
    }));
    await leaveWaiting(store, said);
    const first = processorOn(store, committed);
    await first.processor.resume();
    await first.processor.close();
    expect(await waitingCount(store)).toBeGreaterThan(0);
    const second = processorOn(store, committed);
    await second.processor.resume();
    await second.processor.idle();
    expect(await waitingCount(store)).toBe(0);
    expect((await store.counts()).get('Patient')).toBe(200);
    await store.close();
  });

  it('of an earlier program, which does not say whom it is about, is done before new ones come', async () => {
    const store = await open();
    const older: Store = {
      ...store,
      journal: {
        ...store.journal,
        append: async ({ fields: _, ...entry }: JournalChange) => store.journal.append(entry),
      },
    };
    await leaveWaiting(
      older,
      numbers(40).map((n) => ({ id: String(n), phone: String(2_000 + n) })),
    );
    const { send, processor } = processorOn(store, committed);
    await processor.resume();
    expect(await waitingCount(store)).toBeLessThan(40);
    await send({ id: 'n', phone: '9000' });
    expect((await phonesOf(store, 'M1')).at(-1)).toBe('9000');
    await processor.idle();
    await store.close();
  });
});
