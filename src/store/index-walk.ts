import { OutcomeError } from '../fhir/issue.ts';
import { parseJson } from '../fhir/json.ts';
import type { Resource } from '../fhir/resource.ts';
import { matchAll, type IndexEntry } from '../fhir/search-ast.ts';
import { limits } from '../limits.ts';
import {
  commonParameters,
  indexStateKey,
  isSettled,
  readIndexState,
  writeIndexState,
  type IndexState,
  type IndexWalk,
  type ParameterSet,
} from './index-state.ts';
import { CommitRefused, type Change, type Store, type StoredVersion } from './store.ts';

export interface WalkParts {
  readonly store: Store;
  readonly clock: () => Date;
  /** pino's Logger is one. No patient data: types, ids and counts only. */
  readonly log: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Tells this process from the others on the store. */
  readonly holder: string;
  readonly extract: (resource: Resource) => readonly IndexEntry[];
}

/** How far a walk is, and the parameters to be trusted meanwhile. */
export interface WalkProgress {
  readonly done: number;
  readonly total: number;
  readonly sound: ParameterSet;
}

/**
 * Takes the walk through a type, where it is to be had: begun anew for another set of parameters, taken up
 * where it stands for the same. Otherwise tells how far its holder is.
 */
export async function holdWalk(
  parts: WalkParts,
  type: string,
  wanted: ParameterSet,
): Promise<HeldWalk | WalkProgress | 'settled'> {
  const { store, clock, holder } = parts;
  const entry = await store.state(indexStateKey(type));
  const before = readIndexState(entry?.value);
  if (isSettled(before, wanted)) return 'settled';
  const { walk } = before;
  if (walk !== undefined && walk.holder !== holder && walk.until > clock().getTime()) {
    return { done: walk.done, total: walk.total, sound: before.sound };
  }
  const goesOn = walk !== undefined && isSettled({ sound: walk.wanted }, wanted);
  const total = (await store.counts()).get(type) ?? 0;
  const state = {
    sound: commonParameters(before.sound, wanted),
    walk: { ...(goesOn ? walk : { wanted, done: 0, total }), holder, until: 0 },
  };
  const held = new HeldWalk(parts, type, { ...state, revision: entry?.revision ?? 0 });
  return (await held.begin()) ? held : held.progress;
}

/** What this process last wrote of its walk. */
interface Held extends IndexState {
  readonly walk: IndexWalk;
  readonly revision: number;
}

/** A walk that this process holds, until its lease runs out between two steps. */
export class HeldWalk {
  readonly type: string;
  readonly #parts: WalkParts;
  #held: Held;

  constructor(parts: WalkParts, type: string, held: Held) {
    this.#parts = parts;
    this.type = type;
    this.#held = held;
  }

  get progress(): WalkProgress {
    const { sound, walk } = this.#held;
    return { done: walk.done, total: walk.total, sound };
  }

  /** False where another process was quicker. */
  begin(): Promise<boolean> {
    return this.#moveTo(this.#held.walk);
  }

  /** Gives the next batch its entries. `lost`: another process has taken over. */
  async step(): Promise<'more' | 'finished' | 'lost'> {
    const { walk } = this.#held;
    const page = await this.#nextPage();
    if (page === undefined) {
      const { wanted, total, holder, until } = walk;
      return (await this.#moveTo({ wanted, total, holder, until, done: 0 })) ? 'more' : 'lost';
    }
    const changes = page.matches.flatMap((version) => this.#reindexed(version));
    const done = walk.done + page.matches.length;
    if (page.next !== undefined) {
      const moved = await this.#moveTo({ ...walk, done, cursor: page.next }, changes);
      return moved ? 'more' : 'lost';
    }
    this.#held = { ...this.#held, walk: { ...walk, done } };
    return (await this.#commit({ sound: walk.wanted }, changes)) === undefined
      ? 'lost'
      : 'finished';
  }

  /** Lets another process, or the next start, go on at once. */
  async release(): Promise<void> {
    const { sound, walk } = this.#held;
    await this.#commit({ sound, walk: { ...walk, until: 0 } });
  }

  /** In creation order, so that what is created meanwhile is left out. Undefined: it must begin anew. */
  async #nextPage() {
    const { cursor } = this.#held.walk;
    try {
      return await this.#parts.store.search({
        types: [this.type],
        where: matchAll,
        sort: [],
        count: limits.reindexBatchMax,
        total: 'none',
        ...(cursor === undefined ? {} : { cursor }),
      });
    } catch (error) {
      const isStale = error instanceof OutcomeError && error.issues[0].code === 'cursor-invalid';
      if (isStale && cursor !== undefined) return undefined;
      throw error;
    }
  }

  /** Nothing for what cannot be read: it keeps the entries that it has. */
  #reindexed({ type, id, versionId, body }: StoredVersion): readonly Change[] {
    const { extract, log } = this.#parts;
    try {
      const index = extract(parseJson(body).value as Resource);
      return [{ op: 'index', type, id, index, expect: { versionId } }];
    } catch (error) {
      log.error({ err: error, type, id }, 'A resource cannot be indexed anew');
      return [];
    }
  }

  async #moveTo(to: IndexWalk, changes: readonly Change[] = []): Promise<boolean> {
    const { sound } = this.#held;
    const until = this.#parts.clock().getTime() + limits.reindexLeaseMs;
    const walk = { ...to, until };
    const revision = await this.#commit({ sound, walk }, changes);
    if (revision !== undefined) this.#held = { sound, walk, revision };
    return revision !== undefined;
  }

  /**
   * Writes where the walk stands together with the entries. What was written meanwhile is left out: its
   * writer indexed it by the parameters of the present. Undefined where the walk is another's.
   */
  async #commit(state: IndexState, changes: readonly Change[] = []): Promise<number | undefined> {
    const { store, clock } = this.#parts;
    const key = indexStateKey(this.type);
    const entry = { key, value: writeIndexState(state), expectRevision: this.#held.revision };
    let left = changes;
    for (;;) {
      try {
        const commit = { now: clock(), origin: 'reindex', changes: left, state: [entry] };
        return (await store.commit(commit)).seq;
      } catch (error) {
        if (!(error instanceof CommitRefused)) throw error;
        const { kind, ...refusal } = error.refusal;
        if (kind === 'state') return undefined;
        if (kind !== 'expectation' || !('index' in refusal)) throw error;
        left = left.toSpliced(refusal.index, 1);
      }
    }
  }
}
