import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { errorIssue } from '../../src/fhir/issue.ts';
import { deadLetters } from '../../src/feed/dead-letters.ts';
import type { MapMessage } from '../../src/feed/map-message.ts';
import { startMessageRuns } from '../../src/feed/message-run.ts';
import { notesOf } from '../../src/feed/note.ts';
import type { Doing } from '../../src/feed/doing.ts';
import { createRework } from '../../src/feed/rework.ts';
import { freshnessKey } from '../../src/record/freshness.ts';
import { personClaimKey } from '../../src/record/identity.ts';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { JournalEntry, Store } from '../../src/store/store.ts';
import { folders, storesUnderTest } from '../property/stores-under-test.ts';
import { codeOf, frame, patientOf, processorOn, text, type Said } from './pipeline-fixture.ts';

const mercy1 = personClaimKey({ system: 'urn:mercy', value: 'M1' });
const doing: Doing = {
  principal: { id: 'ana', display: 'Ana', role: 'analyst' },
  requestId: 'r1',
  reason: 'the map was mended',
};

const stores = [
  { name: 'memory', open: async (): Promise<Store> => openMemoryStore(), absent: undefined },
  ...storesUnderTest,
];
const opened: Store[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});
afterAll(() => folders.remove());

/** A pipeline whose map can be broken and mended. */
async function site(open: () => Promise<Store>) {
  const store = await open();
  opened.push(store);
  const plain = processorOn(store);
  let change: ((map: MapMessage) => MapMessage) | undefined;
  const map: MapMessage = (...given) =>
    (change === undefined ? plain.pipeline.map : change(plain.pipeline.map))(...given);
  const { pipeline, processor, send } = processorOn(store, { map });
  const rework = createRework(pipeline, processor);
  const runs = startMessageRuns({ ...pipeline, rework });
  const rows = async (): Promise<readonly JournalEntry[]> =>
    (await store.journal.list({ count: 100, oldestFirst: true })).entries;
  const last = async (): Promise<JournalEntry> => (await rows()).at(-1) as JournalEntry;
  const ended = async (id: string) =>
    vi.waitFor(
      async () => {
        const run = await runs.find(id);
        expect(run?.state).not.toBe('running');
        return run;
      },
      { timeout: 20_000 },
    );
  return {
    ...{ store, pipeline, processor, send, rework, runs, rows, last, ended },
    mapWith: (next: typeof change) => void (change = next),
  };
}

const refusing: (map: MapMessage) => MapMessage = (map) => (message, feed, context) => ({
  ...map(message, feed, context),
  resources: [],
  issues: [errorIssue('required-field', 'PID-8 is empty', { location: 'PID-8' })],
});

/** Another map: every family name in capitals. */
const shouting: (map: MapMessage) => MapMessage = (map) => (message, feed, context) => {
  const result = map(message, feed, context);
  const resources = result.resources.map((mapped) => {
    const { name } = mapped.resource as { name?: { family?: string }[] };
    if (name === undefined) return mapped;
    const loud = name.map((each) => ({ ...each, family: each.family?.toUpperCase() }));
    return { ...mapped, resource: { ...mapped.resource, name: loud } };
  });
  return { ...result, resources, map: 'hand@2' };
};

describe.each(stores.map((each) => [each.name, each] as const))('work on %s', (_, each) => {
  const { open } = each;
  if (open === undefined) {
    it.skip(each.absent ?? 'absent', () => undefined);
    return;
  }

  it('a message is found by what stands in it', async () => {
    const { store, send } = await site(open);
    await send({ id: '1', ids: 'M1^^^MERCY^MR~L9^^^LAB^MR', family: 'Álvarez' });
    await send({
      id: '2',
      ids: 'M2^^^MERCY^MR',
      extra: ['ORC|RE|P7|F7', 'OBR|1|P7|F7|GLU^Glucose'],
    });
    const found = async (...fields: string[]) =>
      (await store.journal.list({ fields, count: 9 })).entries.map(({ controlId }) => controlId);
    expect(await found('PID-3=M1')).toEqual(['1']);
    expect(await found('PID-3=L9', 'PID-5=alvarez', 'PID-5=maria')).toEqual(['1']);
    expect(await found('ORC-2=P7', 'OBR-4=GLU')).toEqual(['2']);
    expect(await found('MSH-4=MERCY')).toEqual(['2', '1']);
    expect(await found('PID-3=M3')).toEqual([]);
  });

  it('a retry processes what failed, with the map of now, and says who and why', async () => {
    const { store, send, rework, mapWith, last } = await site(open);
    mapWith(refusing);
    expect(codeOf(await send({ id: '1' }))).toBe('AE');
    const failed = await last();
    expect(await rework.retry(failed, doing)).toMatchObject({ state: 'failed', attempts: 2 });
    mapWith(undefined);
    const done = await rework.retry(failed, doing);
    expect(done).toMatchObject({ id: failed.id, state: 'processed', attempts: 3, ackCode: 'AA' });
    expect(done).not.toHaveProperty('lastError');
    expect(await store.journal.read(failed.id)).toMatchObject({ state: 'processed', attempts: 3 });
    expect(notesOf(done)).toEqual(
      [1, 2].map(() => ({
        ...{ at: expect.any(String) as string, by: 'ana', action: 'retry' },
        ...{ reason: 'the map was mended', was: 'failed', error: 'required-field: PID-8 is empty' },
      })),
    );
    expect((await patientOf(store, mercy1)).id).toBe(done.patient?.split('/')[1]);
    const audit = await store.audit.rows(0, 50);
    expect(verifyChain(audit)).toBeUndefined();
    const event = audit.find(({ event: each }) => each.includes('"ana"'))?.event ?? '{}';
    expect(JSON.parse(event)).toMatchObject({
      subtype: [{ code: 'operation' }],
      purposeOfEvent: [{ text: 'the map was mended' }],
    });
    // A resend hears what the retry came to.
    expect(codeOf(await send({ id: '1' }))).toBe('AA');
    await expect(rework.retry(done, doing)).rejects.toThrow('The message is processed; replay it');
  });

  it('a skip sets a message aside for good, and a retry takes it back', async () => {
    const { store, send, rework, mapWith, last } = await site(open);
    mapWith(refusing);
    const nack = await send({ id: '1' });
    const skipped = await rework.skip(await last(), doing);
    expect(skipped).toMatchObject({
      state: 'ignored',
      lastError: 'required-field: PID-8 is empty',
    });
    mapWith(undefined);
    expect(await send({ id: '1' })).toBe(nack);
    expect(await store.counts()).toEqual(new Map());
    await expect(rework.skip(skipped, doing)).rejects.toThrow('The message is ignored');
    expect(await rework.retry(skipped, doing)).toMatchObject({ state: 'processed' });
    await expect(rework.skip(skipped, doing)).rejects.toThrow('The message is processed');
  });

  it('an edit takes the place of a message, which keeps its bytes and says so', async () => {
    const { store, send, rework, mapWith, last, rows } = await site(open);
    mapWith(refusing);
    const nack = await send({ id: '1', family: 'Alvares' });
    const original = await last();
    mapWith(undefined);
    const bytes = frame({ id: '1', family: 'Alvarez' });
    const edited = await rework.edit(original, bytes, doing);
    expect(edited).toMatchObject({ state: 'processed', feed: 'ehr', peer: `edit:${original.id}` });
    expect(notesOf(edited)).toEqual([
      expect.objectContaining({ action: 'edited', message: original.id, by: 'ana' }),
    ]);
    const kept = await store.journal.read(original.id);
    expect(kept).toMatchObject({ state: 'ignored', ackCode: 'AE', hash: original.hash });
    expect(Buffer.from(kept?.bytes ?? []).equals(original.bytes)).toBe(true);
    expect(notesOf(kept ?? {})).toEqual([
      expect.objectContaining({ action: 'edit', message: edited.id, was: 'failed' }),
    ]);
    expect(await patientOf(store, mercy1)).toMatchObject({ name: [{ family: 'Alvarez' }] });
    // A resend of the original does not undo it.
    expect(await send({ id: '1', family: 'Alvares' })).toBe(nack);
    expect(await patientOf(store, mercy1)).toMatchObject({ name: [{ family: 'Alvarez' }] });
    for (const work of [
      () => rework.retry(original, doing),
      () => rework.edit(original, frame({ id: '1', family: 'Other' }), doing),
    ]) {
      await expect(work()).rejects.toThrow(`Message ${edited.id} took its place`);
    }
    expect(await rows()).toHaveLength(2);
  });

  it('an edit of one that was processed corrects it; one that cannot be read is parked', async () => {
    const { store, send, rework, last } = await site(open);
    await send({ id: '1', family: 'Alvares' });
    const original = await last();
    await expect(rework.edit(original, original.bytes, doing)).rejects.toThrow(
      'Nothing is changed',
    );
    const edited = await rework.edit(original, frame({ id: '1', family: 'Alvarez' }), doing);
    expect(await patientOf(store, mercy1)).toMatchObject({ name: [{ family: 'Alvarez' }] });
    expect(await store.journal.read(original.id)).toMatchObject({ state: 'processed' });
    const unread = await rework.edit(edited, Buffer.from('no message at all'), doing);
    expect(unread).toMatchObject({
      state: 'parked',
      lastError: expect.stringContaining('syntax-hl7') as string,
    });
    await expect(rework.edit(unread, frame({ id: '1', family: 'Alvares' }), doing)).rejects.toThrow(
      `This is message ${original.id} to the byte`,
    );
  });

  it('of a retry, a skip and a resend at once one settles the message', async () => {
    const { store, send, rework, mapWith, last } = await site(open);
    mapWith(refusing);
    await send({ id: '1' });
    const failed = await last();
    mapWith(undefined);
    const outcomes = await Promise.allSettled([
      rework.retry(failed, doing),
      rework.skip(failed, doing),
      send({ id: '1' }),
      rework.retry(failed, doing),
    ]);
    const done = outcomes.flatMap((each) =>
      each.status === 'fulfilled' && typeof each.value !== 'string' ? [each.value.state] : [],
    );
    expect(done.length).toBeGreaterThan(0);
    const { state } = (await store.journal.read(failed.id)) as JournalEntry;
    const patients = (await store.counts()).get('Patient') ?? 0;
    expect([state, patients]).toEqual(state === 'ignored' ? ['ignored', 0] : ['processed', 1]);
  });

  it('a replay merges what a message says by the map of now, and changes nothing twice', async () => {
    const { store, send, rework, mapWith, last } = await site(open);
    const ack = await send({ id: '1' });
    const first = await last();
    const freshness = await store.state(freshnessKey('ehr'));
    expect(await rework.replay(first, doing)).toMatchObject({ changed: false });
    const before = await patientOf(store, mercy1);
    mapWith(shouting);
    const shadow = await rework.shadow(first);
    expect(shadow.resources).toEqual([
      {
        ...{ reference: `Patient/${before.id}`, isNew: false },
        differences: [{ path: 'name[0].family', before: 'Alvarez', after: 'ALVAREZ' }],
      },
    ]);
    expect(await patientOf(store, mercy1)).toEqual(before);
    const { changed, entry } = await rework.replay(first, doing);
    expect(changed).toBe(true);
    expect(await patientOf(store, mercy1)).toMatchObject({ name: [{ family: 'ALVAREZ' }] });
    expect(entry).toMatchObject({ state: 'processed', attempts: 3, ackCode: 'AA' });
    expect(entry.written).toContain(`Patient/${before.id}/_history/1`);
    expect(entry.written).toContain(`Patient/${before.id}/_history/2`);
    expect(await rework.replay(first, doing)).toMatchObject({ changed: false });
    expect((await rework.shadow(first)).resources).toEqual([]);
    expect((await store.state(freshnessKey('ehr')))?.value).toBe(freshness?.value);
    expect(await send({ id: '1' })).toBe(ack);
  });

  it('a replay that is refused leaves the message and the record as they were', async () => {
    const { store, send, rework, mapWith, last } = await site(open);
    await send({ id: '1' });
    const first = await last();
    const before = await patientOf(store, mercy1);
    mapWith(refusing);
    const answer = await rework.replay(first, doing);
    expect(answer).toMatchObject({ changed: false, refused: 'required-field: PID-8 is empty' });
    const kept = (await store.journal.read(first.id)) as JournalEntry;
    const what = ({ state, ackCode, ack, bytes, written, patient, report }: JournalEntry) => ({
      ...{ state, ackCode, written, patient, report },
      ...{ ack: text(ack), bytes: text(bytes) },
    });
    expect(what(kept)).toEqual(what(first));
    expect(notesOf(kept)).toEqual([
      expect.objectContaining({ action: 'replay', refused: 'required-field: PID-8 is empty' }),
    ]);
    expect(await patientOf(store, mercy1)).toEqual(before);
    expect((await rework.shadow(first)).refused).toBe('required-field: PID-8 is empty');
  });

  it('an old message that is replayed overwrites nothing newer', async () => {
    const { store, send, rework, rows } = await site(open);
    await send({ id: '1', at: '202605011000', phone: '555-1' });
    await send({ id: '2', at: '202605011100', phone: '555-2' });
    const [old] = await rows();
    expect(await rework.replay(old as JournalEntry, doing)).toMatchObject({ changed: false });
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '555-2' }] });
  });

  it('a run retries all that a query finds, each person’s in their order', async () => {
    const { store, send, runs, mapWith, ended, rows } = await site(open);
    mapWith(refusing);
    const people = ['A', 'B', 'C'];
    for (let n = 0; n < 12; n += 1) {
      const said: Said = {
        ...{ id: `m${String(n)}`, ids: `${people[n % 3] ?? ''}^^^MERCY^MR` },
        ...{ at: `2026050110${String(10 + n)}`, phone: `555-${String(n)}` },
      };
      await send(said);
    }
    mapWith(undefined);
    const query = { state: ['failed', 'parked'], feed: 'ehr' } as const;
    const { id } = await runs.start({ kind: 'retry', query, doing });
    expect(await ended(id)).toMatchObject({
      ...{ state: 'done', kind: 'retry', by: 'ana', done: 12, outcomes: { processed: 12 } },
    });
    expect((await rows()).map(({ state }) => state)).toEqual(Array(12).fill('processed'));
    for (const [at, person] of people.entries()) {
      const key = personClaimKey({ system: 'urn:mercy', value: person });
      const patient = await patientOf(store, key);
      expect(patient).toMatchObject({ telecom: [{ value: `555-${String(9 + at)}` }] });
      // Every message of the person was merged, none passed over as stale.
      expect(patient.meta?.versionId).toBe('4');
    }
    expect(await runs.list()).toHaveLength(1);
  });

  it('a shadow run tells what a map would change, and writes nothing', async () => {
    const { store, send, runs, mapWith, ended } = await site(open);
    for (const id of ['A', 'B', 'C']) await send({ id, ids: `${id}^^^MERCY^MR` });
    const versions = (await store.changes(0, 100)).length;
    mapWith(shouting);
    const { id } = await runs.start({ kind: 'shadow', query: { feed: 'ehr' }, doing });
    const run = await ended(id);
    expect(run).toMatchObject({
      ...{ state: 'done', outcomes: { changed: 3 }, elements: { 'Patient.name.family': 3 } },
    });
    expect(run?.samples).toHaveLength(3);
    expect((await store.changes(0, 100)).length).toBe(versions);
    const events = (await store.audit.rows(0, 100)).map(({ event }) => event);
    const looks = events.filter((event) => event.includes('"ana"')).join('');
    expect(looks.match(/Patient\//g)).toHaveLength(3);
  });

  it('a run ends where it is cancelled, and what comes meanwhile is not part of it', async () => {
    const { send, runs, rework, pipeline, ended } = await site(open);
    for (let n = 0; n < 30; n += 1)
      await send({ id: `m${String(n)}`, ids: `P${String(n)}^^^MERCY^MR` });
    let let_go = (): void => undefined;
    const held = new Promise<void>((resolve) => (let_go = resolve));
    const slow = startMessageRuns({
      ...pipeline,
      rework: {
        ...rework,
        replay: async (entry, by) => {
          await held;
          return rework.replay(entry, by);
        },
      },
    });
    const { id } = await slow.start({ kind: 'replay', query: { state: 'processed' }, doing });
    await slow.start({ kind: 'replay', query: { state: 'processed' }, doing });
    await expect(
      slow.start({ kind: 'replay', query: { state: 'processed' }, doing }),
    ).rejects.toThrow('2 runs are under way');
    const cancelled = slow.cancel(id);
    let_go();
    expect(await cancelled).toMatchObject({ state: 'cancelled' });
    expect((await runs.find(id))?.done).toBeLessThan(30);
    await slow.stop();
    const [newest] = await runs.list();
    expect(['stopped', 'done']).toContain((await ended(newest?.id ?? ''))?.state);
    expect(await slow.cancel('none')).toBeUndefined();
  });

  it('dead letters are grouped by why', async () => {
    const { store, send, mapWith } = await site(open);
    mapWith(refusing);
    for (const id of ['1', '2']) await send({ id });
    mapWith(undefined);
    await send({ id: '3', type: 'ADT^A99' });
    await send({ id: '4' });
    const { groups, counted, more } = await deadLetters(store);
    expect([counted, more]).toEqual([3, false]);
    expect(groups.map(({ reason, count, state }) => [count, state, reason])).toEqual([
      [2, 'failed', 'required-field: PID-8 is empty'],
      [1, 'parked', expect.stringMatching(/^mapping-fault: /)],
    ]);
  });
});
