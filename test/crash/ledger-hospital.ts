/** The server of a ledger run: one process or several, which end and begin again while others send. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { repointPrefix } from '../../src/feed/effect/repoint-run.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { startServer, type ServerProcess } from '../e2e/server-process.ts';
import { makeDisk, onDisk, pathInside } from './loop-disk.ts';
import { programOf, run } from './run-child.ts';

export interface HospitalOptions {
  /** A folder of its own. */
  readonly folder: string;
  /** `sqlite`, or the address of a database. */
  readonly store: string;
  readonly processes?: number;
  /** A disk of its own, of so many bytes (SQLite alone). */
  readonly diskBytes?: number;
  /** Syncs that take long. */
  readonly slow?: boolean;
  /** Whether it answers when a message is safe, before it is mapped. */
  readonly journaled?: boolean;
}

const startTries = 50;

export class Hospital {
  readonly #options: HospitalOptions;
  readonly #servers: (ServerProcess | undefined)[] = [];
  readonly #data: string;
  #disk: string | undefined;
  #site: readonly string[] = [];
  #open = true;

  constructor(options: HospitalOptions) {
    this.#options = options;
    this.#data = `${options.folder}/data`;
    mkdirSync(this.#data);
    if (options.journaled === true) this.#site = journaledSite(options.folder);
    if (options.diskBytes === undefined) return;
    this.#disk = `${options.folder}/disk`;
    makeDisk(this.#disk, options.diskBytes);
  }

  get processes(): number {
    return this.#options.processes ?? 1;
  }

  /** Where those listen that are there. */
  readonly addresses = (): readonly string[] => this.#servers.flatMap((one) => one?.mllp ?? []);

  /** One after another: the first makes the keys, which the others find. */
  async start(): Promise<void> {
    this.#open = true;
    for (let index = 0; index < this.processes; index += 1) await this.#start(index);
  }

  /** Ends one process, with a signal or by `end`, and starts it again. */
  async renew(
    index: number,
    signal: NodeJS.Signals,
    end?: (server: ServerProcess) => void,
  ): Promise<void> {
    const server = this.#servers[index];
    if (!server) return;
    end?.(server);
    this.#servers[index] = undefined;
    await server.stop(signal);
    if (this.#open) await this.#start(index);
  }

  /** Of the first process: a path in its data folder, as others reach it. */
  inside(name: string): string | undefined {
    const pid = this.#servers[0]?.child.pid;
    return pid === undefined ? undefined : pathInside(pid, `${this.#data}/${name}`);
  }

  /** As the power goes: what is not synced is not on the disk that the next process finds. */
  async pullPlug(): Promise<void> {
    const image = `${this.#options.folder}/disk-${String(Date.now())}`;
    await this.renew(0, 'SIGKILL', ({ child }) => {
      child.kill('SIGSTOP');
      execFileSync('cp', ['--sparse=always', this.#disk ?? '', image]);
      this.#disk = image;
    });
  }

  async stop(): Promise<void> {
    this.#open = false;
    const all = this.#servers.splice(0);
    await Promise.all(all.map(async (server) => server?.stop('SIGTERM')));
  }

  /** The store, once every event is handled and no server runs any more. */
  async settled(): Promise<Store> {
    for (let tries = 0; ; tries += 1) {
      await wait(300);
      await this.stop();
      const store = await this.#openStore();
      const merges = await store.states(repointPrefix);
      const { entries } = await store.journal.list({ state: 'received', count: 1 });
      const jobs = await store.jobs.list('', 1);
      const waiting = [entries, await store.outbox.pending(1), jobs, merges];
      if (waiting.flat().length === 0 || tries === startTries) return store;
      await store.close();
      await this.start();
    }
  }

  async #start(index: number): Promise<void> {
    const { store, slow = false } = this.#options;
    const where = ['--data', this.#data, '--store', store, '--log-level', 'silent', ...this.#site];
    const within = (command: readonly string[]): readonly [string, ...string[]] => {
      const [node = '', ...args] = command;
      const shim = slow ? ['--import', programOf('./slow-shim.ts')] : [];
      const whole = [node, ...shim, ...args] as const;
      return this.#disk === undefined ? whole : onDisk(this.#disk, this.#data, whole);
    };
    for (let tries = 1; ; tries += 1) {
      try {
        const server = await startServer(where, { within });
        this.#servers[index] = server;
        return;
      } catch (error) {
        // A full disk, or a lock that is being given up.
        if (tries === startTries || !this.#open) throw error;
        await wait(200);
      }
    }
  }

  async #openStore(): Promise<Store> {
    const { store, folder } = this.#options;
    if (store !== 'sqlite') return openMongoStore({ url: store });
    if (this.#disk === undefined) return openSqliteStore({ file: `${this.#data}/weir.db` });
    const copy = `${folder}/copy-${String(Date.now())}`;
    mkdirSync(copy);
    const [command, ...args] = onDisk(this.#disk, this.#data, [
      'cp',
      '-r',
      `${this.#data}/.`,
      copy,
    ]);
    const { stderr } = await run(command, args);
    if (stderr !== '') throw new Error(stderr);
    return openSqliteStore({ file: `${copy}/weir.db` });
  }
}

/** What no other feed takes, and so all, is answered when it is safe. */
function journaledSite(folder: string): readonly string[] {
  const feeds = `${folder}/site/feeds`;
  mkdirSync(feeds, { recursive: true });
  writeFileSync(
    `${feeds}/default.feed.yaml`,
    'feed: default\ntitle: Any other sender\nack: journaled\n',
  );
  return ['--site', `${folder}/site`];
}
