import { afterEach, describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/feed/destination/destination.ts';
import { bytesOf } from '../../../src/feed/destination/delivery.ts';
import { routerTo } from '../../../src/feed/destination/router.ts';
import { defaultFeed, type Feed } from '../../../src/feed/feed.ts';
import type { Store } from '../../../src/store/store.ts';
import { stores } from '../../rest/fhir-app.ts';
import { codeOf, ehr, frame, processorOn, text, type Said } from '../pipeline-fixture.ts';
import { destinationTo, listed } from './destination-fixture.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const any = { feeds: [], only: [], except: [], when: 'received', rewrite: [] } as const;

async function play(
  open: () => Promise<Store>,
  change: Partial<Destination>,
  feed: Partial<Feed> = {},
) {
  const store = await open();
  closers.push(() => store.close());
  const router = routerTo([destinationTo(1, change)], () => undefined);
  const feeds = (): readonly Feed[] => [{ ...ehr, ...feed }, defaultFeed];
  return { store, ...processorOn(store, { router, feeds }) };
}

const enhanced = (said: Said): Uint8Array =>
  Buffer.from(text(frame(said)).replace('|2.5.1\r', '|2.5.1|||AL|AL\r'));

describe.each(stores)('messages that are passed on, on %s', (_, open) => {
  it('go byte for byte, in the order of arrival, once', async () => {
    const { store, processor } = await play(open, { passes: [any] });
    const frames = ['1', '2', '3', '2'].map((id) => frame({ id, ids: `M${id}^^^MERCY^MR` }));
    await Promise.all(frames.map((bytes) => processor.onFrame({ bytes, peer: 'p' })));
    const queue = await listed(store);
    expect(queue.map(({ controlId }) => controlId)).toEqual(['1', '2', '3']);
    const [first] = queue;
    expect(first && Buffer.from(await bytesOf(store, first))).toEqual(Buffer.from(frames[0] ?? []));
    expect((await store.counts()).get('Patient')).toBe(3);
  });

  it('go also where no map takes them, and where what a map makes is parked', async () => {
    const { store, send } = await play(open, { passes: [any] });
    expect(codeOf(await send({ id: '1', type: 'ZZZ^Z99' }))).toBe('AR');
    expect(codeOf(await send({ id: '2', type: 'ADT^A99' }))).toBe('AE');
    expect((await listed(store)).map(({ controlId }) => controlId)).toEqual(['1', '2']);
    const rows = await store.journal.list({ count: 10 });
    expect(rows.entries.map(({ state }) => state)).toEqual(['parked', 'failed']);
  });

  it('do not go where the sender may not send them', async () => {
    const { store, processor } = await play(open, { passes: [any] });
    const bytes = frame({ id: '1', sender: 'OTHER|X' });
    expect(codeOf(text(await processor.onFrame({ bytes, peer: 'p', feed: 'ehr' })))).toBe('AR');
    expect(await listed(store)).toEqual([]);
  });

  it('go only when they are in the record, where the rule says so', async () => {
    const { store, send } = await play(open, { passes: [{ ...any, when: 'processed' }] });
    await send({ id: '1', type: 'ADT^A99' });
    await send({ id: '2' });
    await send({ id: '2' });
    const queue = await listed(store);
    expect(queue).toMatchObject([
      { controlId: '2', patient: expect.stringMatching(/^Patient\//) as string },
    ]);
  });

  it('go by what MSH and PID say, with a new receiver', async () => {
    const only = [
      { path: { segment: 'MSH', field: 9 }, values: ['ORU^R01', 'ADT^A0*'] },
      { path: { segment: 'PID', field: 3, component: 4 }, values: ['LAB'] },
    ];
    const except = [{ path: { segment: 'PID', field: 5 }, values: ['Test'] }];
    const { store, send } = await play(open, {
      passes: [{ ...any, only, except, rewrite: ['receiving'] }],
    });
    await send({ id: '1' });
    await send({ id: '2', ids: 'M1^^^MERCY^MR~L1^^^LAB^MR' });
    await send({ id: '3', ids: 'L1^^^LAB^MR', family: 'Test' });
    await send({ id: '4', ids: 'L1^^^LAB^MR', type: 'ADT^A31' });
    const [only2, ...others] = await listed(store);
    expect(others).toEqual([]);
    const sent = only2 === undefined ? '' : text(await bytesOf(store, only2));
    expect(sent).toBe(
      text(frame({ id: '2', ids: 'M1^^^MERCY^MR~L1^^^LAB^MR' })).replace('WEIR|HUB', 'RIS|HOSP'),
    );
  });

  it('do not go back to the system that sent them, unless told', async () => {
    const { store, send } = await play(open, { passes: [any], feeds: ['ehr'] });
    await send({ id: '1' });
    expect(await listed(store)).toEqual([]);
    const told = await play(open, { passes: [any], feeds: ['ehr'], echo: true });
    await told.send({ id: '1' });
    expect(await listed(told.store)).toHaveLength(1);
  });

  it('of a feed that only passes on, no map is run', async () => {
    const { store, send } = await play(open, { passes: [any] }, { passOnly: true });
    expect(codeOf(await send({ id: '1', type: 'ZZZ^Z99' }))).toBe('AA');
    expect(codeOf(await send({ id: '1', type: 'ZZZ^Z99' }))).toBe('AA');
    expect(await listed(store)).toHaveLength(1);
    expect((await store.journal.list({ count: 9 })).entries).toMatchObject([{ state: 'ignored' }]);
    expect((await store.counts()).get('Patient')).toBeUndefined();
  });
});

describe.each(stores)('the answer of the application that goes its own way, on %s', (_, open) => {
  it.each(['committed', 'journaled'] as const)('a %s feed', async (ackMode) => {
    const { store, processor } = await play(
      open,
      {},
      { ackMode, applicationAck: { destination: 'ris', when: 'always' } },
    );
    const accepted: string[] = [];
    const bytes = enhanced({ id: '1' });
    const answer = await processor.onFrame({ bytes, peer: 'p' }, (accept) =>
      accepted.push(text(accept)),
    );
    await processor.idle();
    const heard = [...accepted, text(answer)].filter((each) => each !== '');
    expect(heard.map(codeOf)).toEqual(['CA']);
    const [row, ...others] = await listed(store);
    expect(others).toEqual([]);
    const sent = row === undefined ? '' : text(await bytesOf(store, row));
    expect(sent).toMatch(/^MSH\|\^~\\&\|WEIR\|HUB\|EHR\|MERCY\|.*\|2\.5\.1\|\|\|AL\|NE\r/);
    expect(sent).toContain('\rMSA|AA|1');
    expect(row).toMatchObject({ messageType: 'ACK^A08', controlId: sent.split('|')[9] });
    // A resend hears CA again, and nothing is queued twice.
    expect(codeOf(text(await processor.onFrame({ bytes, peer: 'p' })))).toBe('CA');
    expect(await listed(store)).toHaveLength(1);
  });

  it('also where it is AE', async () => {
    const { store, processor } = await play(
      open,
      {},
      { applicationAck: { destination: 'ris', when: 'always' } },
    );
    const bytes = enhanced({ id: '1', type: 'ADT^A99' });
    await processor.onFrame({ bytes, peer: 'p' });
    const [row] = await listed(store);
    expect(row === undefined ? '' : codeOf(text(await bytesOf(store, row)))).toBe('AE');
  });

  it('only where the sender is gone by then, if the feed says so', async () => {
    const way = { destination: 'ris', when: 'gone' } as const;
    const { store, processor } = await play(open, {}, { applicationAck: way });
    const frameOf = (id: string, isOpen: boolean) => ({
      ...{ bytes: enhanced({ id }), peer: 'p' },
      isOpen: () => isOpen,
    });
    expect(codeOf(text(await processor.onFrame(frameOf('1', true))))).toBe('AA');
    expect(await listed(store)).toEqual([]);
    await processor.onFrame(frameOf('2', false));
    expect(await listed(store)).toMatchObject([{ messageType: 'ACK^A08' }]);
  });

  it('a message in original mode is answered on its connection', async () => {
    const { store, send } = await play(
      open,
      {},
      { applicationAck: { destination: 'ris', when: 'always' } },
    );
    expect(codeOf(await send({ id: '1' }))).toBe('AA');
    expect(await listed(store)).toEqual([]);
  });
});
