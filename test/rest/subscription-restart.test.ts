import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSubscriptions } from '../../src/engage/subscription/start.ts';
import { createOutbound } from '../../src/ops/outbound.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { baseUrl, stores } from './fhir-app.ts';
import {
  eventually,
  openReceiver,
  openSubscriptionApp,
  subscriptionOf,
} from './subscription-app.ts';
import type { Receiver, SubscriptionApp } from './subscription-app.ts';

const payload = 'application/fhir+json';
const ids = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);
const received = ({ received: all }: Receiver) =>
  all.map(({ body }) => (JSON.parse(body) as { id: string }).id);
const active = async (app: SubscriptionApp) => {
  await eventually(async () => {
    const { json } = await app.fhir.call('GET', '/Subscription/s');
    expect(json).toMatchObject({ status: 'active' });
  });
};

describe('subscriptions that a restart came into', () => {
  let folder: string;
  let receiver: Receiver;
  let app: SubscriptionApp;
  const open = async (pauses?: readonly number[]) => {
    app = await openSubscriptionApp(
      () => openSqliteStore({ file: join(folder, 'weir.db') }),
      pauses,
    );
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weir-subscription-'));
    receiver = await openReceiver();
    await open(Array<number>(50).fill(20));
    const channel = { type: 'rest-hook', endpoint: receiver.url, payload };
    await app.put(subscriptionOf('s', 'Patient', channel));
    await active(app);
  });
  afterEach(async () => {
    await app.close();
    await receiver.close();
    rmSync(folder, { recursive: true });
  });

  it('lose nothing, repeat nothing, and keep the order', async () => {
    for (const id of ids(5)) await app.put({ resourceType: 'Patient', id });
    await receiver.until(3);
    await app.close();
    await open();
    await app.put({ resourceType: 'Patient', id: 'late' });
    await receiver.until(6);
    await app.subscriptions.idle();
    expect(received(receiver)).toEqual([...ids(5), 'late']);
  });

  it('repeat nothing where a crash left the reader far behind', async () => {
    for (const id of ids(3)) await app.put({ resourceType: 'Patient', id });
    await receiver.until(3);
    await app.subscriptions.idle();
    await app.close();
    const store = await openSqliteStore({ file: join(folder, 'weir.db') });
    const value = JSON.stringify({ holder: '', until: 0, cursor: 0 });
    const state = [{ key: 'subscription-reader', value }];
    await store.commit({ now: new Date(), origin: 'test', changes: [], state });
    await store.close();
    await open();
    await app.put({ resourceType: 'Patient', id: 'late' });
    await receiver.until(4);
    await app.subscriptions.idle();
    expect(received(receiver)).toEqual([...ids(3), 'late']);
  });

  it('owe what was committed while nobody served them, and while the receiver was away', async () => {
    receiver.status = 500;
    await app.put({ resourceType: 'Patient', id: 'p0' });
    await app.put({ resourceType: 'Patient', id: 'p1' });
    await app.subscriptions.stop();
    await app.put({ resourceType: 'Patient', id: 'p2' });
    await app.close();
    receiver.status = 200;
    await open();
    await receiver.until(3);
    await app.subscriptions.idle();
    expect(received(receiver)).toEqual(ids(3));
    const record = JSON.parse(
      (await app.fhir.store.state('subscription:s'))?.value ?? '',
    ) as object;
    expect(record).toMatchObject({ events: 3, failures: 0 });
  });

  it('a change of the subscription keeps what is owed, and its count', async () => {
    await app.put({ resourceType: 'Patient', id: 'p0' });
    await receiver.until(1);
    receiver.status = 500;
    await app.put({ resourceType: 'Patient', id: 'p1' });
    const channel = { type: 'rest-hook', endpoint: `${receiver.url}2`, payload };
    await app.put(subscriptionOf('s', 'Patient', channel));
    receiver.status = 200;
    await app.put({ resourceType: 'Patient', id: 'p2' });
    await receiver.until(3);
    expect(received(receiver)).toEqual(ids(3));
    expect(receiver.received.at(-1)).toMatchObject({ url: '/hook2' });
    expect(receiver.received.at(-1)?.headers['x-weir-event']).toBe('3');
  });
});

describe('a store that is away for a while', () => {
  it('delays what is owed, and loses none of it', async () => {
    const receiver = await openReceiver();
    let isAway = false;
    const app = await openSubscriptionApp(async () => {
      const store = openMemoryStore();
      const commit: Store['commit'] = async (work) => {
        if (isAway && work.origin === 'subscription') throw new Error('The store is away');
        return store.commit(work);
      };
      return { ...store, commit };
    });
    const channel = { type: 'rest-hook', endpoint: receiver.url, payload };
    await app.put(subscriptionOf('s', 'Patient', channel));
    await active(app);
    isAway = true;
    for (const id of ids(3)) await app.put({ resourceType: 'Patient', id });
    await receiver.until(1);
    isAway = false;
    await eventually(() => expect(received(receiver)).toContain('p2'));
    // What could not be written down was sent again.
    expect([...new Set(received(receiver))]).toEqual(ids(3));
    await app.close();
    await receiver.close();
  });
});

describe.each(stores)('several processes on %s', (_name, openStore) => {
  it('deliver once', async () => {
    const receiver = await openReceiver();
    const app = await openSubscriptionApp(openStore);
    const { store } = app.fhir;
    const others = Array.from({ length: 3 }, () =>
      startSubscriptions({
        store,
        baseUrl,
        clock: () => new Date(),
        newId: randomUUID,
        log: pino({ level: 'silent' }),
        outbound: createOutbound('127.0.0.1'),
        conformance: [],
      }),
    );
    const channel = { type: 'rest-hook', endpoint: receiver.url, payload };
    await app.put(subscriptionOf('s', 'Patient', channel));
    await active(app);
    // Whoever does not serve them has nothing to wait for.
    await Promise.all([app.subscriptions, ...others].map((one) => one.idle()));
    for (const id of ids(10)) await app.put({ resourceType: 'Patient', id });
    await receiver.until(10);
    // Whoever served them stops; another takes over.
    await app.subscriptions.stop();
    await app.put({ resourceType: 'Patient', id: 'late' });
    await receiver.until(11);
    expect(received(receiver)).toEqual([...ids(10), 'late']);
    for (const other of others) await other.stop();
    await app.close();
    await receiver.close();
  });
});
