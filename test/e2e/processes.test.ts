import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, expect, it } from 'vitest';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import type { MllpClient } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import type { Store } from '../../src/store/store.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { everyChange, finalState } from './final-state.ts';
import type { FinalState } from './final-state.ts';
import { hospitalTraffic, seeded } from './hospital-traffic.ts';
import type { Stream } from './hospital-traffic.ts';
import { runApp } from './running-app.ts';
import { killServers, startServer } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

const seed = Number(process.env['WEIR_TEST_SEED'] ?? 20_261_123);
/** 2,000 messages where every round is asked for; a look at it otherwise. */
const allRounds = process.env['WEIR_TEST_ALL_ROUNDS'] === '1';
const patients = allRounds ? 50 : 20;
const messagesPerPatient = allRounds ? 40 : 6;
const minute = 60_000;

/** One connection to each process, of one sender. */
class Sender {
  readonly #clients: Promise<MllpClient>[];

  constructor(addresses: readonly string[]) {
    this.#clients = addresses.map((address) =>
      connectMllp({ ...parseAddress(address), timeoutMs: minute }),
    );
  }

  async send(message: string, to: number): Promise<string> {
    const client = await this.#clients[to];
    return acknowledgmentCode((await client?.send(Buffer.from(message))) ?? new Uint8Array());
  }

  async close(): Promise<void> {
    for (const client of await Promise.all(this.#clients)) client.close();
  }
}

/** Plays all streams at once, each in its order, each message to a process that chance picks. */
async function play(streams: readonly Stream[], addresses: readonly string[]): Promise<string[]> {
  const codes = streams.map(async ({ first, then }, index) => {
    const random = seeded(seed + index);
    const sender = new Sender(addresses);
    const heard: string[] = [];
    // At once where there are several processes: one connection takes one message at a time.
    for (let at = 0; at < first.length; at += addresses.length) {
      const together = first.slice(at, at + addresses.length);
      heard.push(...(await Promise.all(together.map((message, n) => sender.send(message, n)))));
    }
    for (const message of then) {
      heard.push(await sender.send(message, Math.floor(random() * addresses.length)));
    }
    await sender.close();
    return heard;
  });
  return (await Promise.all(codes)).flat();
}

describeOnMongo('several processes on one MongoDB', (url) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-processes-'));
  const servers: ServerProcess[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(() => {
    killServers();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'four come to the state that one comes to, and do nothing twice',
    { timeout: 20 * minute },
    async () => {
      const since = new Date();
      const streams = hospitalTraffic({ seed, patients, messagesPerPatient });
      const database = withDatabase(url, freshDatabaseName());
      // One after another: the first makes the keys, which the others find.
      for (let n = 0; n < 4; n++) {
        const options = ['--store', database, '--data', folder, '--log-level', 'error'];
        servers.push(await startServer(options));
      }
      const codes = await play(
        streams,
        servers.map(({ mllp }) => mllp),
      );
      expect(new Set(codes), `seed ${String(seed)}`).toEqual(new Set(['AA']));
      const store = await openMongoStore({ url: database });
      try {
        await settled(store);
        const claims = await claimedKeys(database);
        expect(claims).toHaveLength(patients);
        const state = await finalState(store, { since, claims });
        expect(state).toEqual(await ofOneProcess(streams, { since, claims }));
        expect(state).toMatchObject({ jobs: 0, eventsPending: 0 });
        expect(state.journal).toEqual([`default processed AA ${String(codes.length)}`]);
        await expectNothingTwice(store);
      } finally {
        await store.close();
      }
    },
  );
});

async function ofOneProcess(
  streams: readonly Stream[],
  options: { since: Date; claims: readonly string[] },
): Promise<FinalState> {
  const running = await runApp({ store: 'memory' });
  try {
    await play(streams, [running.app.mllp]);
    await running.app.idle();
    return await finalState(running.app.store, options);
  } finally {
    await running.close();
  }
}

/** Waits until the processes have handled every event and have carried out every job. */
async function settled(store: Store): Promise<void> {
  for (;;) {
    const waiting = [await store.outbox.pending(1), await store.jobs.list('', 1)];
    if (waiting.flat().length === 0) return;
    await wait(200);
  }
}

/** A message to a person is one version of one Communication, and the only answer to its request. */
async function expectNothingTwice(store: Store): Promise<void> {
  const sent = (await everyChange(store)).filter(({ type }) => type === 'Communication');
  expect(sent.length).toBeGreaterThan(0);
  const ids = sent.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  const requests = await Promise.all(
    ids.map(async (id) => {
      const version = await store.read('Communication', id);
      const { basedOn } = JSON.parse(version?.body ?? '') as { basedOn: { reference: string }[] };
      return basedOn.map(({ reference }) => reference).join();
    }),
  );
  expect(requests.filter((each, index) => requests.indexOf(each) !== index)).toEqual([]);
}

async function claimedKeys(database: string): Promise<string[]> {
  const client = new MongoClient(database);
  try {
    const claims = await client.db().collection<{ key: string }>('claim').find().toArray();
    return claims.map(({ key }) => key);
  } finally {
    await client.close();
  }
}
