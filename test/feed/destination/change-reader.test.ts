import { afterEach, describe, expect, it } from 'vitest';
import { composer, Uncomposed } from '../../../src/feed/destination/compose.ts';
import { bytesOf } from '../../../src/feed/destination/delivery.ts';
import { retry, skip } from '../../../src/feed/destination/intervene.ts';
import type { Destination } from '../../../src/feed/destination/destination.ts';
import { messageUri } from '../../../src/fhir/message-source.ts';
import type { IdentifiedResource } from '../../../src/fhir/resource.ts';
import { extractIndex } from '../../../src/fhir/search-extract.ts';
import { parseSearch } from '../../../src/fhir/search-parse.ts';
import type { Store } from '../../../src/store/store.ts';
import { outMaps } from '../../mapping/out/out-fixture.ts';
import { stores } from '../../rest/fhir-app.ts';
import { destinationTo, listed, sendTo, until } from './destination-fixture.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Nobody listens there, and it is not tried twice. */
const nowhere = { retry: { firstMs: 3_600_000, mostMs: 3_600_000, errorsMax: 0, breakAfter: 9 } };

function sendsOf(...criteria: readonly string[]): Destination['sends'] {
  const maps: Readonly<Record<string, string>> = { Patient: 'adt', Appointment: 'siu' };
  return criteria.map((text) => {
    const [type = '', query = ''] = text.split('?');
    const given = { now: 0, baseUrl: '', strict: true };
    const { query: found } = parseSearch([type], [...new URLSearchParams(query)], given);
    return { type, where: found.where, map: maps[type] ?? '' };
  });
}

async function play(open: () => Promise<Store>, change: Partial<Destination>) {
  const store = await open();
  closers.push(() => store.close());
  const destination = destinationTo(1, { ...nowhere, ...change });
  const begin = () => {
    const running = sendTo(store, [destination], { compose: composer(store, outMaps) });
    closers.push(() => running.stop());
    return running;
  };
  return { store, begin };
}

async function write(store: Store, ...resources: readonly IdentifiedResource[]): Promise<void> {
  const changes = resources.map((resource) => ({
    op: 'put' as const,
    resource,
    index: extractIndex(resource),
  }));
  await store.commit({ now: new Date(), origin: 'test', changes });
}

const patient = (id: string, change: Partial<IdentifiedResource> = {}): IdentifiedResource => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system: 'urn:weir:authority:MERCY', value: `M-${id}` }],
  name: [{ family: 'Doe', given: ['Jo'] }],
  ...change,
});
const appointment = (status: string, start: string): IdentifiedResource => ({
  resourceType: 'Appointment',
  id: 'a1',
  status,
  start,
  participant: [{ actor: { reference: 'Patient/p1' }, status: 'accepted' }],
});
const types = async (store: Store): Promise<readonly string[]> =>
  (await listed(store)).map(({ messageType }) => messageType);

describe.each(stores)('from changes to messages, on %s', (_, open) => {
  it('tells what is written after it was first seen, and nothing before', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient') });
    await write(store, patient('old'));
    const running = begin();
    await running.idle();
    await write(store, patient('p1'));
    await until(async () => (await listed(store)).length === 1);
    const [row] = await listed(store);
    expect(row).toMatchObject({
      cause: 'Patient/p1/_history/1',
      patient: 'Patient/p1',
      messageType: 'ADT^A31',
    });
    const text = row === undefined ? '' : Buffer.from(await bytesOf(store, row)).toString();
    expect(text).toContain(`|ADT^A31^ADT_A05|${row?.controlId ?? ''}|P|2.5.1`);
    expect(text).toContain('PID|1||M-p1^^^MERCY||Doe^Jo');
  });

  it('goes on where it was, also after a stop, and queues each once', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient') });
    const first = begin();
    await first.idle();
    await write(store, patient('p1'));
    await until(async () => (await listed(store)).length === 1);
    await first.stop();
    await write(store, patient('p2'), patient('p3'));
    const [second, third] = [begin(), begin()];
    await until(async () => (await listed(store)).length === 3);
    await write(store, patient('p4'));
    await until(async () => (await listed(store)).length === 4);
    await Promise.all([second.idle(), third.idle()]);
    const causes = (await listed(store)).map(({ cause }) => cause.split('/')[1]);
    expect(causes).toEqual(['p1', 'p2', 'p3', 'p4']);
  });

  it('tells an appointment by what happened to it', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Appointment') });
    const running = begin();
    await running.idle();
    await write(store, patient('p1'));
    for (const [status, start] of [
      ['proposed', '2026-05-01T10:00:00Z'],
      ['booked', '2026-05-01T10:00:00Z'],
      ['booked', '2026-05-02T10:00:00Z'],
      ['arrived', '2026-05-02T10:00:00Z'],
      ['cancelled', '2026-05-02T10:00:00Z'],
      ['booked', '2026-05-03T10:00:00Z'],
      ['noshow', '2026-05-03T10:00:00Z'],
      ['entered-in-error', '2026-05-03T10:00:00Z'],
    ] as const) {
      await write(store, appointment(status, start));
    }
    const wanted = ['S12', 'S13', 'S14', 'S15', 'S12', 'S26', 'S17'].map((event) => `SIU^${event}`);
    await until(async () => (await listed(store)).length === wanted.length);
    expect(await types(store)).toEqual(wanted);
  });

  it('tells what meets its criteria', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient?gender=female') });
    await begin().idle();
    await write(store, patient('p1', { gender: 'male' }), patient('p2', { gender: 'female' }));
    await until(async () => (await listed(store)).length === 1);
    expect(await listed(store)).toMatchObject([{ cause: 'Patient/p2/_history/1' }]);
  });

  it('does not tell a system what it said itself, but what others changed since', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient'), feeds: ['ehr'] });
    await begin().idle();
    const source = messageUri('ehr', 'C1');
    await write(store, patient('p1', { meta: { source } }));
    // Edited over REST, with meta as it was read.
    await write(store, patient('p1', { meta: { source }, gender: 'female' }));
    await write(store, patient('p2', { meta: { source: messageUri('lab', 'C2') } }));
    await until(async () => (await listed(store)).length === 2);
    expect((await listed(store)).map(({ cause }) => cause)).toEqual([
      'Patient/p1/_history/2',
      'Patient/p2/_history/1',
    ]);
  });

  it('what no message can be made of is put aside with its reason, and the others go', async () => {
    const store = await open();
    closers.push(() => store.close());
    const able = composer(store, outMaps);
    const destination = destinationTo(1, { ...nowhere, sends: sendsOf('Patient') });
    const running = sendTo(store, [destination], {
      compose: async (change, wanted) => {
        if (change.current.id === 'p1') throw new Uncomposed('The out-map failed');
        return able(change, wanted);
      },
    });
    closers.push(() => running.stop());
    await running.idle();
    await write(store, patient('p1'), patient('p2'));
    await until(async () => (await listed(store)).length === 1);
    expect((await listed(store))[0]?.cause).toBe('Patient/p2/_history/1');
    const [aside] = await listed(store, 'aside');
    expect(aside).toMatchObject({ state: 'held', lastError: 'adt: The out-map failed', parts: 0 });
    const principal = { id: 'ann', display: 'Ann', role: 'admin' } as const;
    const given = { store, now: new Date(), principal, destination: 'ris', reason: 'a test' };
    await expect(retry(given, aside?.id ?? '')).rejects.toThrow('There is no message to send');
    await skip(given, aside?.id ?? '');
    expect(await listed(store, 'aside')).toEqual([]);
  });

  it('many large messages are many commits', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient') });
    await begin().idle();
    const comment = 'x'.repeat(3_000_000);
    for (const id of ['p1', 'p2', 'p3', 'p4', 'p5']) {
      await write(store, patient(id, { address: [{ line: [comment] }] }));
    }
    await until(async () => (await listed(store)).length === 5);
    const [first] = await listed(store);
    expect((await bytesOf(store, first as never)).length).toBeGreaterThan(3_000_000);
  });

  it('names what it could not say', async () => {
    const { store, begin } = await play(open, { sends: sendsOf('Patient') });
    await begin().idle();
    await write(store, patient('p1', { photo: [{ title: 'me' }] }));
    await until(async () => (await listed(store)).length === 1);
    expect((await listed(store))[0]?.loss).toEqual(['Patient.photo.title']);
  });
});
