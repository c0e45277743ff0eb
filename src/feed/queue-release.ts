import { CommitRefused, type Store } from '../store/store.ts';
import type { Feed } from './feed.ts';
import { isHeld, isSettled } from './journal-entry.ts';
import type { Log } from './log.ts';
import { freedQueues, leaveQueues, queuedRows, type FreedQueue } from './person-queue.ts';
import type { TakeUp } from './take-up.ts';

interface Releasing {
  readonly store: Store;
  readonly feeds: () => readonly Feed[];
  readonly clock: () => Date;
  readonly log: Log;
}

export interface Queues {
  /** Takes up what stands at the head of a queue since the row before was settled. */
  readonly wake: () => void;
  /** Takes a settled row out of its queues, and wakes. */
  readonly settled: (rowId: string) => Promise<void>;
  /** Takes out rows that were settled without a word, or whose feed has another policy by now. */
  readonly mend: () => Promise<void>;
  readonly idle: () => Promise<void>;
}

/** Releases what waits behind a message that failed, one after another per person (person-queue.ts). */
export function startQueues({ store, feeds, clock, log }: Releasing, takeUp: TakeUp): Queues {
  let running: Promise<void> = Promise.resolve();
  let waking = 0;

  async function leave(rowId: string): Promise<void> {
    const state = await leaveQueues(store, rowId);
    if (state.length > 0) await store.commit({ now: clock(), origin: 'feed', changes: [], state });
  }

  /** Whether there may be more to do. */
  async function release({ mark, next }: FreedQueue): Promise<void> {
    const row = next === undefined ? undefined : await store.journal.read(next);
    if (next !== undefined && (row === undefined || isSettled(row))) return leave(next);
    if (row !== undefined && isHeld(row)) await takeUp(row);
    await store
      .commit({
        now: clock(),
        origin: 'feed',
        changes: [],
        state: [{ key: mark.key, expectRevision: mark.revision }],
      })
      .catch((error: unknown) => {
        // It was set anew meanwhile: the queue went on.
        if (!(error instanceof CommitRefused)) throw error;
      });
  }

  async function releaseAll(): Promise<void> {
    for (let freed = await freedQueues(store); freed.length > 0; freed = await freedQueues(store)) {
      await Promise.all(freed.map(release));
    }
  }

  const wake = (): void => {
    if (waking > 1) return;
    waking += 1;
    running = running
      .then(releaseAll)
      .catch((err: unknown) => log.error({ err }, 'What waits for a person could not be taken up'))
      .finally(() => {
        waking -= 1;
      });
  };

  return {
    wake,
    settled: async (rowId) => {
      await leave(rowId);
      wake();
    },
    mend: async () => {
      for (const rowId of await queuedRows(store)) {
        const row = await store.journal.read(rowId);
        const feed = feeds().find(({ name }) => name === row?.feed);
        const waits = feed?.onFailure === 'park-patient' && !isSettled(row);
        if (waits) continue;
        await leave(rowId);
        if (row !== undefined && isHeld(row)) await takeUp(row);
      }
    },
    idle: () => running,
  };
}
