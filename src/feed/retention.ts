import { setTimeout as rest } from 'node:timers/promises';
import { limits } from '../limits.ts';
import { CommitRefused, type JournalRemoval, type Store } from '../store/store.ts';
import type { Log } from './log.ts';

/** Messages that are kept equally long. `failed` are those that were never taken: failed, parked, ignored. */
const retentionClasses = {
  processed: ['processed'],
  failed: ['failed', 'parked', 'ignored'],
} as const satisfies Readonly<Record<string, JournalRemoval['states']>>;
export type RetentionClass = keyof typeof retentionClasses;

/** Days by class; 0: for ever. */
export type RetentionDays = Readonly<Record<RetentionClass, number>>;

/** What retention is set to and what it did, as JSON. */
export interface RetentionReport {
  readonly keepDays: RetentionDays;
  /** Messages removed since the store was made. */
  readonly removed: Readonly<Record<RetentionClass, number>>;
  /** The last time something was looked for; absent: never. */
  readonly last?: {
    /** Instants. */
    readonly startedAt: string;
    readonly endedAt?: string;
    readonly removed: Readonly<Record<RetentionClass, number>>;
  };
}

export interface Retention {
  /** Removes what is to go, in small steps; nothing where another process did so lately. */
  readonly sweep: () => Promise<void>;
  readonly report: () => Promise<RetentionReport>;
  /** Ends a sweep after its step. */
  readonly stop: () => Promise<void>;
}

interface RetentionOptions {
  readonly store: Store;
  readonly keepDays: RetentionDays;
  readonly clock: () => Date;
  readonly log: Log;
  /** Told of each step's count. */
  readonly onRemoved: (of: RetentionClass, count: number) => void;
  /** Rest between two steps; limits.retentionPauseMs by default. */
  readonly pauseMs?: number;
}

type Kept = Pick<RetentionReport, 'removed' | 'last'>;

const key = 'retention';
const none: Readonly<Record<RetentionClass, number>> = { processed: 0, failed: 0 };
const classes = Object.keys(retentionClasses) as RetentionClass[];

/** Removes messages that are older than their class is kept. What they wrote stays. */
export function createRetention(options: RetentionOptions): Retention {
  const { store, keepDays, clock, log, pauseMs = limits.retentionPauseMs } = options;
  let stopped = false;
  let sweeping: Promise<void> = Promise.resolve();

  const { kept, save } = keeping(options);

  async function removeClass(of: RetentionClass): Promise<number> {
    const before = new Date(clock().getTime() - keepDays[of] * dayMs);
    const removal = { states: retentionClasses[of], before, count: limits.retentionBatchMax };
    let removed = 0;
    for (let step = -1; step !== 0 && !stopped;) {
      step = await store.journal.remove(removal);
      removed += step;
      if (step > 0) {
        options.onRemoved(of, step);
        await rest(pauseMs);
      }
    }
    return removed;
  }

  async function sweep(): Promise<void> {
    const due = classes.filter((of) => keepDays[of] > 0);
    if (due.length === 0 || stopped) return;
    const { value, revision } = await kept();
    const startedAt = clock().toISOString();
    const lastAt = Date.parse(value.last?.startedAt ?? '');
    if (clock().getTime() - lastAt < limits.retentionEveryMs) return;
    // Of several processes that begin at once the others are refused here, and need not go on.
    const isMine = await save({ ...value, last: { startedAt, removed: none } }, revision);
    if (!isMine) return;
    const removed = { ...none };
    for (const of of due) removed[of] = await removeClass(of);
    const total = Object.fromEntries(
      classes.map((of) => [of, value.removed[of] + removed[of]]),
    ) as typeof none;
    await save({ removed: total, last: { startedAt, endedAt: clock().toISOString(), removed } });
    if (classes.some((of) => removed[of] > 0))
      log.info({ removed, keepDays }, 'Old messages were removed');
  }

  return {
    sweep: () => (sweeping = sweeping.then(sweep)),
    report: async () => ({ keepDays, ...(await kept()).value }),
    stop: async () => {
      stopped = true;
      await sweeping.catch(() => undefined);
    },
  };
}

const dayMs = 24 * 60 * 60_000;

/** What is known of earlier sweeps, in the store's state. */
function keeping({ store, clock }: Pick<RetentionOptions, 'store' | 'clock'>) {
  const kept = async () => {
    const entry = await store.state(key);
    const value: Kept = entry ? (JSON.parse(entry.value) as Kept) : { removed: none };
    return { value, revision: entry?.revision ?? 0 };
  };
  const save = async (value: Kept, expectRevision?: number): Promise<boolean> => {
    const state = [
      {
        key,
        value: JSON.stringify(value),
        ...(expectRevision === undefined ? {} : { expectRevision }),
      },
    ];
    try {
      await store.commit({ now: clock(), origin: 'retention', changes: [], state });
      return true;
    } catch (error) {
      if (error instanceof CommitRefused) return false;
      throw error;
    }
  };
  return { kept, save };
}
