import { afterEach, describe, expect, it } from 'vitest';
import { errorIssue, OutcomeError } from '../../src/fhir/issue.ts';
import { defaultFeed, type Feed } from '../../src/feed/feed.ts';
import { createRework } from '../../src/feed/rework.ts';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { readAccess } from '../../src/security/audit-event.ts';
import {
  codeOf,
  ehr,
  frame,
  patientOf,
  processorOn,
  somebody,
  type Said,
} from './pipeline-fixture.ts';

/** `ADT^A99` is mapped to what our own validation refuses. */
const bad = { type: 'ADT^A99' };
const other = { ids: 'M2^^^MERCY^MR', family: 'Brook' };

function feedWith(change: Partial<Feed>): () => readonly Feed[] {
  return () => [{ ...ehr, ...change }, defaultFeed];
}

async function rowOf(store: Store, controlId: string): Promise<JournalEntry> {
  const { entries } = await store.journal.list({ controlId, count: 1 });
  if (entries[0] === undefined) throw new Error(`No row ${controlId}`);
  return entries[0];
}

async function statesOf(store: Store): Promise<Record<string, string>> {
  const { entries } = await store.journal.list({ count: 100 });
  return Object.fromEntries(
    entries.toReversed().map(({ controlId, state, lastError = '' }) => {
      const reason = /^[\w-]+/.exec(lastError)?.[0] ?? '';
      return [controlId, reason === '' ? state : `${state} ${reason}`];
    }),
  );
}

/** What an operator's skip does: the row counts as settled. */
async function skip(store: Store, controlId: string): Promise<string> {
  const row = await rowOf(store, controlId);
  await store.commit({
    now: new Date(0),
    origin: 'test',
    changes: [],
    journal: [{ ...row, state: 'ignored' }],
  });
  return row.id;
}

const stores = [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore() },
  ...storesUnderTest,
];

for (const { name, open, ...rest } of stores) {
  describe(`on ${name}`, () => {
    if (open === undefined) {
      it.skip('absent' in rest ? String(rest.absent) : 'absent', () => undefined);
      return;
    }
    let store: Store;
    const start = async (change: Partial<Feed>) => {
      store = await open();
      return processorOn(store, { feeds: feedWith(change) });
    };
    afterEach(async () => {
      await store.close();
      folders.remove();
    });

    it('park-message: what fails holds up nobody', async () => {
      const { send } = await start({});
      await send({ id: 'm1', ...bad });
      expect(codeOf(await send({ id: 'm2' }))).toBe('AA');
      expect(await statesOf(store)).toEqual({ m1: 'parked mapping-fault', m2: 'processed' });
    });

    it('park-patient: later ones about the person wait, others go on', async () => {
      const { send } = await start({ onFailure: 'park-patient' });
      expect(codeOf(await send({ id: 'm1', ...bad }))).toBe('AE');
      const waiting = await send({ id: 'm2', phone: '555-2' });
      expect(codeOf(waiting)).toBe('AE');
      expect(waiting).toContain('206^Application record locked');
      expect(codeOf(await send({ id: 'm3', ...other }))).toBe('AA');
      expect(await statesOf(store)).toEqual({
        m1: 'parked mapping-fault',
        m2: 'parked held',
        m3: 'processed',
      });
      expect((await rowOf(store, 'm2')).lastError).toContain((await rowOf(store, 'm1')).id);
    });

    it('park-patient: what waits is processed in its order once the first is settled', async () => {
      const { send, processor } = await start({ onFailure: 'park-patient' });
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2', phone: '555-2', at: '202605011001' });
      await send({ id: 'm3', phone: '555-3', at: '202605011002' });
      await send({ id: 'm4', phone: '555-4', at: '202605011003' });
      await processor.settled(await skip(store, 'm1'));
      await processor.idle();
      expect(await statesOf(store)).toEqual({
        m1: 'ignored mapping-fault',
        m2: 'processed',
        m3: 'processed',
        m4: 'processed',
      });
      const { telecom } = await patientOf(store, 'person|urn%3Amercy|M1');
      expect(telecom).toMatchObject([{ value: '555-4' }]);
      const versions = await store.history({ type: 'Patient', count: 10 });
      expect(versions.versions.map(({ body }) => /555-\d/.exec(body)?.[0])).toEqual([
        '555-4',
        '555-3',
        '555-2',
      ]);
      expect(await store.states('wait')).toEqual([]);
      expect(await store.states('freed|')).toEqual([]);
      expect(codeOf(await send({ id: 'm5' }))).toBe('AA');
    });

    it('park-patient: an operator who skips, mends or retries the first releases the others', async () => {
      const { send, processor, pipeline } = await start({ onFailure: 'park-patient' });
      const rework = createRework(pipeline, processor);
      const principal = { id: 'a', display: 'A', role: 'admin' } as const;
      const doing = { principal, requestId: 'r', reason: 'test' };
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2', ...bad });
      await send({ id: 'm3' });
      await rework.skip(await rowOf(store, 'm1'), doing);
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({
        m2: 'parked mapping-fault',
        m3: 'parked held',
      });
      await rework.retry(await rowOf(store, 'm2'), doing).catch(() => undefined);
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m3: 'parked held' });
      await rework.edit(await rowOf(store, 'm2'), frame({ id: 'm2b' }), doing);
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2b: 'processed', m3: 'processed' });
    });

    it('park-patient: a message about two people waits for both, and holds up both', async () => {
      const { send, processor } = await start({ onFailure: 'park-patient' });
      const both = { ids: 'M1^^^MERCY^MR~L1^^^LAB^MR' };
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2', ...both });
      await send({ id: 'm3', ids: 'L1^^^LAB^MR' });
      expect(await statesOf(store)).toMatchObject({ m2: 'parked held', m3: 'parked held' });
      await processor.settled(await skip(store, 'm1'));
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2: 'processed', m3: 'processed' });
    });

    it('park-patient: a second one that fails stops the queue again', async () => {
      const { send, processor } = await start({ onFailure: 'park-patient' });
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2', ...bad });
      await send({ id: 'm3' });
      await processor.settled(await skip(store, 'm1'));
      await processor.idle();
      expect(await statesOf(store)).toEqual({
        m1: 'ignored mapping-fault',
        m2: 'parked mapping-fault',
        m3: 'parked held',
      });
      await processor.settled(await skip(store, 'm2'));
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m3: 'processed' });
    });

    it('park-patient: a restart forgets nobody, also one that an operator settled without a word', async () => {
      const { send } = await start({ onFailure: 'park-patient' });
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2' });
      await skip(store, 'm1');
      const { processor, send: sendAgain } = processorOn(store, {
        feeds: feedWith({ onFailure: 'park-patient' }),
        newId: counter('r'),
      });
      await processor.resume();
      await processor.idle();
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2: 'processed' });
      expect(codeOf(await sendAgain({ id: 'm2' }))).toBe('AA');
    });

    it('park-patient: what waits is taken up in order where the feed has another policy after a restart', async () => {
      const { send } = await start({ onFailure: 'park-patient' });
      await send({ id: 'm1', ...bad });
      await send({ id: 'm2', phone: '555-2', at: '202605011001' });
      await send({ id: 'm3', phone: '555-3', at: '202605011002' });
      const { processor } = processorOn(store, { feeds: feedWith({}), newId: counter('r') });
      await processor.resume();
      await processor.idle();
      await processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2: 'processed', m3: 'processed' });
      expect(await store.states('wait')).toEqual([]);
    });

    it('park-patient on a journaled feed: AA stands, and the same answer comes again', async () => {
      const { send, processor } = await start({ onFailure: 'park-patient', ackMode: 'journaled' });
      await send({ id: 'm1', ...bad });
      await processor.idle();
      const said = await send({ id: 'm2' });
      await processor.idle();
      expect(codeOf(said)).toBe('AA');
      expect(await statesOf(store)).toMatchObject({ m2: 'parked held' });
      await processor.settled(await skip(store, 'm1'));
      await processor.idle();
      expect(await send({ id: 'm2' })).toBe(said);
    });

    it('stop-feed: takes nothing more until it is resumed', async () => {
      const { send, processor } = await start({ onFailure: 'stop-feed' });
      expect(codeOf(await send({ id: 'm0' }))).toBe('AA');
      await send({ id: 'm1', ...bad });
      const refused = await send({ id: 'm2', ...other });
      expect(codeOf(refused)).toBe('AE');
      expect(refused).toContain('is stopped since message');
      expect(await statesOf(store)).toEqual({ m0: 'processed', m1: 'parked mapping-fault' });
      expect(codeOf(await send({ id: 'm0' }))).toBe('AA');
      expect(await processor.resumeFeed('ehr', somebody)).toMatchObject({
        message: (await rowOf(store, 'm1')).id,
      });
      await processor.idle();
      expect(codeOf(await send({ id: 'm2', ...other }))).toBe('AA');
      expect(await processor.resumeFeed('ehr', somebody)).toBeUndefined();
      const rows = await store.audit.rows(0, 100);
      const events = rows.map(({ event }) => event).filter((event) => event.includes('/resume'));
      expect(events.map((event) => readAccess(event))).toEqual([
        expect.objectContaining({
          ...{ principal: somebody.principal, requestId: 'r1', query: 'api/feeds/ehr/resume' },
          ...{ interaction: 'operation', status: 200, patients: [], resources: [] },
        }),
      ]);
    });

    it('stop-feed: CE where the sender wants to hear of acceptance', async () => {
      const { send } = await start({ onFailure: 'stop-feed' });
      await send({ id: 'm1', ...bad });
      const asking = { id: 'm2|P|2.5.1|||AL|AL' };
      expect(codeOf(await send(asking))).toBe('CE');
      expect(Object.keys(await statesOf(store))).toEqual(['m1']);
    });

    it('stop-feed, journaled: goes on journaling, and takes all of it in order when it is resumed', async () => {
      const { send, processor } = await start({ onFailure: 'stop-feed', ackMode: 'journaled' });
      await send({ id: 'm1', ...bad });
      await processor.idle();
      const said: Said[] = Array.from({ length: 80 }, (_, index) => ({
        id: `n${String(index).padStart(2, '0')}`,
        phone: `555-${String(index)}`,
        at: `2026050111${String(index % 60).padStart(2, '0')}`,
      }));
      for (const each of said) expect(codeOf(await send(each))).toBe('AA');
      await processor.idle();
      await processor.sweep();
      expect(new Set(Object.values(await statesOf(store)))).toEqual(
        new Set(['parked mapping-fault', 'received']),
      );
      await processor.resumeFeed('ehr', somebody);
      await processor.idle();
      const { n79, ...rest } = await statesOf(store);
      expect(n79).toBe('processed');
      expect(new Set(Object.values(rest))).toEqual(new Set(['parked mapping-fault', 'processed']));
      const order = await processedInOrder(store);
      expect(order).toEqual([...order].sort());
      expect(await store.states('stopped|')).toEqual([]);
    });

    it('stop-feed: a restart stays stopped, and goes on resuming where it was', async () => {
      const change = { onFailure: 'stop-feed', ackMode: 'journaled' } as const;
      const { send, processor } = await start(change);
      await send({ id: 'm1', ...bad });
      await processor.idle();
      await send({ id: 'm2', ...other });
      await processor.idle();
      const second = processorOn(store, { feeds: feedWith(change), newId: counter('r') });
      await second.processor.resume();
      await second.processor.idle();
      await second.processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2: 'received' });
      const [entry] = await store.states('stopped|');
      const value = JSON.stringify({ ...JSON.parse(entry?.value ?? ''), resuming: true });
      await store.commit({
        now: new Date(0),
        origin: 'test',
        changes: [],
        state: [{ key: entry?.key ?? '', value }],
      });
      const third = processorOn(store, { feeds: feedWith(change), newId: counter('s') });
      await third.processor.resume();
      await third.processor.idle();
      await third.processor.idle();
      expect(await statesOf(store)).toMatchObject({ m2: 'processed' });
    });

    it('tries an accepted message again after a passing fault, later and later, also after a restart', async () => {
      store = await open();
      let failing = true;
      const flaky: Store = {
        ...store,
        commit: async (commit) => {
          if (failing && commit.changes.length > 0) {
            throw new OutcomeError([errorIssue('transient', 'The store is away')]);
          }
          return store.commit(commit);
        },
      };
      let at = Date.parse('2026-05-01T12:00:00Z');
      const given = { feeds: feedWith({ ackMode: 'journaled' }), clock: () => new Date(at) };
      const first = processorOn(flaky, given);
      expect(codeOf(await first.send({ id: 'm1' }))).toBe('AA');
      await first.processor.idle();
      const once = await rowOf(store, 'm1');
      expect(once).toMatchObject({ state: 'received', attempts: 1, ackCode: 'AA' });
      expect(once.lastError).toBe('transient: The store is away');
      expect(once.nextRetryAt).toEqual(new Date(at + limits.retryDelayMs));
      const second = processorOn(flaky, { ...given, newId: counter('r') });
      await second.processor.sweep();
      expect((await rowOf(store, 'm1')).attempts).toBe(1);
      at += limits.retryDelayMs + limits.sweepMs;
      await second.processor.sweep();
      const twice = await rowOf(store, 'm1');
      expect(twice.attempts).toBe(2);
      expect(twice.nextRetryAt).toEqual(new Date(at + 2 * limits.retryDelayMs));
      failing = false;
      at += 2 * limits.retryDelayMs;
      await second.processor.sweep();
      const done = await rowOf(store, 'm1');
      expect(done).toMatchObject({ state: 'processed', ackCode: 'AA' });
      expect(done.nextRetryAt).toBeUndefined();
      expect(done.lastError).toBeUndefined();
    });
  });
}

it('a message that passing faults keep failing is parked in the end', async () => {
  const store = openMemoryStore();
  const flaky: Store = {
    ...store,
    commit: async (commit) => {
      if (commit.changes.length > 0) {
        throw new OutcomeError([errorIssue('transient', 'The store is away')]);
      }
      return store.commit(commit);
    },
  };
  let at = Date.parse('2026-05-01T12:00:00Z');
  const given = { feeds: feedWith({ ackMode: 'journaled' }), clock: () => new Date(at) };
  const { send, processor } = processorOn(flaky, given);
  await send({ id: 'm1' });
  await processor.idle();
  for (let count = 0; count < limits.retryAttemptsMax; count += 1) {
    at += limits.retryDelayMaxMs + limits.sweepMs;
    await processor.sweep();
  }
  expect(await rowOf(store, 'm1')).toMatchObject({
    state: 'parked',
    lastError: 'transient: The store is away',
    attempts: limits.retryAttemptsMax,
  });
});

function counter(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}-${String((count += 1)).padStart(6, '0')}`;
}

/** Control ids of the messages that changed the person, oldest first. */
async function processedInOrder(store: Store): Promise<readonly string[]> {
  const { versions } = await store.history({ type: 'Provenance', count: 200 });
  const names = versions.map(({ body }) => /ADT\^A08 (n\d\d)/.exec(body)?.[1] ?? '');
  return names.toReversed();
}
