/** What befalls a server while messages come in. */
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { parseAddress } from '../../src/ops/address.ts';
import { clearFaults, injectFaults, type MongoFault } from '../mongo/mongo.ts';
import type { Hospital, HospitalOptions } from './ledger-hospital.ts';
import { fillDisk } from './loop-disk.ts';
import { startCuttingProxy } from './cutting-proxy.ts';

/** A fault at work. */
export interface Disturbance {
  /** How often it struck. */
  readonly times: () => number;
  /** Where to send to, if not to the server itself. */
  readonly addresses?: () => readonly string[];
  /** Ends it; the server is there afterwards. */
  stop(): Promise<void>;
}

/** What a fault is of; `none` is none. */
export type FaultKind = 'none' | 'process' | 'network' | 'disk' | 'database';

export interface Fault {
  readonly name: string;
  readonly kind: FaultKind;
  readonly on: 'sqlite' | 'mongodb' | 'both';
  /** Made for one database, by {@link databaseFails}. */
  readonly ofDatabase?: boolean;
  /** Needs a disk of its own, and so root. */
  readonly disk?: boolean;
  readonly hospital?: Pick<HospitalOptions, 'processes' | 'diskBytes' | 'slow' | 'journaled'>;
  readonly begin: (
    hospital: Hospital,
    random: () => number,
    answered: () => number,
  ) => Promise<Disturbance>;
}

/** Strikes again and again, after some time; a strike that gives false was none. */
function again(
  pause: () => number,
  strike: () => Promise<unknown>,
  end: () => Promise<void> = async () => undefined,
): Disturbance {
  let count = 0;
  const ending = new AbortController();
  const done = (async () => {
    while (!ending.signal.aborted) {
      await wait(pause(), undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) break;
      if ((await strike()) !== false) count += 1;
    }
  })();
  return {
    times: () => count,
    stop: async () => {
      ending.abort();
      await done;
      await end();
    },
  };
}

const between = (random: () => number, from: number, to: number) => (): number =>
  from + random() * (to - from);

/** Ends processes again and again, each time after some answers more: however slow a start is, all gets on. */
function ends(random: () => number, answered: () => number, end: () => Promise<void>): Disturbance {
  let before = answered();
  let more = 1;
  return again(between(random, 20, 120), async () => {
    if (answered() < before + more) return false;
    await end();
    before = answered();
    more = 1 + Math.floor(random() * 40);
    return true;
  });
}

const renewals =
  (signal: NodeJS.Signals): Fault['begin'] =>
  async (hospital, random, answered) =>
    ends(random, answered, async () => {
      await hospital.renew(Math.floor(random() * hospital.processes), signal);
    });

/** Opens `count` connections and leaves each to what `use` does with it; all are gone in the end. */
function crowd(
  hospital: Hospital,
  { everyMs, count }: { readonly everyMs: number; readonly count: number },
  use: (socket: Socket) => void,
): Disturbance {
  const open = new Set<Socket>();
  let opened = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < count; n += 1) {
      const [address] = hospital.addresses();
      if (address === undefined) return;
      const socket = connect(parseAddress(address));
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
      socket.on('connect', () => {
        opened += 1;
        use(socket);
      });
    }
  }, everyMs);
  return {
    times: () => opened,
    stop: async () => {
      clearInterval(timer);
      for (const socket of open) socket.destroy();
    },
  };
}

const database = (url: string): string => new URL(url).pathname.slice(1);

/** What a database does to one command of those that come next. */
const databaseFaults: readonly Omit<MongoFault, 'db'>[] = [
  { on: 'commitTransaction', do: 'dropAfter' },
  { on: 'commitTransaction', do: 'drop' },
  { on: 'commitTransaction', do: 'failAfter' },
  { on: 'write', do: 'drop' },
  { on: 'write', do: 'writeConflict' },
  { on: '*', do: 'hang', ms: 400 },
  { on: 'find', do: 'failBefore' },
];

export const faults: readonly Fault[] = [
  {
    name: 'nothing but resends, 16 connections',
    kind: 'none',
    on: 'both',
    begin: async () => ({ times: () => 0, stop: async () => undefined }),
  },
  { name: 'kill -9', kind: 'process', on: 'both', begin: renewals('SIGKILL') },
  { name: 'restart (SIGTERM)', kind: 'process', on: 'both', begin: renewals('SIGTERM') },
  {
    name: 'kill -9 of a server that answers before it maps',
    kind: 'process',
    on: 'both',
    hospital: { journaled: true },
    begin: renewals('SIGKILL'),
  },
  {
    name: 'connections cut in frames and answers',
    kind: 'network',
    on: 'both',
    begin: async (hospital, random) => {
      const proxy = await startCuttingProxy(hospital.addresses, random);
      return {
        times: proxy.cuts,
        addresses: () => [proxy.address],
        stop: async () => proxy.close(),
      };
    },
  },
  {
    name: 'a storm of reconnects, 1,000 a second',
    kind: 'network',
    on: 'both',
    begin: async (hospital) =>
      crowd(hospital, { everyMs: 20, count: 20 }, (socket) => socket.resetAndDestroy()),
  },
  {
    name: 'half-open peers, each with half a frame',
    kind: 'network',
    on: 'both',
    begin: async (hospital) =>
      crowd(hospital, { everyMs: 50, count: 1 }, (socket) => {
        socket.write('\vMSH|^~\\&|HALF|OPEN|||2026||ADT^A08|half|P|2.5.1\rPID|1||');
        socket.pause();
      }),
  },
  {
    name: 'slow disk',
    kind: 'disk',
    on: 'sqlite',
    hospital: { slow: true },
    begin: async () => ({ times: () => 0, stop: async () => undefined }),
  },
  {
    name: 'disk full, and room again',
    kind: 'disk',
    on: 'sqlite',
    disk: true,
    hospital: { diskBytes: 64 * 1024 * 1024 },
    begin: async (hospital, random) => {
      const filler = (): string | undefined => hospital.inside('filler');
      const empty = (): void => rmSync(filler() ?? '', { force: true });
      return again(between(random, 100, 400), async () => {
        fillDisk(filler() ?? '/nowhere');
        await wait(300);
        empty();
      });
    },
  },
  {
    name: 'the plug is pulled',
    kind: 'disk',
    on: 'sqlite',
    disk: true,
    hospital: { diskBytes: 256 * 1024 * 1024 },
    begin: async (hospital, random, answered) =>
      ends(random, answered, async () => hospital.pullPlug()),
  },
  {
    name: 'the plug is pulled of one that answers before it maps',
    kind: 'disk',
    on: 'sqlite',
    disk: true,
    hospital: { diskBytes: 256 * 1024 * 1024, journaled: true },
    begin: async (hospital, random, answered) =>
      ends(random, answered, async () => hospital.pullPlug()),
  },
  {
    name: 'three processes, kill -9 of any',
    kind: 'process',
    on: 'mongodb',
    hospital: { processes: 3 },
    begin: renewals('SIGKILL'),
  },
];

/** The database itself fails, before and after it did what it was asked. */
export function databaseFails(url: string): Fault {
  return {
    name: 'the database drops, hangs, conflicts',
    kind: 'database',
    on: 'mongodb',
    ofDatabase: true,
    begin: async (_, random) => {
      const client = new MongoClient(url);
      const db = database(url);
      return again(
        between(random, 50, 250),
        async () => {
          const fault = databaseFaults[Math.floor(random() * databaseFaults.length)];
          if (fault) await injectFaults(client, [{ ...fault, db }]);
        },
        async () => {
          await clearFaults(client, db);
          await client.close();
        },
      );
    },
  };
}
