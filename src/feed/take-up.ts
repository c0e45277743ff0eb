import type { JournalEntry } from '../store/store.ts';
import { reportOf } from './describe.ts';
import type { Pipeline, TakeTurn } from './pipeline.ts';
import { readFrame, type Reading } from './reading.ts';
import { answerFault } from './refuse.ts';

/** Whoever sent what is taken up later waits no more. */
const nobodyListens = (): boolean => false;

/** Whether somebody may wait for what becomes of a message: it was not taken up later. */
export function isAwaited({ frame }: Reading): boolean {
  return frame.isOpen !== nobodyListens;
}

/** Processes a row of the journal, in its turn; a fault is met as one of a live message is. */
export type TakeUp = (row: JournalEntry, passing?: boolean) => Promise<void>;

/** Takes up what the journal holds. */
export function takingUp(pipeline: Pipeline, takeTurn: TakeTurn): TakeUp {
  return async (row, passing = false) => {
    const { bytes, peer, feed, receivedAt } = row;
    const given = { feeds: pipeline.feeds(), map: pipeline.map, receivedAt };
    // What was found out before it was read is in the report of a row that nothing has been made of yet.
    const remarks = row.state === 'received' ? reportOf(row).issues : [];
    const reading = readFrame({ bytes, peer, feed, isOpen: nobodyListens, remarks }, given);
    try {
      await takeTurn(reading, { passing });
    } catch (error) {
      await answerFault(pipeline, reading, { error });
    }
  };
}
