import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeAnswers } from '../../../src/feed/destination/answer-elsewhere.ts';
import { defaultFeed } from '../../../src/feed/feed.ts';
import type { OnFrame } from '../../../src/feed/pipeline.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/store.ts';
import { destinationTo, listed, queue, sendTo, until } from './destination-fixture.ts';
import { Receiver, says } from './receiver.ts';

let store: Store;
let receiver: Receiver;
let port = 0;
const stopping: (() => Promise<void>)[] = [];

beforeEach(async () => {
  store = openMemoryStore();
  receiver = new Receiver([says('CA')]);
  port = await receiver.listen();
});
afterEach(async () => {
  for (const stop of stopping.splice(0)) await stop();
  await receiver.close();
});

/** Destinations at work, and the port at which answers come. */
function atWork(change: Parameters<typeof destinationTo>[1] = {}, names = ['ris']) {
  const destinations = names.map((name) =>
    destinationTo(port, { ack: 'application', answerTimeoutMs: 20_000, name, ...change }),
  );
  const senders = sendTo(store, destinations);
  stopping.push(() => senders.stop());
  const passed: string[] = [];
  const onFrame: OnFrame = async ({ bytes }) => {
    passed.push(Buffer.from(bytes).toString());
    return Buffer.from('passed on');
  };
  let count = 0;
  const desk = {
    ...{ store, destinations, clock: () => new Date(), newId: () => `id-${String((count += 1))}` },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  const take = takeAnswers({ onFrame, desk, senders, feeds: () => [defaultFeed] });
  const say = async (text: string): Promise<string> => {
    const answer = await take({ bytes: Buffer.from(text), peer: 'test' });
    return answer === undefined ? 'nothing' : Buffer.from(answer).toString();
  };
  return { say, passed, senders };
}

const answer = (code: string, controlId: string, header = 'RIS|HOSP', asked = '||AL|NE'): string =>
  `MSH|^~\\&|${header}|WEIR|HUB|20260501||ACK^A31|a1|P|2.5.1|${asked}\rMSA|${code}|${controlId}\r`;

describe('the answer of an application that comes at our own port', () => {
  it('settles the message that waits for it, at once', async () => {
    const { say, passed } = atWork();
    await queue(store, 'ris', ['m1', 'm2']);
    await until(() => receiver.received.length === 1);
    const said = await say(answer('AA', 'm1'));
    expect(said).toMatch(/^MSH\|\^~\\&\|WEIR\|HUB\|RIS\|HOSP\|[^]*\rMSA\|CA\|a1\r/);
    expect(await listed(store, 'done', 'ris')).toMatchObject([{ controlId: 'm1', ackCode: 'AA' }]);
    await until(() => receiver.received.length === 2);
    expect(receiver.controlIds).toEqual(['m1', 'm2']);
    expect(await say(answer('AA', 'm2', 'RIS|HOSP', ''))).toBe('nothing');
    expect(passed).toEqual([]);
  });

  it('AE is tried again, AR is held', async () => {
    const { say } = atWork();
    await queue(store, 'ris', ['m1']);
    await until(() => receiver.received.length === 1);
    await say(answer('AE', 'm1'));
    await until(() => receiver.received.length === 2);
    await say(answer('AR', 'm1'));
    expect(await listed(store, 'queue', 'ris')).toMatchObject([
      { state: 'held', ackCode: 'AR', attempts: 2, errors: 1 },
    ]);
  });

  it('settles also what nobody waits for any more', async () => {
    const { say, senders } = atWork({
      answerTimeoutMs: 50,
      retry: { firstMs: 60_000, mostMs: 60_000, errorsMax: 9, breakAfter: 9 },
    });
    await queue(store, 'ris', ['m1']);
    await until(async () => (await listed(store, 'queue', 'ris'))[0]?.nextRetryAt !== undefined);
    expect(await say(answer('AA', 'm1'))).toContain('MSA|CA|');
    expect(await listed(store, 'queue', 'ris')).toEqual([]);
    expect(await listed(store, 'done', 'ris')).toMatchObject([{ state: 'acknowledged' }]);
    await senders.idle();
    await sleep(20);
    expect(receiver.received).toHaveLength(1);
  });

  it('of what was acknowledged it is kept', async () => {
    const { say } = atWork({ ack: 'original' });
    await queue(store, 'ris', ['m1']);
    await until(async () => (await listed(store, 'done', 'ris')).length === 1);
    await say(answer('AE', 'm1'));
    expect(await listed(store, 'done', 'ris')).toMatchObject([
      { state: 'acknowledged', ackCode: 'AE', lastError: 'The receiver answered AE' },
    ]);
  });

  it('of several destinations that got the message the one that answers is meant', async () => {
    const { say, passed } = atWork(
      { ack: 'original', receiving: { application: 'RIS', facility: 'HOSP' } },
      ['a', 'b'],
    );
    await queue(store, 'a', ['m1']);
    await queue(store, 'b', ['m1']);
    await until(async () => (await listed(store, 'done', 'b')).length === 1);
    await until(async () => (await listed(store, 'done', 'a')).length === 1);
    // Both are called so: nobody knows whose answer it is.
    expect(await say(answer('AA', 'm1'))).toBe('passed on');
    expect(passed).toHaveLength(1);
  });

  it.each([
    ['answers what was never sent', answer('AA', 'x1')],
    ['names nothing', answer('AA', '')],
    ['has no code', answer('??', 'm1')],
    ['is no answer', answer('AA', 'm1').replace('MSA', 'ZSA')],
    ['cannot be read', 'nonsense\rMSA|AA|m1'],
  ])('what %s goes its way', async (_, text) => {
    const { say, passed } = atWork();
    await queue(store, 'ris', ['m1']);
    await until(() => receiver.received.length === 1);
    expect(await say(text)).toBe('passed on');
    expect(passed).toEqual([text]);
    expect(await listed(store, 'done', 'ris')).toEqual([]);
  });
});
