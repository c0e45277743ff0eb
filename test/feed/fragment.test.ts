import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { stores } from '../rest/fhir-app.ts';
import { codeOf, frame, processorOn, text } from './pipeline-fixture.ts';

const obx = (index: number): string => `OBX|${index}|NM|${index}-1||${index}|g/dL|||||F`;

/** The first has all segments, the others their MSH with MSH-14 and their own. */
function fragment(id: string, given: { follows?: string; next?: string; rest?: string[] }): string {
  const { follows, next, rest = [] } = given;
  const dsc = next === undefined ? [] : [`DSC|${next}|F`];
  const whole = text(frame({ id, extra: [...rest, ...dsc] }));
  if (follows === undefined) return whole;
  const [msh = ''] = whole.split('\r');
  return [`${msh}||${follows}`, ...rest, ...dsc, ''].join('\r');
}
const first = fragment('1', { next: 'p1', rest: [obx(1), 'OBX|2|NM|2-1||2'] });
const middle = fragment('2', { follows: 'p1', next: 'p2', rest: ['ADD|.5|g/dL|||||F', obx(3)] });
const last = fragment('3', { follows: 'p2', rest: [obx(4)] });

async function on(store: Store, change: Parameters<typeof processorOn>[1] = {}) {
  const made = processorOn(store, change);
  const send = async (message: string): Promise<string> =>
    text(await made.processor.onFrame({ bytes: Buffer.from(message), peer: 'p' }));
  const states = async (): Promise<readonly string[]> =>
    (await store.journal.list({ count: 99 })).entries.map(
      ({ controlId, state, ackCode }) => `${controlId} ${state} ${ackCode ?? ''}`,
    );
  return { ...made, send, states, store };
}

describe.each(stores)('a message in fragments, on %s', (_, open) => {
  it('is processed when its last one is there, as one', async () => {
    const { send, states, store } = await on(await open());
    expect([codeOf(await send(first)), codeOf(await send(middle))]).toEqual(['AA', 'AA']);
    expect(await states()).toEqual(['2 received AA', '1 received AA']);
    expect((await store.counts()).get('Patient') ?? 0).toBe(0);
    const ack = await send(last);
    expect(ack).toMatch(/\rMSA\|AA\|3/);
    expect(await states()).toEqual(['3 processed AA', '2 processed AA', '1 processed AA']);
    expect((await store.counts()).get('Observation')).toBe(4);
    const { versions } = await store.history({ type: 'Observation', count: 9 });
    expect(versions.map(({ body }) => (/"value":([\d.]+)/.exec(body) ?? [])[1])).toContain('2.5');
    expect(await store.states('fragment|')).toEqual([]);
  });

  it('resends are answered again and change nothing', async () => {
    const { send, states, store } = await on(await open());
    const one = await send(first);
    expect(await send(first)).toBe(one);
    await send(middle);
    expect(await send(first)).toBe(one);
    const three = await send(last);
    const before = (await store.history({ count: 99 })).total;
    expect([await send(first), await send(last)]).toEqual([one, three]);
    expect((await store.history({ count: 99 })).total).toBe(before);
    expect(await states()).toHaveLength(3);
  });

  it('goes on after a stop', async () => {
    const store = await open();
    await (await on(store)).send(first);
    const again = await on(store, { newId: counter('b') });
    await again.processor.resume();
    await again.processor.idle();
    await again.send(middle);
    await again.send(last);
    expect((await store.counts()).get('Observation')).toBe(4);
  });

  it('what follows nothing is parked, and told', async () => {
    const { send, states } = await on(await open());
    expect(await send(last)).toMatch(/\rMSA\|AE\|3.*\rERR\|\|MSH\^1\^14\|.*\|continuation\|/s);
    expect(await states()).toEqual(['3 parked AE']);
  });

  it('what is not continued in time is parked, and can be sent again', async () => {
    const store = await open();
    let now = Date.parse('2026-05-01T12:00:00Z');
    const { send, states, processor } = await on(store, { clock: () => new Date(now) });
    await send(first);
    await processor.sweep();
    expect(await states()).toEqual(['1 received AA']);
    now += limits.fragmentWaitMs;
    await processor.sweep();
    expect(await states()).toEqual(['1 parked AA']);
    expect((await store.journal.find('ehr', '1'))[0]?.lastError).toContain('continuation');
    expect(await store.states('fragment|')).toEqual([]);
    expect(codeOf(await send(middle))).toBe('AE');
    for (const each of [first, middle, last]) expect(codeOf(await send(each))).toBe('AA');
    expect([...(await states())].sort()).toEqual([1, 2, 3].map((id) => `${id} processed AA`));
  });

  it('a control id that was used for others since does not hide what came before', async () => {
    const { send, states, errors } = await on(await open());
    const one = await send(first);
    const other = fragment('1', { next: 'p9', rest: [obx(9)] });
    expect(codeOf(await send(other))).toBe('AA');
    expect(await send(first)).toBe(one);
    expect(codeOf(await send(last.replace('|3|P', '|1|P')))).toBe('AE');
    expect(codeOf(await send(other.replace('p9', 'p8')))).toBe('AA');
    expect(codeOf(await send(last.replace('|3|P', '|1|P')))).toBe('AE');
    expect(errors).toEqual([]);
    expect(await states()).toHaveLength(4);
  });

  it('another sender’s pointer of the same name is another one', async () => {
    const { send, states } = await on(await open());
    await send(first);
    expect(codeOf(await send(middle.replace('EHR|MERCY', 'LAB|LAB')))).toBe('AE');
    expect(await states()).toEqual(['2 parked AE', '1 received AA']);
  });

  it('a second message with the same pointer parks the first', async () => {
    const { send, states } = await on(await open());
    await send(first);
    await send(fragment('9', { next: 'p1', rest: [obx(9)] }));
    expect(await states()).toEqual(['9 received AA', '1 parked AA']);
  });

  it('a content that is refused refuses all of it', async () => {
    const { send, states } = await on(await open());
    await send(first.replace('ADT^A08', 'ADT^A99'));
    await send(middle);
    expect(codeOf(await send(last))).toBe('AE');
    expect(await states()).toEqual(['3 parked AE', '2 parked AA', '1 parked AA']);
  });

  it('past the bound of their number all are parked', async () => {
    const { send, states } = await on(await open());
    const bound = limits.fragmentsMax;
    limitFragments(2);
    try {
      await send(first);
      await send(middle);
      expect(await send(last)).toContain('fragmentsMax');
    } finally {
      limitFragments(bound);
    }
    expect(await states()).toEqual(['3 parked AR', '2 parked AA', '1 parked AA']);
  });
});

it('in enhanced mode each of them is accepted', async () => {
  const { processor } = await on(openMemoryStore());
  const bytes = Buffer.from(first.replace('|2.5.1\r', '|2.5.1|||AL|AL\r'));
  const accepted: string[] = [];
  const answer = await processor.onFrame({ bytes, peer: 'p' }, (ack) => {
    accepted.push(codeOf(text(ack)));
  });
  expect([...accepted, codeOf(text(answer))]).toEqual(['CA', 'AA']);
});

function limitFragments(count: number): void {
  (limits as { fragmentsMax: number }).fragmentsMax = count;
}

function counter(mark: string): () => string {
  let count = 0;
  return () => `${mark}-${String((count += 1)).padStart(6, '0')}`;
}
