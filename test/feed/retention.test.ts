import { afterEach, describe, expect, it } from 'vitest';
import { createRetention, type RetentionDays } from '../../src/feed/retention.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { journalEntry } from '../contract/store-fixture.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { codeOf, patientOf, processorOn } from './pipeline-fixture.ts';
import { personClaimKey } from '../../src/record/identity.ts';

const day = 24 * 60 * 60_000;
const start = Date.parse('2026-05-01T12:00:00Z');

function retentionOn(store: Store, keepDays: RetentionDays, at: () => number = () => start) {
  const removed: [string, number][] = [];
  const said: object[] = [];
  const retention = createRetention({
    ...{ store, keepDays, pauseMs: 0, clock: () => new Date(at()) },
    log: {
      info: (fields) => void said.push(fields),
      warn: () => undefined,
      error: () => undefined,
    },
    onRemoved: (of, count) => void removed.push([of, count]),
  });
  return { retention, removed, said };
}

async function fill(store: Store): Promise<void> {
  const states = ['received', 'processed', 'failed', 'parked', 'ignored'] as const;
  for (const state of states) {
    for (const days of [1, 40, 400]) {
      const receivedAt = new Date(start - days * day);
      await store.journal.append(journalEntry(`${state}-${String(days)}`, { state, receivedAt }));
    }
  }
}

const idsOf = async (store: Store): Promise<string[]> =>
  (await store.journal.list({ count: 500 })).entries.map(({ id }) => id).sort();

describe('retention', () => {
  it.each([
    [{ processed: 0, failed: 0 }, []],
    [{ processed: 30, failed: 0 }, ['processed-40', 'processed-400']],
    [{ processed: 365, failed: 0 }, ['processed-400']],
    [
      { processed: 365, failed: 30 },
      [
        'failed-40',
        'failed-400',
        'ignored-40',
        'ignored-400',
        'parked-40',
        'parked-400',
        'processed-400',
      ],
    ],
  ] as const)('of %j days', async (keepDays, gone) => {
    const store = openMemoryStore();
    await fill(store);
    const all = await idsOf(store);
    const { retention } = retentionOn(store, keepDays);
    await retention.sweep();
    const left = await idsOf(store);
    expect(all.filter((id) => !left.includes(id))).toEqual([...gone].sort());
    expect(left.filter((id) => id.startsWith('received'))).toHaveLength(3);
  });

  it('goes in small steps, and tells what it removed', async () => {
    const store = openMemoryStore();
    const count = limits.retentionBatchMax * 2 + 7;
    for (let n = 0; n < count; n += 1) {
      const receivedAt = new Date(start - 10 * day + n);
      await store.journal.append(journalEntry(`m${String(n)}`, { state: 'processed', receivedAt }));
    }
    let now = start;
    const { retention, removed, said } = retentionOn(store, { processed: 5, failed: 0 }, () => now);
    expect(await retention.report()).toEqual({
      ...{ keepDays: { processed: 5, failed: 0 }, removed: { processed: 0, failed: 0 } },
    });
    await retention.sweep();
    expect(removed).toEqual([
      ['processed', limits.retentionBatchMax],
      ['processed', limits.retentionBatchMax],
      ['processed', 7],
    ]);
    expect(said).toEqual([expect.objectContaining({ removed: { processed: count, failed: 0 } })]);
    expect(await retention.report()).toMatchObject({
      removed: { processed: count },
      last: { removed: { processed: count, failed: 0 }, endedAt: expect.any(String) as string },
    });
    // Not again before its time, by whatever process.
    await store.journal.append(
      journalEntry('late', { state: 'processed', receivedAt: new Date(0) }),
    );
    await retentionOn(store, { processed: 5, failed: 0 }, () => now + 60_000).retention.sweep();
    expect(await idsOf(store)).toEqual(['late']);
    now += limits.retentionEveryMs;
    await retention.sweep();
    expect(await idsOf(store)).toEqual([]);
    expect((await retention.report()).removed.processed).toBe(count + 1);
  });

  it('of two that begin at once one sweeps', async () => {
    const store = openMemoryStore();
    await fill(store);
    const both = [1, 2].map(() => retentionOn(store, { processed: 30, failed: 0 }));
    await Promise.all(both.map(({ retention }) => retention.sweep()));
    expect(both.flatMap(({ removed }) => removed)).toEqual([['processed', 2]]);
  });

  it('that is stopped removes no more', async () => {
    const store = openMemoryStore();
    await fill(store);
    const { retention, removed } = retentionOn(store, { processed: 30, failed: 30 });
    await retention.stop();
    await retention.sweep();
    expect(removed).toEqual([]);
  });
});

const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  folders.remove();
});

describe.each(storesUnderTest.map((each) => [each.name, each] as const))(
  'a resend of what was removed, on %s',
  (_, { open, absent }) => {
    it.skipIf(open === undefined)(
      `is taken as new and changes nothing (${absent ?? 'here'})`,
      async () => {
        const store = (await open?.()) as Store;
        opened.push(store);
        const { send } = processorOn(store);
        await send({ id: '1', at: '202604011000', phone: '555-1' });
        await send({ id: '2', at: '202604011100', phone: '555-2' });
        const key = personClaimKey({ system: 'urn:mercy', value: 'M1' });
        const before = await patientOf(store, key);
        const soon = start + 100 * day;
        const { retention } = retentionOn(store, { processed: 5, failed: 0 }, () => soon);
        await retention.sweep();
        expect(await idsOf(store)).toEqual([]);
        expect(await patientOf(store, key)).toEqual(before);
        // The earlier ACK is gone with the row; what the message says is old, or is said already.
        expect(codeOf(await send({ id: '1', at: '202604011000', phone: '555-1' }))).toBe('AA');
        expect(codeOf(await send({ id: '2', at: '202604011100', phone: '555-2' }))).toBe('AA');
        expect(await patientOf(store, key)).toEqual(before);
        expect(await idsOf(store)).toHaveLength(2);
      },
    );
  },
);
