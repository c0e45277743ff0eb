import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { errorIssue, OutcomeError, type Issue } from '../../src/fhir/issue.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { matchAll } from '../../src/fhir/search-ast.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { describeMessage } from '../../src/feed/describe.ts';
import { personClaimKey } from '../../src/record/identity.ts';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Commit, Store } from '../../src/store/store.ts';
import {
  codeOf,
  defaultFeedName,
  ehr,
  frame,
  patientOf,
  processorOn,
  text,
  unstamped,
} from './pipeline-fixture.ts';

const mercy1 = personClaimKey({ system: 'urn:mercy', value: 'M1' });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  memory: async () => openMemoryStore(),
  sqlite: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-process-'));
    const store = await openSqliteStore({ file: join(folder, 'weir.db') });
    closers.push(async () => {
      await store.close();
      await rm(folder, { recursive: true });
    });
    return store;
  },
};

const countOf = async (store: Store, type: string): Promise<number> =>
  (await store.counts()).get(type) ?? 0;
const rowsOf = async (store: Store) => (await store.journal.list({ count: 100 })).entries;

describe.each(Object.keys(stores))('one message’s way, on %s', (kind) => {
  const open = async (): Promise<Store> => (stores[kind] ?? stores['memory'])?.() as Promise<Store>;

  it('I9 leaves one audit event of what it wrote, in the chain', async () => {
    const store = await open();
    await processorOn(store).send({ id: '1' });
    const patient = await patientOf(store, mercy1);
    const audited = await store.audit.rows(0, 10);
    expect(verifyChain(audited)).toBeUndefined();
    const events = audited.map(({ event }) => event);
    expect(events).toEqual([expect.stringContaining(`Patient/${patient.id}`)]);
    expect(events).toEqual([expect.stringContaining('feed:ehr')]);
  });

  it('answers AA after one commit that holds everything', async () => {
    const store = await open();
    const { send } = processorOn(store);
    const ack = await send({ id: '1', phone: '555-1', extra: ['OBX|1|NM|718-7||13.2|g/dL|||||F'] });
    expect(codeOf(ack)).toBe('AA');
    const [row] = await rowsOf(store);
    expect(row).toMatchObject({ state: 'processed', ackCode: 'AA', controlId: '1', feed: 'ehr' });
    expect(text(row?.ack ?? new Uint8Array())).toBe(ack);
    const patient = await patientOf(store, mercy1);
    expect(row?.patient).toBe(`Patient/${patient.id}`);
    expect(row?.written?.map((each) => each.split('/')[0])).toEqual(['Patient', 'Observation']);
    const [type = '', id = '', , version = ''] = (row?.written?.[1] ?? '').split('/');
    const observation = await store.readVersion(type, id, version);
    expect(JSON.parse(observation?.body ?? '{}')).toMatchObject({
      subject: { reference: row?.patient },
    });
  });

  it('keeps in the same commit what the source said, why, and how recently', async () => {
    const store = await open();
    await processorOn(store).send({ id: '1' });
    const { id } = await patientOf(store, mercy1);
    const views = await store.sourceViews('Patient', id);
    expect(views.map(({ source, controlId }) => [source, controlId])).toEqual([['ehr', '1']]);
    expect(await countOf(store, 'Provenance')).toBe(1);
    expect(await faultsIn(store, 'Provenance')).toEqual([]);
    const events = await store.outbox.pending(10);
    expect(new Set(events.map(({ origin }) => origin))).toEqual(new Set(['feed:ehr']));
    expect(new Set(events.map(({ seq }) => seq)).size).toBe(1);
    expect(JSON.parse((await store.state('feed|ehr'))?.value ?? '{}')).toMatchObject({
      source: 'ehr',
      lastControlId: '1',
      lastEventAt: '2026-05-01T10:00:00.000Z',
    });
  });

  it('I2: a resend gets the earlier ACK byte for byte and changes nothing', async () => {
    const store = await open();
    const { send } = processorOn(store);
    const first = await send({ id: '1', phone: '555-1' });
    const before = await store.history({ count: 100 });
    expect(await send({ id: '1', phone: '555-1' })).toBe(first);
    expect((await store.history({ count: 100 })).total).toBe(before.total);
    expect(await rowsOf(store)).toHaveLength(1);
  });

  it('I2: the same message on two connections at once is one message', async () => {
    const store = await open();
    const { send } = processorOn(store);
    const acks = await Promise.all(Array.from({ length: 5 }, () => send({ id: '1' })));
    expect(new Set(acks).size).toBe(1);
    expect(await rowsOf(store)).toHaveLength(1);
    expect((await store.history({ type: 'Patient', count: 10 })).total).toBe(1);
  });

  it('I2: two processes that take the same message make one person and one ACK', async () => {
    const store = await open();
    const [a, b] = [processorOn(store), processorOn(store, { newId: counter('b') })];
    const acks = await Promise.all([a.send({ id: '1' }), b.send({ id: '1' })]);
    expect(acks[0]).toBe(acks[1]);
    expect(await rowsOf(store)).toHaveLength(1);
    expect(await countOf(store, 'Patient')).toBe(1);
  });

  it('I2: the same control id with other content is taken and flagged', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '1', phone: '555-1' });
    expect(codeOf(await send({ id: '1', phone: '555-2' }))).toBe('AA');
    const [newest, oldest] = await rowsOf(store);
    expect(newest?.report).toContain('control-id-reuse');
    expect(oldest?.report).not.toContain('control-id-reuse');
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '555-2' }] });
    await send({ id: '1', phone: '555-1' });
    expect(await rowsOf(store)).toHaveLength(2);
  });

  it('I4: the phone that the front desk corrected stays until the feed has a really new one', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '1', phone: '555-1' });
    await putPhone(store, '555-2');
    await send({ id: '2', at: '202605011100', phone: '555-1' });
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '555-2' }] });
    await send({ id: '3', at: '202605011200', phone: '' });
    await send({ id: '4', at: '202605011300', phone: '555-1', family: 'Ruiz' });
    expect(await patientOf(store, mercy1)).toMatchObject({
      telecom: [{ value: '555-2' }],
      name: [{ family: 'Ruiz' }],
    });
    await send({ id: '5', at: '202605011400', phone: '555-3' });
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '555-3' }] });
    await send({ id: '6', at: '202605011500', phone: '""' });
    expect((await patientOf(store, mercy1))['telecom']).toBeUndefined();
  });

  it('I4: an A08 that was overtaken by a newer one changes nothing and says so', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '2', at: '202605011100', phone: '555-2' });
    expect(codeOf(await send({ id: '1', at: '202605011000', phone: '555-1' }))).toBe('AA');
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '555-2' }] });
    expect((await rowsOf(store))[0]?.report).toContain('stale-event');
  });

  it('keeps what it cannot take, with the reason, and takes it when it can', async () => {
    const store = await open();
    const { processor, send } = processorOn(store);
    const nonsense = await processor.onFrame({ bytes: Buffer.from('hello'), peer: 'p' });
    expect(codeOf(text(nonsense))).toBe('AR');
    await processor.onFrame({ bytes: Buffer.from('hello'), peer: 'p' });
    expect(codeOf(await send({ id: '2', type: 'ZZZ^Z99' }))).toBe('AR');
    const broken = await send({ id: '3', type: 'ADT^A99' });
    expect(codeOf(broken)).toBe('AE');
    expect(broken).toContain('hand@1 patient birthDate (pid.map.yaml:12)');
    const rows = await rowsOf(store);
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['parked', 1],
      ['failed', 1],
      ['failed', 2],
    ]);
    expect(rows[1]?.lastError).toBe('message-type-unsupported: No map takes ZZZ^Z99');
    expect(await countOf(store, 'Patient')).toBe(0);
    const mended = processorOn(store, {
      map: () => ({ resources: [], loss: [], unmapped: [], issues: [], trace: [], map: 'm@2' }),
    });
    expect(codeOf(await mended.send({ id: '2', type: 'ZZZ^Z99' }))).toBe('AA');
    expect(await rowsOf(store)).toHaveLength(3);
  });

  it('never says AA when the store cannot write', async () => {
    const store = await open();
    const full = {
      ...store,
      commit: () =>
        Promise.reject(new OutcomeError([errorIssue('storage-full', 'The disk is full')])),
    };
    const { send, errors } = processorOn(full);
    const ack = await send({ id: '1' });
    expect(codeOf(ack)).toBe('AR');
    expect(ack).toContain('storage-full');
    expect(errors).toHaveLength(1);
    expect(await rowsOf(store)).toHaveLength(0);
    expect(codeOf(await processorOn(store).send({ id: '1' }))).toBe('AA');
  });

  it('makes one Patient of three numbers, the same in all six orders of arrival', async () => {
    const messages = [
      { id: 'e', sender: 'EHR|MERCY', at: '202605011000', ids: 'M1^^^MERCY', phone: '1' },
      {
        id: 'l',
        sender: 'LAB|LAB',
        at: '202605011200',
        ids: 'L1^^^LAB~M1^^^MERCY',
        family: 'Alvares',
      },
      { id: 'r', sender: 'RX|RX', at: '202605011100', ids: 'R1^^^RX~M1^^^MERCY', phone: '2' },
    ];
    const records = new Set<string>();
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const store = await open();
      const { send } = processorOn(store);
      for (const index of order) {
        const said = messages[index];
        if (said) expect(codeOf(await send(said))).toBe('AA');
      }
      expect(await countOf(store, 'Patient')).toBe(1);
      const { identifier, ...rest } = unstamped(await patientOf(store, mercy1));
      const numbers = (identifier as { value: string }[]).map(({ value }) => value).sort();
      records.add(JSON.stringify([numbers, rest['name'], rest['telecom']]));
      expect((await store.claimOwners([mercy1])).size).toBe(1);
    }
    expect([...records]).toEqual([
      JSON.stringify([
        ['L1', 'M1', 'R1'],
        [{ use: 'official', family: 'Alvares', given: ['Maria'] }],
        [{ system: 'phone', use: 'home', value: '2' }],
      ]),
    ]);
  });

  it('opens one Task when the numbers belong to different people', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '1', ids: 'M1^^^MERCY' });
    await send({ id: '2', sender: 'LAB|LAB', ids: 'L2^^^LAB' });
    const both = { sender: 'LAB|LAB', ids: 'L2^^^LAB~M1^^^MERCY' };
    expect(codeOf(await send({ ...both, id: '3' }))).toBe('AA');
    await send({ ...both, id: '4' });
    expect(await countOf(store, 'Patient')).toBe(2);
    const query = { types: ['Task'], where: matchAll, sort: [], count: 10, total: 'none' } as const;
    const { matches } = await store.search({ ...query, types: ['Task'] });
    expect(matches).toHaveLength(1);
    const lab = await patientOf(store, personClaimKey({ system: 'urn:lab', value: 'L2' }));
    expect(await faultsIn(store, 'Task')).toEqual([]);
    expect(JSON.parse(matches[0]?.body ?? '')).toMatchObject({
      focus: { reference: `Patient/${lab.id}` },
    });
  });

  it('does not let a shared number outweigh two numbers of the source itself', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '1', ids: 'M1^^^MERCY~N9^^^NATION' });
    await send({ id: '2', ids: 'M2^^^MERCY~N9^^^NATION' });
    expect(await countOf(store, 'Patient')).toBe(2);
    expect(await countOf(store, 'Task')).toBe(1);
    await send({ id: '3', at: '202605011300', ids: 'M2^^^MERCY' });
    expect(await countOf(store, 'Patient')).toBe(2);
  });

  it('I3: takes one person’s messages in order, and others meanwhile', async () => {
    const store = await open();
    const { processor } = processorOn(store);
    const minutes = Array.from({ length: 20 }, (_, index) => String(index).padStart(2, '0'));
    const acks = minutes.flatMap((minute) =>
      ['M1', 'M2'].map((number) =>
        processor.onFrame({
          bytes: frame({
            id: `${number}-${minute}`,
            at: '202605011000',
            ids: `${number}^^^MERCY`,
            phone: minute,
          }),
          peer: 'p',
        }),
      ),
    );
    expect(new Set((await Promise.all(acks)).map((ack) => codeOf(text(ack))))).toEqual(
      new Set(['AA']),
    );
    expect(await patientOf(store, mercy1)).toMatchObject({ telecom: [{ value: '19' }] });
    const [patient] = [await patientOf(store, mercy1)];
    const { versions } = await store.history({
      type: 'Patient',
      id: patient.id,
      count: 50,
    });
    const phones = versions.map(({ body }) => /"value":"(\d\d)"/.exec(body)?.[1]);
    expect(phones.toReversed()).toEqual(minutes);
  });

  it('counts unmapped codes once per message', async () => {
    const store = await open();
    const { processor } = processorOn(store);
    const bytes = (id: string): Uint8Array =>
      Buffer.from(text(frame({ id })).replace('^Maria|||', '^Maria|||X'));
    for (const id of ['1', '2', '2']) await processor.onFrame({ bytes: bytes(id), peer: 'p' });
    const [entry] = await store.states('unmapped|');
    expect(JSON.parse(entry?.value ?? '{}')).toMatchObject({ table: 'sex', code: 'X', count: 2 });
  });

  it('takes senders that no feed names, each as a source of its own', async () => {
    const store = await open();
    const { send } = processorOn(store);
    await send({ id: '1', sender: 'A|X', ids: '7' });
    await send({ id: '2', sender: 'B|X', ids: '7' });
    const key = personClaimKey({ system: 'urn:weir:authority:X', value: '7' });
    const patient = await patientOf(store, key);
    const views = await store.sourceViews('Patient', patient.id);
    expect(views.map(({ source }) => source).sort()).toEqual([
      `${defaultFeedName}:A|X`,
      `${defaultFeedName}:B|X`,
    ]);
  });

  it('plans again when something moved between reading and writing', async () => {
    const store = await open();
    let interfere = 2;
    const moving: Store = {
      ...store,
      commit: async (commit: Commit) => {
        if (commit.origin === 'feed:ehr' && interfere > 0) {
          interfere -= 1;
          await putPhone(store, `77${interfere}`);
        }
        return store.commit(commit);
      },
    };
    await processorOn(store).send({ id: '1', phone: '555-1' });
    const { send } = processorOn(moving, { newId: counter('m') });
    expect(codeOf(await send({ id: '2', at: '202605011100', family: 'Ruiz' }))).toBe('AA');
    expect(await patientOf(store, mercy1)).toMatchObject({
      name: [{ family: 'Ruiz' }],
      telecom: [{ value: '770' }],
    });
  });
});

/** What our own validation says of the stored resources of a type. */
async function faultsIn(store: Store, type: string): Promise<readonly Issue[]> {
  const { versions } = await store.history({ type, count: 100 });
  return versions.flatMap(({ body }) => validateResource(JSON.parse(body) as Resource));
}

function counter(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}-${String((count += 1)).padStart(6, '0')}`;
}

/** What the front desk does: an edit by no feed. */
async function putPhone(store: Store, value: string): Promise<void> {
  const patient = await patientOf(store, mercy1);
  const telecom = [{ system: 'phone', use: 'home', value }];
  const resource = { ...unstamped(patient), id: patient.id, telecom };
  await store.commit({
    now: new Date('2026-05-01T10:30:00Z'),
    origin: 'rest',
    changes: [{ op: 'put', resource, index: [] }],
  });
}

it('the charset of a feed is that of its messages, also of those that it is found by', async () => {
  const store = openMemoryStore();
  const { processor } = processorOn(store, {
    feeds: () => [{ ...ehr, charset: 'iso-8859-2' }],
  });
  const said = text(frame({ id: 'Dv\\E\\1', family: 'FAMILY' })).replace('|P|', '|P~é|');
  const bytes = Buffer.from(said.replace('FAMILY', 'Dvo\xf8\xe1k'), 'latin1');
  await processor.onFrame({ bytes, peer: 'p' });
  expect(await patientOf(store, mercy1)).toMatchObject({ name: [{ family: 'Dvořák' }] });
  const [row] = await rowsOf(store);
  const shown = await describeMessage(store, row?.id ?? '', { unmask: true });
  expect(shown?.raw).toContain('Dvořák');
  expect(shown?.charset).toBe('iso-8859-2');
});
