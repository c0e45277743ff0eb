import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { readControl } from '../../../src/feed/destination/control.ts';
import type { Destination } from '../../../src/feed/destination/destination.ts';
import { pause, resume, retry } from '../../../src/feed/destination/intervene.ts';
import type { Destinations } from '../../../src/feed/destination/start.ts';
import type { Store } from '../../../src/store/store.ts';
import { stores } from '../../rest/fhir-app.ts';
import { destinationTo, listed, queue, sendTo, until } from './destination-fixture.ts';
import * as script from './receiver.ts';
import { Receiver, says, type Turn } from './receiver.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function play(
  open: () => Promise<Store>,
  turns: readonly Turn[],
  change: Partial<Destination> = {},
): Promise<{
  store: Store;
  receiver: Receiver;
  running: Destinations & { told: string[] };
  destination: Destination;
}> {
  const store = await open();
  closers.push(() => store.close());
  const receiver = new Receiver(turns);
  const port = await receiver.listen();
  closers.push(() => receiver.close());
  const destination = destinationTo(port, change);
  const running = sendTo(store, [destination]);
  closers.push(() => running.stop());
  return { store, receiver, running, destination };
}

const allDone = (store: Store, count: number) => async (): Promise<boolean> =>
  (await listed(store, 'done')).length === count;

describe.each(stores)('sending on %s', (_, open) => {
  it('sends in order, one at a time, and keeps what was answered', async () => {
    const { store, receiver, running } = await play(open, [says('AA')]);
    const ids = Array.from({ length: 20 }, (_each, index) => `C${String(index).padStart(2, '0')}`);
    await queue(store, 'ris', ids);
    running.wake();
    await until(allDone(store, 20));
    expect(receiver.controlIds).toEqual(ids);
    expect(receiver.connectionCount).toBe(1);
    const done = await listed(store, 'done');
    expect(done.map(({ ackCode, attempts }) => [ackCode, attempts])).toEqual(
      ids.map(() => ['AA', 1]),
    );
    expect((await readControl(store, 'ris')).control).toMatchObject({ sent: 20, failures: 0 });
    expect(await store.states('delivery-bytes|')).toEqual([]);
  });

  it.each([
    ['answers another message', script.answersOther],
    ['answers garbage', script.garbage],
    ['speaks another protocol', script.noFrame],
    ['closes', script.closes],
    ['resets', script.resets],
    ['closes in the middle of its answer', script.halfFrame],
    ['never answers', script.silent],
    ['answers too late', script.lateBy(200)],
  ] as const)('a receiver that %s gets it again, on a new connection', async (_case, faulty) => {
    const { store, receiver, running } = await play(open, [faulty, says('AA')]);
    await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(allDone(store, 2));
    expect(receiver.controlIds).toEqual(['C1', 'C1', 'C2']);
    expect(receiver.connections).toEqual([1, 2, 2]);
    const [first] = await listed(store, 'done');
    expect(first).toMatchObject({ controlId: 'C1', attempts: 2, ackCode: 'AA' });
  });

  it('a late answer to the first is not taken for the second', async () => {
    // The answer to C1 comes twice: with the try that counts, and once more when C2 is on its way.
    const twice: Turn = (message, socket) => {
      socket.write(script.ack('AA', script.controlIdOf(message)));
      socket.write(script.ack('AA', script.controlIdOf(message)));
    };
    const { store, receiver, running } = await play(open, [twice, script.silent, says('AA')]);
    await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(allDone(store, 2));
    expect(receiver.controlIds.filter((id) => id === 'C1')).toHaveLength(1);
    expect(receiver.controlIds.at(-1)).toBe('C2');
  });

  it('AE is tried again so often, then held, and blocks', async () => {
    const { store, receiver, running } = await play(open, [says('AE')]);
    const [id = ''] = await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(async () => (await listed(store))[0]?.state === 'held');
    expect(receiver.controlIds).toEqual(['C1', 'C1', 'C1']);
    const [head, next] = await listed(store);
    expect(head).toMatchObject({ id, errors: 3, ackCode: 'AE' });
    expect(head?.lastError).toBe('The receiver answered AE');
    expect(next).toMatchObject({ controlId: 'C2', state: 'queued', attempts: 0 });
  });

  it('AR is held at once; put aside, it lets others pass', async () => {
    const { store, receiver, running } = await play(open, [says('AR'), says('AA')], {
      whenHeld: 'aside',
    });
    await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(allDone(store, 1));
    expect(receiver.controlIds).toEqual(['C1', 'C2']);
    expect(await listed(store, 'aside')).toMatchObject([{ controlId: 'C1', state: 'held' }]);
    expect((await readControl(store, 'ris')).control).toMatchObject({ sent: 1, failed: 1 });
  });

  it.each([
    ['accept', ['CA'], 'CA'],
    ['application', ['CA', 'AA'], 'AA'],
    ['application', ['AA'], 'AA'],
    ['original', ['CA'], 'CA'],
  ] as const)('wants %s and hears %j', async (wanted, codes, settled) => {
    const { store, receiver, running } = await play(open, [says(...codes)], { ack: wanted });
    await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(allDone(store, 2));
    expect(receiver.controlIds).toEqual(['C1', 'C2']);
    expect((await listed(store, 'done')).map(({ ackCode }) => ackCode)).toEqual([settled, settled]);
  });

  it('CA without the answer that is wanted after it is an error, tried again', async () => {
    const { store, receiver, running } = await play(
      open,
      [says('CA'), says('CA', 'AE'), says('CA', 'AA')],
      {
        ack: 'application',
      },
    );
    await queue(store, 'ris', ['C1']);
    running.wake();
    await until(allDone(store, 1));
    expect(receiver.controlIds).toEqual(['C1', 'C1', 'C1']);
    expect((await listed(store, 'done'))[0]).toMatchObject({ errors: 2, ackCode: 'AA' });
  });

  it('a destination that is away opens the breaker, says so once, and is found again', async () => {
    const { store, receiver, running } = await play(open, [script.closes]);
    await queue(store, 'ris', ['C1']);
    running.wake();
    await until(async () => (await readControl(store, 'ris')).control.breaker === 'open');
    expect((await readControl(store, 'ris')).control.failures).toBeGreaterThanOrEqual(3);
    receiver.play(says('AA'));
    await until(allDone(store, 1));
    expect((await readControl(store, 'ris')).control).toMatchObject({
      breaker: 'closed',
      failures: 0,
    });
    await until(() => running.told.includes('destination is back'));
    const said = running.told.filter((text) => text.startsWith('destination is'));
    expect(said).toEqual(['destination is away', 'destination is back']);
  });

  it('what is queued while nobody listens goes when somebody does', async () => {
    const { store, receiver, running, destination } = await play(open, [says('AA')]);
    await receiver.close();
    await queue(store, 'ris', ['C1']);
    running.wake();
    await until(async () => (await listed(store))[0]?.lastError !== undefined);
    expect((await listed(store))[0]?.lastError).toMatch(/No connection to .* \(ECONNREFUSED\)/);
    const later = new Receiver([says('AA')]);
    await later.listen(destination.port);
    closers.push(() => later.close());
    await until(allDone(store, 1));
    expect(later.controlIds).toEqual(['C1']);
  });

  it('another process takes over what was on its way, with the same MSH-10', async () => {
    const { store, receiver, running, destination } = await play(open, [script.silent], {
      answerTimeoutMs: 60_000,
    });
    await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    await until(() => receiver.received.length === 1);
    const [head] = await listed(store);
    expect(head?.state).toBe('inflight');
    receiver.play(says('AA'));
    await running.stop();
    const other = sendTo(store, [destination]);
    closers.push(() => other.stop());
    await until(allDone(store, 2));
    expect(receiver.controlIds).toEqual(['C1', 'C1', 'C2']);
  });
});

function pem(name: string): string {
  return readFileSync(new URL(`../tls/${name}.pem`, import.meta.url), 'utf8');
}

const [memory] = stores;
const openOne = memory?.[1] as () => Promise<Store>;

describe('over TLS', () => {
  const server = { key: pem('server-key'), cert: pem('server'), ca: pem('ca') };
  const mutual = { ...server, requestCert: true, rejectUnauthorized: true };
  const client = { ca: pem('ca'), cert: pem('client'), key: pem('client-key') };

  it.each([
    ['with its authority', server, { ca: pem('ca') }, true],
    ['with a client certificate', mutual, client, true],
    ['without the certificate that is asked for', mutual, { ca: pem('ca') }, false],
    ['with an authority that is not known', server, {}, false],
    ['with another name', server, { ca: pem('ca'), serverName: 'other.example' }, false],
  ] as const)('%s', async (_case, offered, tls, isTaken) => {
    const store = await openOne();
    closers.push(() => store.close());
    const receiver = new Receiver([says('AA')], offered);
    const port = await receiver.listen();
    closers.push(() => receiver.close());
    const running = sendTo(store, [destinationTo(port, { tls })]);
    closers.push(() => running.stop());
    await queue(store, 'ris', ['C1']);
    running.wake();
    await until(async () =>
      isTaken
        ? (await listed(store, 'done')).length === 1
        : (await listed(store))[0]?.lastError !== undefined,
    );
    expect(receiver.received).toHaveLength(isTaken ? 1 : 0);
  });
});

describe('what people and the clock do', () => {
  const by = { id: 'ann', display: 'Ann', role: 'admin' } as const;

  it.each(['pause', 'held'] as const)('goes on by itself after %s is over', async (what) => {
    const turns = what === 'held' ? [says('AR'), says('AA')] : [says('AA')];
    const { store, receiver, running } = await play(openOne, turns);
    const given = { store, now: new Date(), principal: by, destination: 'ris', reason: 'a test' };
    if (what === 'pause') await pause(given);
    const [id = ''] = await queue(store, 'ris', ['C1', 'C2']);
    running.wake();
    if (what === 'held') await until(async () => (await listed(store))[0]?.state === 'held');
    else await running.idle();
    expect(receiver.received).toHaveLength(what === 'held' ? 1 : 0);
    if (what === 'pause') await resume(given);
    else await retry(given, id);
    // Nobody tells the sender: another process may have done it.
    await until(allDone(store, 2));
    expect([...new Set(receiver.controlIds)]).toEqual(['C1', 'C2']);
  });

  it('sends nothing in a maintenance window, and goes on after it', async () => {
    const store = await openOne();
    closers.push(() => store.close());
    const receiver = new Receiver([says('AA')]);
    const window = { weekdays: [], fromMinute: 60, toMinute: 120, zone: 'UTC' };
    const port = await receiver.listen();
    closers.push(() => receiver.close());
    let now = new Date('2026-05-01T01:30:00Z');
    const destination = destinationTo(port, { maintenance: [window] });
    const running = sendTo(store, [destination], { clock: () => now });
    closers.push(() => running.stop());
    await queue(store, 'ris', ['C1']);
    await running.idle();
    expect(receiver.received).toEqual([]);
    now = new Date('2026-05-01T02:00:00Z');
    await until(allDone(store, 1));
    expect(receiver.controlIds).toEqual(['C1']);
  });
});
