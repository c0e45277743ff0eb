/** The journal row of a message that owes something to destinations before it is processed. */
import { CommitRefused, type JournalEntry, type StateChange } from '../../store/store.ts';
import { journalOnly, waitingEntry } from '../journal-entry.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Reading } from '../reading.ts';
import { noRouter } from './router.ts';

type Keeping = Pick<Pipeline, 'store' | 'clock' | 'newId' | 'map' | 'router'>;

/**
 * Keeps a message that is passed on whatever becomes of it here, before its turn: what is owed goes in the order of
 * arrival. One that was kept before owes nothing more.
 */
export async function keepWhatIsOwed(keeping: Keeping, reading: Reading): Promise<void> {
  const { router = noRouter } = keeping;
  const entry = waitingEntry(reading, keeping);
  const state = router.onArrival(reading, entry);
  if (state.length === 0) return;
  if (reading.continuation === undefined) await keep(keeping, reading, entry);
  else await passPiece(keeping, reading, { entry, state });
}

/** Puts a row into the journal, with what its message owes to destinations. */
export async function keep(
  { store, clock, router = noRouter }: Keeping,
  reading: Reading,
  entry: JournalEntry,
): Promise<{ readonly existing?: JournalEntry }> {
  const state = router.onArrival(reading, entry);
  if (state.length === 0) return store.journal.append(entry);
  try {
    await store.commit({ ...journalOnly(reading, entry, clock()), state });
    router.onQueued();
    return {};
  } catch (error) {
    if (error instanceof CommitRefused && 'existing' in error.refusal) return error.refusal;
    throw error;
  }
}

/** A piece of a message has its row from those who join them; that it was passed on is a claim of its own. */
async function passPiece(
  { store, clock, router = noRouter }: Keeping,
  { feed, controlId, hash }: Reading,
  { entry, state }: { readonly entry: JournalEntry; readonly state: readonly StateChange[] },
): Promise<void> {
  const claims = [{ key: `passed|${feed.name}|${controlId}|${hash}`, owner: entry.id }];
  const origin = `feed:${feed.name}`;
  try {
    await store.commit({ now: clock(), origin, changes: [], claims, state });
    router.onQueued();
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
  }
}
