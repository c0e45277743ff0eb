import type { JournalEntry } from '../store/store.ts';
import { reportOf } from './describe.ts';
import type { Pipeline, TakeTurn } from './pipeline.ts';
import { hearFrame, mapHeardInSteps, type Reading } from './reading.ts';
import { withAllNumbers } from './person-numbers.ts';
import { answerFault } from './refuse.ts';

/** Whoever sent what is taken up later waits no more. */
const nobodyListens = (): boolean => false;

/** Whether somebody may wait for what becomes of a message: it was not taken up later. */
export function isAwaited({ frame }: Reading): boolean {
  return frame.isOpen !== nobodyListens;
}

/** How a row is taken up. */
export interface Taking {
  /** Also where its feed is stopped; absent: not then. */
  readonly passing?: boolean;
  /** Told when it has its place among those about the same people: what is taken up then comes after it. */
  readonly placed?: () => void;
}

/** Processes a row of the journal, in its turn; a fault is met as one of a live message is. */
export type TakeUp = (row: JournalEntry, taking?: Taking) => Promise<void>;

/** Takes up what the journal holds, in steps. */
export function takingUp(pipeline: Pipeline, takeTurn: TakeTurn): TakeUp {
  return async (row, { passing = false, placed } = {}) => {
    const { bytes, peer, feed, receivedAt } = row;
    // What was found out before it was read is in the report of a row that nothing has been made of yet.
    const remarks = row.state === 'received' ? reportOf(row).issues : [];
    const frame = { bytes, peer, feed, isOpen: nobodyListens, remarks };
    const heard = hearFrame(frame, { feeds: pipeline.feeds(), receivedAt });
    const reading = await mapHeardInSteps(heard, pipeline);
    try {
      const done = takeTurn(await withAllNumbers(pipeline.store, reading), { passing });
      placed?.();
      await done;
    } catch (error) {
      await answerFault(pipeline, reading, { error });
    }
  };
}
