import type { JournalEntry, Store } from '../store/store.ts';
import { backlog } from './backlog.ts';
import type { Feed } from './feed.ts';
import type { Log } from './log.ts';
import type { MapMessage } from './map-message.ts';
import { readFrame, type Reading } from './reading.ts';
import { answerFault } from './refuse.ts';

/** Whoever sent what is taken up later waits no more. */
const nobodyListens = (): boolean => false;

interface TakingUp {
  readonly store: Store;
  readonly feeds: () => readonly Feed[];
  readonly map: MapMessage;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
}

/** Processes a row of the journal, in its turn; a fault is met as one of a live message is. */
export type TakeUp = (row: JournalEntry, passing?: boolean) => Promise<void>;

/** Takes up what the journal holds. */
export function takingUp(
  pipeline: TakingUp,
  takeTurn: (reading: Reading, passing?: boolean) => Promise<unknown>,
): {
  readonly takeUp: TakeUp;
  /** What arrived before, and is due; the rest is left when all stops. */
  readonly takeUpBefore: (before: Date, stopping?: AbortSignal) => Promise<void>;
} {
  const takeUp: TakeUp = async ({ bytes, peer, feed, receivedAt }, passing) => {
    const given = { feeds: pipeline.feeds(), map: pipeline.map, receivedAt };
    const reading = readFrame({ bytes, peer, feed, isOpen: nobodyListens }, given);
    try {
      await takeTurn(reading, passing);
    } catch (error) {
      await answerFault(pipeline, reading, { error });
    }
  };
  return {
    takeUp,
    takeUpBefore: async (before, stopping) => {
      for await (const rows of backlog(pipeline.store)) {
        if (stopping?.aborted === true) return;
        const now = pipeline.clock();
        const due = rows.filter(
          ({ receivedAt, nextRetryAt }) =>
            receivedAt < before && (nextRetryAt === undefined || nextRetryAt <= now),
        );
        // Side by side: those of one person take turns in this order.
        await Promise.all(due.map((row) => takeUp(row)));
      }
    },
  };
}
