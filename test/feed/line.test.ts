import { describe, expect, it } from 'vitest';
import { Line } from '../../src/feed/line.ts';
import { numberField } from '../../src/feed/turn-field.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';

const now = new Date('2026-05-01T12:00:00Z');
const idOf = (n: number): string => `row-${String(n).padStart(4, '0')}`;
const turnOf = (n: number): string => numberField(`P${String(n)}`);
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

function row(n: number, more: Partial<JournalEntry> = {}): JournalEntry {
  return {
    ...{ id: idOf(n), feed: 'f', peer: 'p', receivedAt: new Date(now.getTime() + n) },
    ...{ controlId: String(n), messageType: 'ADT^A08', hash: String(n), bytes: Buffer.from('x') },
    ...{ state: 'received', attempts: 0, fields: [turnOf(n)], ...more },
  };
}

/** A line whose rows are done when the test says so, and what it began. */
function lineOn(store: Store, keptMax?: number) {
  const begun: string[] = [];
  const release = new Map<string, () => void>();
  /** Rows that take their place when the test says so; the others at once. */
  const places = new Map<string, PromiseWithResolvers<void>>();
  const errors: object[] = [];
  const line = new Line(
    {
      ...{ store, clock: () => now, ...(keptMax === undefined ? {} : { keptMax }) },
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (each) => void errors.push(each),
      },
      precedence: { begin: () => new Promise((resolve) => setImmediate(resolve)) },
    },
    async ({ id, ...rest }, { placed } = {}) => {
      begun.push(id);
      await places.get(id)?.promise;
      placed?.();
      await new Promise<void>((resolve) => release.set(id, resolve));
      await store.commit({
        ...{ now, origin: 'test', changes: [] },
        journal: [{ id, ...rest, state: 'processed', attempts: 1, expectAttempts: 0 }],
      });
    },
  );
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 400; turn += 1) await new Promise((next) => setImmediate(next));
  };
  const end = async (id: string): Promise<void> => {
    release.get(id)?.();
    await settle();
  };
  /** Lets all come to their end. */
  const toEnd = async (): Promise<void> => {
    do {
      for (const done of release.values()) done();
      release.clear();
      await settle();
    } while (release.size > 0);
  };
  const arrive = async (n: number): Promise<void> => {
    const entry = row(n);
    await store.journal.append(entry);
    line.add(entry);
  };
  return { line, begun, errors, places, settle, end, toEnd, arrive };
}

describe('the line of what nobody waits for', () => {
  it('begins in the order of arrival, so many side by side', async () => {
    const { line, begun, settle, end, toEnd, arrive } = lineOn(openMemoryStore());
    const count = limits.backlogUnderWayMax + 5;
    for (const n of numbers(count)) await arrive(n);
    await settle();
    expect(begun).toEqual(numbers(limits.backlogUnderWayMax).map(idOf));
    await end(idOf(3));
    expect(begun.slice(limits.backlogUnderWayMax)).toEqual([idOf(limits.backlogUnderWayMax)]);
    await toEnd();
    await line.idle();
    expect(begun).toEqual(numbers(count).map(idOf));
    expect([line.isEmpty, line.isComplete]).toEqual([true, true]);
  });

  it('begins none before the one before has its place, and until then that is found', async () => {
    const { line, begun, places, settle, toEnd, arrive } = lineOn(openMemoryStore());
    const place = Promise.withResolvers<void>();
    places.set(idOf(1), place);
    for (const n of numbers(4)) await arrive(n);
    await settle();
    expect(begun).toEqual([0, 1].map(idOf));
    expect(line.sharing([turnOf(1)])).toContain(idOf(1));
    let arePlaced = false;
    void line.placed().then(() => (arePlaced = true));
    await settle();
    expect(arePlaced).toBe(false);
    place.resolve();
    await settle();
    expect(arePlaced).toBe(true);
    expect(begun).toEqual([0, 1, 2, 3].map(idOf));
    expect(line.sharing([turnOf(1)])).toEqual([]);
    expect(line.isAtRest).toBe(false);
    await toEnd();
    expect(line.isAtRest).toBe(true);
  });

  it('finds in the journal what it does not want to remember, each once and in order', async () => {
    const { line, begun, toEnd, arrive } = lineOn(openMemoryStore(), 10);
    for (const n of numbers(60)) await arrive(n);
    expect(line.isComplete).toBe(false);
    await toEnd();
    await line.idle();
    expect(begun).toEqual(numbers(60).map(idOf));
    for (const n of [60, 61]) await arrive(n);
    await toEnd();
    expect(begun.slice(60)).toEqual([60, 61].map(idOf));
  });

  it('begins one out of its turn, and not a second time', async () => {
    const store = openMemoryStore();
    const { line, begun, toEnd, arrive } = lineOn(store);
    for (const n of numbers(3)) await arrive(n);
    void line.takeUp(row(2));
    void line.takeUp(row(2));
    await toEnd();
    expect(begun).toEqual([2, 0, 1].map(idOf));
  });

  it('leaves what is not due and what is settled, and takes it up in a sweep when it is', async () => {
    const store = openMemoryStore();
    const { line, begun, settle, toEnd } = lineOn(store);
    await store.journal.append(row(0, { nextRetryAt: new Date(now.getTime() + 1) }));
    await store.journal.append(row(1, { nextRetryAt: now }));
    await store.journal.append(row(2, { state: 'failed' }));
    await store.journal.append(row(3));
    line.walk();
    await toEnd();
    expect(begun).toEqual([1, 3].map(idOf));
    await store.journal.append(row(4));
    await store.journal.append(row(90));
    const swept = line.sweep(new Date(now.getTime() + 50));
    await settle();
    await toEnd();
    await swept;
    expect(begun.slice(2)).toEqual([idOf(4)]);
  });

  it('goes on after a fault of the store, from the journal', async () => {
    const store = openMemoryStore();
    const faults = { count: 1 };
    const flaky: Store = {
      ...store,
      journal: {
        ...store.journal,
        read: async (id) => {
          if (faults.count-- > 0) throw new Error('away');
          return store.journal.read(id);
        },
      },
    };
    const { line, begun, errors, settle, toEnd, arrive } = lineOn(flaky);
    await arrive(0);
    await settle();
    expect([begun, errors.length, line.isComplete]).toEqual([[], 1, false]);
    line.goOn();
    await toEnd();
    expect(begun).toEqual([idOf(0)]);
  });

  it('a walk that broke off leaves its rest before what came meanwhile', async () => {
    const store = openMemoryStore();
    const faults = { from: 2 };
    const flaky: Store = {
      ...store,
      journal: {
        ...store.journal,
        // The first call says what is the newest, the second is the first page.
        list: async (query) => {
          faults.from -= 1;
          if (faults.from === -1) throw new Error('away');
          return store.journal.list(query);
        },
      },
    };
    const { line, begun, errors, settle, toEnd, arrive } = lineOn(flaky);
    const count = limits.backlogPageMax + 8;
    for (const n of numbers(count)) await store.journal.append(row(n));
    line.walk();
    await arrive(count);
    await settle();
    await toEnd();
    expect([errors.length, begun.length]).toEqual([1, limits.backlogPageMax]);
    line.goOn();
    await toEnd();
    expect(begun).toEqual(numbers(count + 1).map(idOf));
  });

  it('stopped, it begins nothing more', async () => {
    const { line, begun, settle, arrive } = lineOn(openMemoryStore());
    line.stop();
    await arrive(0);
    await settle();
    await line.idle();
    expect(begun).toEqual([]);
  });
});
