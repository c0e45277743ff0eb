import { randomUUID } from 'node:crypto';
import type { Document, MongoClient } from 'mongodb';
import { describe, inject, it } from 'vitest';
import { startMongoServer } from './server-process.ts';
import type { MongoServerProcess } from './server-process.ts';

/** Where the MongoDB tests of this run are to go; undefined where there is none (see mongoMissing). */
export function mongoUrl(): string | undefined {
  return inject('mongo').url;
}

/** Why there is no mongoUrl, or no test double, for the reason of a skip. */
export function mongoMissing(): string {
  return inject('mongo').missing;
}

/** A describe block that runs where there is a MongoDB, and is skipped with its reason where there is none. */
export function describeOnMongo(title: string, body: (url: string) => void): void {
  describeWith(title, mongoUrl(), body);
}

/** The same for tests that inject faults: on the test double, also where mongoUrl is another server. */
export function describeOnMongoDouble(title: string, body: (url: string) => void): void {
  describeWith(title, inject('mongo').double?.url, body);
}

function describeWith(title: string, url: string | undefined, body: (url: string) => void): void {
  const isDouble = url === inject('mongo').double?.url;
  describe(title, isDouble ? {} : { timeout: fullServerTimeoutMs }, () => {
    if (url === undefined) it.skip(mongoMissing(), () => undefined);
    else body(url);
  });
}

/** A full server syncs each of a thousand commits to its disk. */
const fullServerTimeoutMs = 120_000;

/** The name of a database that no other test uses; it is dropped when the run ends. */
export function freshDatabaseName(): string {
  return `${inject('mongo').prefix}_${randomUUID().slice(0, 8)}`;
}

/** The name of a database that the test files of one worker use one after another; it is dropped when the run ends. */
export function laneDatabaseName(n: number): string {
  return `${inject('mongo').prefix}_lane${process.env['VITEST_POOL_ID'] ?? '0'}_${n}`;
}

/**
 * A server's address with a database in it: `mongodb://host/NAME?options`. A user is still looked for where the
 * address said, which is the database in its path or else `admin`.
 */
export function withDatabase(url: string, name: string): string {
  const [, origin = '', path = '', query = ''] = addressParts.exec(url) ?? [];
  const source = path === '' ? 'admin' : path;
  const isSaid = !origin.includes('@') || /(^|&)auth(Source|Mechanism)=/i.test(query);
  const options = [...(query === '' ? [] : [query]), ...(isSaid ? [] : [`authSource=${source}`])];
  return `${origin}/${name}${options.length === 0 ? '' : `?${options.join('&')}`}`;
}

const addressParts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?([^?]*)\??(.*)$/;

/** A test double for one test alone, e.g. with `--standalone`; to be stopped by it. */
export function startPrivateMongo(options: readonly string[] = []): Promise<MongoServerProcess> {
  const program = inject('mongo').double?.program;
  if (program === undefined) throw new Error(mongoMissing());
  return startMongoServer(program, options);
}

/** What goes wrong, and when: from the nth command of its kind on, as often as `times` says (once). */
export interface MongoFault {
  /** A command's name (`find`, `insert`, `update`, `commitTransaction`...), `write` for any write, `*` for any command. */
  readonly on: string;
  /** failAfter and dropAfter: the command took effect, but the client hears an error or loses its connection. */
  readonly do: 'writeConflict' | 'failBefore' | 'failAfter' | 'drop' | 'dropAfter' | 'hang';
  /** Only commands on this database (a commit belongs to the database it writes). */
  readonly db: string;
  readonly collection?: string;
  readonly nth?: number;
  readonly times?: number;
  /** How long it hangs. */
  readonly ms?: number;
  /** The error's number: 262 (ExceededTimeLimit) before, 50 (MaxTimeMSExpired) after, unless told. */
  readonly code?: number;
}

export interface MongoFaultReport {
  readonly faults: readonly (MongoFault & { readonly met: number; readonly fired: number })[];
  /** How often each command came, by its name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** Adds faults to the test double. */
export async function injectFaults(
  client: MongoClient,
  faults: readonly MongoFault[],
): Promise<void> {
  await client.db('admin').command({ weirTest: 1, faults });
}

/** Takes back every fault on this database and counts its commands from 0. */
export async function clearFaults(client: MongoClient, db: string): Promise<void> {
  await client.db('admin').command({ weirTest: 1, clear: true, db });
}

/** What fired on this database so far, and how many commands of each kind came. */
export async function faultReport(client: MongoClient, db: string): Promise<MongoFaultReport> {
  const reply: Document = await client.db('admin').command({ weirTest: 1, db });
  const counters = reply['counters'] as Record<string, Record<string, number>>;
  return { faults: reply['faults'] as MongoFaultReport['faults'], counters: counters[db] ?? {} };
}
