import type { Commit, JournalEntry, StateChange, Store } from '../store/store.ts';
import { stopFeed } from './feed-stop.ts';
import { isHeld } from './journal-entry.ts';
import { leaveQueues, lineUp } from './person-queue.ts';
import type { Reading } from './reading.ts';

/**
 * A commit that settles a message, with what the feed's policy makes of its outcome: what fails stands in the way of its
 * people (`park-patient`) or of the whole feed (`stop-feed`), what succeeds goes out of the way. A sender who is none of
 * the feed's stops nothing.
 */
export async function withPolicy(store: Store, commit: Commit, reading: Reading): Promise<Commit> {
  const [row] = commit.journal ?? [];
  const policy = reading.feed.onFailure ?? 'park-message';
  if (row === undefined || policy === 'park-message') return commit;
  const state = await consequences(store, { reading, row, now: commit.now });
  return state.length === 0 ? commit : { ...commit, state: [...(commit.state ?? []), ...state] };
}

async function consequences(
  store: Store,
  given: { readonly reading: Reading; readonly row: JournalEntry; readonly now: Date },
): Promise<readonly StateChange[]> {
  const { reading, row, now } = given;
  const { feed } = reading;
  const failed = row.state === 'failed' || row.state === 'parked';
  if (feed.onFailure === 'park-patient') {
    return failed ? lineUp(reading, row.id) : leaveQueues(store, row.id);
  }
  if (!failed || isHeld(row) || isForeign(reading)) return [];
  const reason = row.lastError ?? '';
  return [stopFeed(feed, { since: now.toISOString(), message: row.id, reason })];
}

function isForeign({ issues }: Reading): boolean {
  return issues.some(({ code }) => code === 'sender-refused');
}
