import { setTimeout } from 'node:timers/promises';
import { resourceTypes } from '../fhir/definitions.ts';
import { fail } from '../fhir/issue.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import { parameterFingerprints } from '../fhir/search-fingerprint.ts';
import { limits } from '../limits.ts';
import {
  indexStateKey,
  indexStatePrefix,
  isSettled,
  readIndexState,
  writeIndexState,
  type ParameterSet,
} from './index-state.ts';
import { HeldWalk, holdWalk, type WalkParts, type WalkProgress } from './index-walk.ts';
import { CommitRefused, type StateChange, type Store } from './store.ts';

export interface ReindexOptions extends WalkParts {
  /** Every type that has an index. */
  readonly types: readonly string[];
  /** What this process indexes a type by, from before it takes its first write. */
  readonly parametersOf: (type: string) => ParameterSet;
  /** How to rest between two steps; ends early when `signal` says so. */
  readonly rest?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** A type whose index is not yet what this process wants. */
export interface Unfinished {
  readonly type: string;
  readonly done: number;
  readonly total: number;
}

export interface Reindex {
  /** Whether entries of a parameter may be missing, or of an earlier definition. */
  isUnfinished(type: string, param: string): boolean;
  unfinished(): readonly Unfinished[];
  /** Resolves when every index is as wanted; rejects when it was stopped before. */
  idle(): Promise<void>;
  /** Ends after the batch at work; a later start goes on where it stood. */
  stop(): Promise<void>;
}

/**
 * Brings the index of every type up to date with the search parameters, in the background. Types without
 * resources are settled at once; on a store that is up to date nothing is written. Of several processes on
 * one store one does the work and the others wait for it; they must have the same search parameters.
 */
export async function startReindex(options: ReindexOptions): Promise<Reindex> {
  const reindexer = new Reindexer(options, await survey(options));
  const running = reindexer.run();
  // Whoever waits is told; nobody needs to wait.
  running.catch(() => undefined);
  return {
    isUnfinished: (type, param) => reindexer.isUnfinished(type, param),
    unfinished: () => reindexer.unfinished(),
    idle: () => running,
    stop: async () => {
      reindexer.stop();
      await running.catch(() => undefined);
    },
  };
}

/** What the process indexes by: R4's search parameters and the registered ones, as they are now. */
export function registeredIndexing(): Pick<ReindexOptions, 'types' | 'parametersOf' | 'extract'> {
  const types = resourceTypes();
  const sets = new Map(types.map((type) => [type, parameterFingerprints(type)]));
  return { types, parametersOf: (type) => sets.get(type) ?? {}, extract: extractIndex };
}

/** The types whose index is of another set; those that have no resources get the wanted one at once. */
async function survey(options: ReindexOptions): Promise<Map<string, WalkProgress>> {
  const { store, clock, types, parametersOf } = options;
  for (let attempt = 0; attempt < limits.commitAttemptsMax; attempt++) {
    const entries = new Map((await store.states(indexStatePrefix)).map((e) => [e.key, e]));
    const counts = await store.counts();
    const open = new Map<string, WalkProgress>();
    const settled: StateChange[] = [];
    for (const type of types) {
      const wanted = parametersOf(type);
      const entry = entries.get(indexStateKey(type));
      const state = readIndexState(entry?.value);
      if (isSettled(state, wanted)) continue;
      const total = counts.get(type) ?? 0;
      if (total > 0) open.set(type, { done: 0, total, sound: state.sound });
      else {
        const value = writeIndexState({ sound: wanted });
        settled.push({ key: indexStateKey(type), value, expectRevision: entry?.revision ?? 0 });
      }
    }
    if (settled.length === 0) return open;
    if (await settle(store, clock(), settled)) return open;
  }
  return fail('write-conflict', 'Other processes keep changing the search parameters');
}

/** False where another process has just done the same. */
async function settle(store: Store, now: Date, state: readonly StateChange[]): Promise<boolean> {
  try {
    await store.commit({ now, origin: 'reindex', changes: [], state });
    return true;
  } catch (error) {
    if (error instanceof CommitRefused) return false;
    throw error;
  }
}

class Reindexer {
  readonly #options: ReindexOptions;
  readonly #open: Map<string, WalkProgress>;
  readonly #stopping = new AbortController();

  constructor(options: ReindexOptions, open: Map<string, WalkProgress>) {
    this.#options = options;
    this.#open = open;
  }

  isUnfinished(type: string, param: string): boolean {
    const open = this.#open.get(type);
    if (open === undefined) return false;
    const wanted = this.#options.parametersOf(type)[param];
    return wanted !== undefined && open.sound[param] !== wanted;
  }

  unfinished(): readonly Unfinished[] {
    return [...this.#open].map(([type, { done, total }]) => ({ type, done, total }));
  }

  stop(): void {
    this.#stopping.abort();
  }

  async run(): Promise<void> {
    const { log } = this.#options;
    for (const type of [...this.#open.keys()]) {
      while (this.#open.has(type)) {
        this.#stopping.signal.throwIfAborted();
        try {
          await this.#advance(type);
        } catch (error) {
          log.error({ err: error, type }, 'Reindexing failed and is tried again');
          await this.#pause(limits.reindexRetryMs);
        }
      }
    }
  }

  /** Works on a type, or waits for the process that does. */
  async #advance(type: string): Promise<void> {
    const held = await holdWalk(this.#options, type, this.#options.parametersOf(type));
    if (held === 'settled') {
      this.#open.delete(type);
      return;
    }
    if (held instanceof HeldWalk) return this.#walk(held);
    this.#open.set(type, held);
    await this.#pause(limits.reindexPollMs);
  }

  async #walk(held: HeldWalk): Promise<void> {
    const { log } = this.#options;
    const { type } = held;
    let told = 0;
    while (!this.#stopping.signal.aborted) {
      const { done, total } = held.progress;
      this.#open.set(type, held.progress);
      if (told === 0 || done - told >= total / 10) {
        log.info({ type, done, total }, 'Reindexing');
        told = Math.max(done, 1);
      }
      const outcome = await held.step();
      if (outcome === 'finished') log.info({ type, done: held.progress.done }, 'Reindexed');
      if (outcome !== 'more') return;
      await this.#pause(limits.reindexPauseMs);
    }
    await held.release();
  }

  async #pause(ms: number): Promise<void> {
    const { rest = restFor } = this.#options;
    await rest(ms, this.#stopping.signal).catch(() => undefined);
  }
}

function restFor(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal });
}
