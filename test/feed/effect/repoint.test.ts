import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../../src/fhir/search-extract.ts';
import { limits } from '../../../src/limits.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import type { Change, Commit, Store } from '../../../src/store/store.ts';
import { folders, storesUnderTest } from '../../property/stores-under-test.ts';
import { Register } from './register.ts';

const many = 2 * limits.repointBatchMax + 30;

/** Two people, the second with a long history. */
async function longHistory(on: Register): Promise<readonly [string, string]> {
  await on.admit('M1', 'V1');
  await on.admit('M2', 'V2');
  const two = (await on.owner('M2')) ?? '';
  const changes = Array.from({ length: many }, (_, index): Change => {
    const resource = {
      resourceType: 'Observation',
      id: `o${String(index)}`,
      status: 'final',
      code: { text: 'Pulse' },
      subject: { reference: two, identifier: { system: 'urn:weir:authority:MERCY', value: 'M2' } },
    };
    return { op: 'put', resource, index: extractIndex(resource) };
  });
  await on.store.commit({ now: new Date('2026-05-01T09:00:00Z'), origin: 'rest', changes });
  return [(await on.owner('M1')) ?? '', two];
}

/** Versions of the long history by how many there are of each: all twice, as they came and as they were turned. */
async function timesWritten(store: Store): Promise<ReadonlyMap<string, number>> {
  const { versions } = await store.history({ type: 'Observation', count: 10 * many });
  const times = new Map<string, number>();
  for (const { id } of versions) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

async function subjects(store: Store): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let index = 0; index < many; index += 1) {
    const stored = await store.read('Observation', `o${String(index)}`);
    found.add(/"subject":\{"reference":"([^"]*)"/.exec(stored?.body ?? '')?.[1] ?? '');
  }
  return found;
}

for (const { name, open, ...rest } of [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
]) {
  describe(`a merge of more than one commit holds, on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }

    it('is whole when AA leaves, each resource turned once', async () => {
      const on = new Register(await open());
      const [one] = await longHistory(on);
      await on.merge('M1', 'M2');
      expect(await subjects(on.store)).toEqual(new Set([one]));
      expect(new Set((await timesWritten(on.store)).values())).toEqual(new Set([2]));
      expect(await on.leftOver()).toEqual([]);
      const named = await targets(on.store);
      for (let index = 0; index < many; index += 1) {
        expect(named.has(`Observation/o${String(index)}/_history/2`)).toBe(true);
      }
      await on.store.close();
      folders.remove();
    }, 60_000);

    it('is finished by whoever comes after a crash in the middle, once', async () => {
      const store = await open();
      const on = new Register(store);
      const [one] = await longHistory(on);
      const failing = new Register(endingAfter(store, 1));
      await failing.processor.resume();
      await failing.processor.idle();
      // The message is taken: its commit is in.
      await failing.taken({
        event: 'ADT^A40',
        minute: 30,
        segments: ['PID|1||M1^^^MERCY^MR||Alvarez^Maria', 'MRG|M2^^^MERCY^MR'],
      });
      expect((await subjects(store)).size).toBe(2);
      const [left] = await store.states('repoint|');
      expect(left?.value).toContain('"controlId"');
      const after = [new Register(store), new Register(store)];
      await Promise.all(after.map(({ processor }) => processor.resume()));
      expect(await subjects(store)).toEqual(new Set([one]));
      expect(new Set((await timesWritten(store)).values())).toEqual(new Set([2]));
      expect(await on.leftOver()).toEqual([]);
      await store.close();
      folders.remove();
    }, 60_000);
  });
}

it('meets what a rule makes of an event of before, once that is handled', async () => {
  const on = new Register(openMemoryStore());
  await on.admit('M1', 'V1');
  await on.admit('M2', 'V2');
  const [one, two] = [await on.owner('M1'), await on.owner('M2')];
  const events = await on.store.outbox.pending(100);
  await on.merge('M1', 'M2');
  await on.processor.sweep();
  expect(await on.store.states('repoint|')).toHaveLength(1);
  const resource = {
    resourceType: 'Task',
    id: 't1',
    status: 'requested',
    intent: 'order',
    for: { reference: two },
  };
  await on.store.commit({
    now: new Date('2026-05-01T09:00:00Z'),
    origin: 'rule:late',
    changes: [{ op: 'put', resource, index: extractIndex(resource) }],
    outboxDone: events.map(({ position }) => ({ position })),
  });
  expect(await on.leftOver()).toEqual([]);
  expect(await on.read('Task/t1')).toMatchObject({ for: { reference: one } });
});

/** Takes so many commits, and no more. */
function endingAfter(store: Store, commits: number): Store {
  let left = commits;
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (name !== 'commit')
        return typeof method === 'function' ? (method.bind(target) as unknown) : method;
      return async (commit: Commit) => {
        left -= 1;
        if (left < 0) throw new Error('The process ended');
        return target.commit(commit);
      };
    },
  });
}

async function targets(store: Store): Promise<ReadonlySet<string>> {
  const { versions } = await store.history({ type: 'Provenance', count: 1000 });
  return new Set(
    versions.flatMap(({ body }) => {
      const { target } = JSON.parse(body) as {
        readonly target: readonly { readonly reference: string }[];
      };
      return target.map(({ reference }) => reference);
    }),
  );
}
