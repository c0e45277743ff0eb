import { describe, expect, it } from 'vitest';
import { describeMessage } from '../../src/feed/describe.ts';
import { defaultFeed } from '../../src/feed/feed.ts';
import type { MapMessage } from '../../src/feed/map-message.ts';
import { unmappedPrefix } from '../../src/feed/worklist.ts';
import { limits } from '../../src/limits.ts';
import { present } from '../../src/hl7v2/present.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { codeOf, ehr, frame, processorOn, text } from './pipeline-fixture.ts';

const journaled = { feeds: () => [{ ...ehr, ackMode: 'journaled' } as const, defaultFeed] };
const rowOf = async (store: Store) => (await store.journal.list({ count: 1 })).entries[0];

describe('ack mode journaled', () => {
  it('answers as soon as the message is safe, and processes it after', async () => {
    const store = openMemoryStore();
    const states: (string | undefined)[] = [];
    const watched: Store = {
      ...store,
      commit: async (commit) => {
        states.push((await rowOf(store))?.state);
        return store.commit(commit);
      },
    };
    const { send, processor } = processorOn(watched, journaled);
    const ack = await send({ id: '1' });
    expect(codeOf(ack)).toBe('AA');
    await processor.idle();
    expect(states).toEqual(['received']);
    const row = await rowOf(store);
    expect(row).toMatchObject({ state: 'processed', attempts: 1 });
    expect(text(row?.ack ?? new Uint8Array())).toBe(ack);
    expect(await send({ id: '1' })).toBe(ack);
  });

  it('answers before it maps, and says at once what the header alone forbids', async () => {
    const store = openMemoryStore();
    const { pipeline } = processorOn(store);
    const mapped: string[] = [];
    const map: MapMessage = Object.assign(
      (...given: Parameters<MapMessage>) => {
        mapped.push(given[0].controlId);
        return pipeline.map(...given);
      },
      present({ refusal: pipeline.map.refusal }),
    );
    const { send, processor } = processorOn(store, { ...journaled, map });
    expect(codeOf(await send({ id: '1' }))).toBe('AA');
    expect(mapped).toEqual([]);
    expect(codeOf(await send({ id: '2', type: 'ZZZ^Z99' }))).toBe('AR');
    expect((await store.journal.find('ehr', '2'))[0]).toMatchObject({ state: 'failed' });
    await processor.idle();
    expect(mapped).toContain('1');
  });

  it('a resend while it waits hears the same, and it is processed once', async () => {
    const store = openMemoryStore();
    const { send, processor } = processorOn(store, journaled);
    const [first, again] = await Promise.all([send({ id: '1' }), send({ id: '1' })]);
    expect(again).toBe(first);
    expect(await send({ id: '1' })).toBe(first);
    await processor.idle();
    expect(await store.journal.find('ehr', '1')).toMatchObject([
      { state: 'processed', attempts: 1 },
    ]);
  });

  it('flags a control id that is used again, on the one that came later', async () => {
    const store = openMemoryStore();
    const { send, processor } = processorOn(store, journaled);
    await Promise.all([send({ id: '1', phone: '5551' }), send({ id: '1', phone: '5552' })]);
    await processor.idle();
    const rows = await store.journal.find('ehr', '1');
    expect(rows.map(({ state, report }) => [state, report?.includes('control-id-reuse')])).toEqual([
      ['processed', false],
      ['processed', true],
    ]);
  });

  it('keeps what was found out about a frame before it was read', async () => {
    const store = openMemoryStore();
    const { processor } = processorOn(store, journaled);
    const remarks = [
      { code: 'value', severity: 'warning', diagnostics: 'One is missing' } as const,
    ];
    await processor.onFrame({ bytes: frame({ id: '1' }), peer: 'p', remarks });
    await processor.idle();
    const row = await rowOf(store);
    expect(row?.state).toBe('processed');
    expect((await describeMessage(store, row?.id ?? ''))?.issues).toEqual(remarks);
  });

  it('keeps the answer it gave when the content turns out to be bad', async () => {
    const store = openMemoryStore();
    const { send, processor } = processorOn(store, journaled);
    expect(codeOf(await send({ id: '1', type: 'ADT^A99' }))).toBe('AA');
    await processor.idle();
    expect(await rowOf(store)).toMatchObject({ state: 'parked', ackCode: 'AA' });
  });

  it('takes up after a restart what was acknowledged and not processed', async () => {
    const store = openMemoryStore();
    const dead: Store = { ...store, commit: () => new Promise(() => undefined) };
    await processorOn(dead, journaled).send({ id: '1' });
    expect((await rowOf(store))?.state).toBe('received');
    const { processor } = processorOn(store, journaled);
    await processor.resume();
    await processor.idle();
    expect((await rowOf(store))?.state).toBe('processed');
    expect((await store.counts()).get('Patient')).toBe(1);
    await processor.resume();
    await processor.idle();
    expect((await store.history({ type: 'Patient', count: 9 })).total).toBe(1);
  });

  it('takes up all of a long queue, each person’s messages in the order of arrival', async () => {
    const store = openMemoryStore();
    const dead: Store = { ...store, commit: () => new Promise(() => undefined) };
    const count = 40 * limits.backlogUnderWayMax;
    const before = processorOn(dead, journaled);
    for (let n = 0; n < count; n += 1) {
      const said = { id: `m${String(n)}`, ids: `M${String(n % 3)}^^^MERCY^MR` };
      await before.send({ ...said, phone: `555${String(n)}` });
    }
    const { processor } = processorOn(store, journaled);
    await processor.resume();
    await processor.idle();
    const counts = await store.journal.counts();
    expect(counts.map((one) => [one.state, one.count])).toEqual([['processed', count]]);
    const { versions } = await store.history({ type: 'Patient', count: 6_000 });
    const written = versions
      .toReversed()
      .map(({ body }) => Number(/"value":"555(\d+)"/.exec(body)?.[1]));
    for (const person of [0, 1, 2]) {
      const own = written.filter((n) => n % 3 === person);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
    expect(written).toHaveLength(count);
  });

  it('is processed once where two processes take it up at the same time', async () => {
    const store = openMemoryStore();
    const dead: Store = { ...store, commit: () => new Promise(() => undefined) };
    const bytes = Buffer.from(
      text(frame({ id: '1' })).replace('^Maria||||||||', '^Maria|||X|||||'),
    );
    await processorOn(dead, journaled).processor.onFrame({ bytes, peer: 'p' });
    const processes = [processorOn(store, journaled), processorOn(store, journaled)];
    await Promise.all(processes.map(({ processor }) => processor.resume()));
    await Promise.all(processes.map(({ processor }) => processor.idle()));
    expect(await rowOf(store)).toMatchObject({ state: 'processed', attempts: 1 });
    const tallies = await store.states(unmappedPrefix);
    expect(tallies.map(({ value }) => JSON.parse(value) as object)).toEqual([
      expect.objectContaining({ count: 1 }),
    ]);
  });
});

describe('a feed that is named', () => {
  it('refuses a sender that it is not for', async () => {
    const store = openMemoryStore();
    const { processor } = processorOn(store);
    const bytes = frame({ id: '1', sender: 'LAB|LAB' });
    const ack = text(await processor.onFrame({ bytes, peer: 'p', feed: 'ehr' }));
    expect(codeOf(ack)).toBe('AR');
    expect(ack).toContain('sender-refused');
    expect(await rowOf(store)).toMatchObject({ state: 'failed', feed: 'ehr' });
  });
});

describe('describeMessage', () => {
  it('finds by id and by control id, and shows what was left over', async () => {
    const store = openMemoryStore();
    await processorOn(store).send({ id: 'C1', extra: ['ZPI|1|x'] });
    const byControlId = await describeMessage(store, 'C1');
    const byId = await describeMessage(store, byControlId?.entry.id ?? '');
    expect(byId).toEqual(byControlId);
    expect(byId).toMatchObject({ map: 'hand@1', loss: [], unmapped: [], issues: [] });
    expect(byId?.raw.split('\n')).toHaveLength(4);
    expect(byId?.parsed.find(({ position }) => position === 'ZPI[3]-2')).toEqual({
      position: 'ZPI[3]-2',
      name: '',
      value: 'x',
    });
    expect(byId?.resources).toMatchObject([{ resourceType: 'Patient' }]);
    expect(await describeMessage(store, 'nobody')).toBeUndefined();
  });

  it('shows what could not be read', async () => {
    const store = openMemoryStore();
    const { processor } = processorOn(store);
    await processor.onFrame({ bytes: Buffer.from('hello'), peer: 'p' });
    const row = await rowOf(store);
    const shown = await describeMessage(store, row?.id ?? '', { unmask: true });
    expect(shown).toMatchObject({ raw: 'hello', parsed: [], resources: [] });
    expect(shown?.issues[0]?.code).toBe('syntax-hl7');
  });
});
