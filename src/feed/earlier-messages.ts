import { setTimeout as rest } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { CommitRefused, type JournalChange, type JournalEntry } from '../store/store.ts';
import { indexedFields, indexedPositions } from './message-fields.ts';
import type { Pipeline } from './pipeline.ts';
import { readFrame } from './reading.ts';
import { turnsOf } from './turn-field.ts';

/** How far it is, in the store's state. */
interface Progress {
  /** Own positions by feed, and the common ones under an empty name. */
  readonly positions: Readonly<Record<string, readonly string[]>>;
  /** What those were before; absent: nobody kept them, and only messages without any fields are looked at. */
  readonly before?: Progress['positions'];
  /** Where the next page begins. */
  readonly cursor?: string;
  readonly done?: true;
}

const key = 'message-fields';

/**
 * Messages that came before they were found by their fields, or before a feed file named others, are read once more and
 * get theirs: oldest first, in small steps beside everything else, from where it was left. Nothing else about them changes.
 */
export function indexEarlierMessages(
  pipeline: Pipeline,
  pauseMs: number = limits.reindexPauseMs,
): { readonly ended: Promise<void>; readonly stop: () => Promise<void> } {
  const { log } = pipeline;
  const work = new EarlierMessages(pipeline, pauseMs);
  const ended = work
    .run()
    .catch((err: unknown) =>
      log.error({ err }, 'Earlier messages were not indexed; the next start goes on'),
    );
  return {
    ended,
    stop: async () => {
      work.isStopped = true;
      await ended;
    },
  };
}

class EarlierMessages {
  readonly #pipeline: Pipeline;
  readonly #pauseMs: number;
  isStopped = false;

  constructor(pipeline: Pipeline, pauseMs: number) {
    this.#pipeline = pipeline;
    this.#pauseMs = pauseMs;
  }

  async run(): Promise<void> {
    const { store, feeds } = this.#pipeline;
    const own = feeds().map(({ name, index = [] }) => [name, index] as const);
    const positions = { '': indexedPositions, ...Object.fromEntries(own) };
    if ((await store.journal.counts()).length === 0) return;
    for (let attempt = 0; !this.isStopped && attempt < limits.commitAttemptsMax;) {
      const entry = await store.state(key);
      const progress = goOn(entry && (JSON.parse(entry.value) as Progress), positions);
      if (progress.done === true) return;
      try {
        await this.#page(progress, entry?.revision ?? 0);
        attempt = 0;
        await rest(this.#pauseMs);
      } catch (error) {
        // A message was worked on meanwhile, or another process does this: then it goes on from there.
        if (!(error instanceof CommitRefused)) throw error;
        attempt += 1;
      }
    }
  }

  async #page({ cursor, ...progress }: Progress, revision: number): Promise<void> {
    const { store, clock } = this.#pipeline;
    const page = await store.journal.list({
      ...{ count: limits.runPageMax, oldestFirst: true, bare: true },
      ...(cursor === undefined ? {} : { cursor }),
    });
    const journal: JournalChange[] = [];
    for (const bare of page.entries.filter((entry) => isConcerned(entry, progress))) {
      const entry = await store.journal.read(bare.id);
      const fields = entry === undefined ? [] : [...this.#fieldsOf(entry), ...turnsOf(entry)];
      if (entry === undefined || isSame(fields, entry.fields)) continue;
      journal.push({ ...entry, fields, expectAttempts: entry.attempts });
    }
    const next: Progress =
      page.next === undefined
        ? { positions: progress.positions, done: true }
        : { ...progress, cursor: page.next };
    const state = [{ key, value: JSON.stringify(next), expectRevision: revision }];
    await store.commit({ now: clock(), origin: 'feed', changes: [], journal, state });
  }

  #fieldsOf({ bytes, peer, feed: name, receivedAt }: JournalEntry): readonly string[] {
    const feeds = this.#pipeline.feeds();
    const { message, feed } = readFrame(
      { bytes, peer, feed: name },
      { feeds, receivedAt, map: unmapped },
    );
    return indexedFields(message, feed);
  }
}

/** What is left to do: the rest of what was begun, or all of it where the positions are others now. */
function goOn(kept: Progress | undefined, positions: Progress['positions']): Progress {
  if (kept === undefined) return { positions };
  if (JSON.stringify(kept.positions) === JSON.stringify(positions)) return kept;
  return { positions, before: kept.before ?? (kept.done === true ? kept.positions : {}) };
}

function isConcerned({ feed, fields }: JournalEntry, { positions, before }: Progress): boolean {
  if (fields === undefined) return true;
  if (before === undefined) return false;
  return ['', feed].some((name) => !isSame(positions[name] ?? [], before[name] ?? []));
}

function isSame(a: readonly string[], b: readonly string[] | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Nothing is mapped: it is looked at alone. */
const unmapped: Pipeline['map'] = () => {
  return { resources: [], loss: [], unmapped: [], issues: [], trace: [], map: '' };
};
