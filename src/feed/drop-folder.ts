import { lstat, mkdir, readdir, realpath, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeFile, type FileOutcome, type FileTaking } from './drop-file.ts';
import type { Log } from './log.ts';

export interface DropFolderOptions extends Omit<FileTaking, 'stopping'> {
  readonly folder: string;
  readonly limits: DropLimits;
  readonly log: Log;
}

/** The bounds of a drop folder, in `limits.ts` with their reasons; a test gives smaller ones. */
export interface DropLimits {
  readonly dropPollMs: number;
  readonly dropSettleMs: number;
  readonly dropTakeoverMs: number;
  readonly dropBeatMs: number;
  readonly dropFilesMax: number;
  readonly retryDelayMs: number;
}

export interface DropFolder {
  /** Ends after what is under way; a file that is not finished is put back. */
  close(): Promise<void>;
}

/** Where a file is while it is taken, and where it goes. */
const places = { work: '.work', done: '.done', error: '.error' } as const;

/** What writers call a file that is not whole yet. */
const unfinished = /\.(?:tmp|part|partial|filepart|crdownload|swp)$|~$/i;

/**
 * Takes the files of a folder as the messages of one feed, by name, one file after another. A file is taken when it did
 * not change for a while, by a rename into `.work`, which of several processes one wins; it ends in `.done` or, where a message was
 * refused, in `.error`, with its answers beside it in `NAME.ack`. What a dead process left in `.work` is taken over. Links,
 * folders and everything else that is no file stay where they are.
 */
export async function watchFolder(options: DropFolderOptions): Promise<DropFolder> {
  const watcher = new Watcher(options, await prepare(options.folder));
  const running = watcher.run();
  return { close: () => watcher.stop(running) };
}

/** The folder with its places. Throws where one of them is a link, which could lead anywhere. */
async function prepare(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const root = await realpath(folder);
  for (const name of Object.values(places)) {
    await mkdir(join(root, name), { recursive: true });
    if (!(await lstat(join(root, name))).isDirectory()) {
      throw new Error(`${join(folder, name)} must be a folder of its own, and no link`);
    }
  }
  return root;
}

/** How a file looked, and since when it looks so. */
interface Seen {
  readonly look: string;
  readonly sinceMs: number;
}

class Watcher {
  readonly #options: DropFolderOptions;
  readonly #root: string;
  readonly #ended = new AbortController();
  #seen = new Map<string, Seen>();

  constructor(options: DropFolderOptions, root: string) {
    this.#options = options;
    this.#root = root;
  }

  async run(): Promise<void> {
    const { log, limits, feed } = this.#options;
    while (!this.#isEnded()) {
      try {
        const taken = await this.#round();
        if (taken > 0) continue;
      } catch (err) {
        log.error({ err, feed }, 'A drop folder could not be read');
      }
      await this.#rest(limits.dropPollMs);
    }
  }

  async stop(running: Promise<void>): Promise<void> {
    this.#ended.abort();
    await running;
  }

  #isEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  async #rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ended.signal }).catch(() => undefined);
  }

  /** How many files were taken. */
  async #round(): Promise<number> {
    const { limits } = this.#options;
    const seen = new Map<string, Seen>();
    const left = await this.#settled(places.work, limits.dropTakeoverMs, seen);
    const dropped = await this.#settled('', limits.dropSettleMs, seen);
    this.#seen = seen;
    let taken = 0;
    for (const place of [...left, ...dropped]) {
      if (this.#isEnded()) break;
      const work = await this.#claim(place);
      if (work === undefined) continue;
      taken += 1;
      await this.#take(work);
    }
    return taken;
  }

  /** Files of a place that have looked the same for so long, by name. */
  async #settled(place: string, settleMs: number, seen: Map<string, Seen>): Promise<string[]> {
    let names = (await readdir(join(this.#root, place))).filter(
      (name) => !name.startsWith('.') && !unfinished.test(name),
    );
    if (place !== '') names = names.filter((name) => !name.endsWith('.ack'));
    const nowMs = performance.now();
    const settled: string[] = [];
    for (const name of names.sort().slice(0, this.#options.limits.dropFilesMax)) {
      const path = join(place, name);
      const file = await lstat(join(this.#root, path)).catch(() => undefined);
      if (file?.isFile() !== true) continue;
      const look = `${String(file.ino)} ${String(file.size)} ${String(file.mtimeMs)}`;
      const before = this.#seen.get(path);
      const sinceMs = before?.look === look ? before.sinceMs : nowMs;
      seen.set(path, { look, sinceMs });
      if (nowMs - sinceMs >= settleMs) settled.push(path);
    }
    return settled;
  }

  /** The name in `.work` under which it is ours; undefined where another process was faster. */
  async #claim(path: string): Promise<string | undefined> {
    const isLeft = path.startsWith(`${places.work}/`);
    const work = `${this.#options.newId()}=${isLeft ? nameOf(path) : path}`;
    try {
      await rename(join(this.#root, path), join(this.#root, places.work, work));
      await this.#beat(work);
      if (isLeft) await rm(join(this.#root, `${path}.ack`), { force: true });
      return work;
    } catch (err) {
      const { log, feed } = this.#options;
      if (!isGone(err)) log.error({ err, feed }, 'A file of a drop folder could not be taken');
      return undefined;
    }
  }

  async #take(work: string): Promise<void> {
    const { log, limits, feed } = this.#options;
    const path = join(this.#root, places.work, work);
    const beat = setInterval(() => void this.#beat(work), limits.dropBeatMs);
    try {
      let outcome = await this.#outcome(path, work);
      while (outcome === 'again' && !this.#isEnded()) {
        log.warn({ feed }, 'Messages of a file could not be kept; it is taken again');
        await this.#rest(limits.retryDelayMs);
        outcome = await this.#outcome(path, work);
      }
      if (outcome === 'again') await this.#putBack(work);
      else await this.#moveOut(work, places[outcome]);
    } catch (err) {
      // It stays in .work and is taken over, by us or another.
      if (!isGone(err)) log.error({ err, feed }, 'A file of a drop folder could not be taken');
    } finally {
      clearInterval(beat);
    }
  }

  async #outcome(path: string, work: string): Promise<FileOutcome> {
    const stopping = (): boolean => this.#isEnded();
    return takeFile(path, `${path}.ack`, { ...this.#options, stopping, name: nameOf(work) });
  }

  /** Shows that it is being worked on. */
  async #beat(work: string): Promise<void> {
    const now = new Date();
    await utimes(join(this.#root, places.work, work), now, now).catch(() => undefined);
  }

  async #moveOut(work: string, place: string): Promise<void> {
    const path = join(this.#root, places.work, work);
    const target = join(this.#root, place, await this.#freeName(place, nameOf(work)));
    await rename(`${path}.ack`, `${target}.ack`);
    await rename(path, target);
  }

  /** As it was dropped, unless another of that name was by now: then it is found in `.work`. */
  async #putBack(work: string): Promise<void> {
    const path = join(this.#root, places.work, work);
    const name = nameOf(work);
    await rm(`${path}.ack`, { force: true });
    if ((await this.#freeName('', name)) === name) await rename(path, join(this.#root, name));
  }

  /** The name, with a number where there is such a file already. */
  async #freeName(place: string, name: string): Promise<string> {
    for (let count = 1; ; count += 1) {
      const candidate = count === 1 ? name : `${name}.${String(count)}`;
      const found = await lstat(join(this.#root, place, candidate)).catch(() => undefined);
      if (found === undefined) return candidate;
    }
  }
}

/** Without what it is called by while it is taken. */
function nameOf(work: string): string {
  return work.slice(work.indexOf('=') + 1);
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
