import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { indexEarlierMessages } from '../../src/feed/earlier-messages.ts';
import type { Feed } from '../../src/feed/feed.ts';
import { defaultFeed } from '../../src/feed/feed.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { journalEntry } from '../contract/store-fixture.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { ehr, frame, processorOn } from './pipeline-fixture.ts';

const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => folders.remove());

const stores = [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore(), absent: undefined },
  ...storesUnderTest,
];
const count = limits.runPageMax + 7;

/** Messages as an earlier version kept them. */
async function fill(store: Store): Promise<void> {
  opened.push(store);
  const said = (n: number): Partial<JournalEntry> => ({
    ...{ state: n % 9 === 0 ? 'failed' : 'processed', attempts: 1 },
    bytes: frame({ id: String(n), ids: `M${String(n % 5)}^^^MERCY^MR`, extra: ['ZPI|1|GOLD'] }),
  });
  for (let n = 0; n < count; n += 1)
    await store.journal.append(journalEntry(`m${String(n)}`, said(n)));
}

async function index(store: Store, feeds?: readonly Feed[]): Promise<void> {
  const { pipeline } = processorOn(store, feeds === undefined ? {} : { feeds: () => feeds });
  await indexEarlierMessages(pipeline, 0).ended;
}

const found = async (store: Store, field: string): Promise<number> =>
  (await store.journal.list({ fields: [field], count: 200 })).entries.length;

describe.each(stores.map((each) => [each.name, each] as const))(
  'earlier messages, on %s',
  (_, { open, absent }) => {
    it.skipIf(open === undefined)(`get what they are found by (${absent ?? 'here'})`, async () => {
      const store = (await open?.()) as Store;
      await fill(store);
      expect(await found(store, 'PID-3=M1')).toBe(0);
      const before = await store.journal.read('m9');
      await Promise.all([index(store), index(store)]);
      expect(await found(store, 'PID-3=M1')).toBe(12);
      expect(await found(store, 'MSH-4=MERCY')).toBe(count);
      expect(await store.journal.read('m9')).toEqual({
        ...before,
        fields: expect.any(Array) as unknown,
      });
      // A feed names another position: its messages are read once more, and those of no other.
      expect(await found(store, 'ZPI-2=GOLD')).toBe(0);
      await index(store, [{ ...ehr, index: ['ZPI-2'] }, defaultFeed]);
      expect(await found(store, 'ZPI-2=GOLD')).toBe(count);
      await index(store, [ehr, defaultFeed]);
      expect(await found(store, 'ZPI-2=GOLD')).toBe(0);
      expect((await store.journal.read('m9'))?.attempts).toBe(before?.attempts);
    });
  },
);

it('what is stopped goes on where it was, and an empty journal is left alone', async () => {
  const store = openMemoryStore();
  await index(store);
  expect(await store.state('message-fields')).toBeUndefined();
  await fill(store);
  const { pipeline } = processorOn(store);
  const work = indexEarlierMessages(pipeline, 0);
  await work.stop();
  expect(await found(store, 'MSH-4=MERCY')).toBeLessThan(count);
  await index(store);
  expect(await found(store, 'MSH-4=MERCY')).toBe(count);
});
