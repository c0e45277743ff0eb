import type { JournalState, Store } from '../store/store.ts';
import type { Feed, FailurePolicy } from './feed.ts';
import { stopOf } from './feed-stop.ts';

/** A feed as it stands, as JSON. */
export interface FeedStatus {
  readonly feed: string;
  readonly title: string;
  readonly ack: Feed['ackMode'];
  readonly onFailure: FailurePolicy;
  readonly state: 'running' | 'stopped' | 'resuming';
  /** Why it is stopped: since when (an instant), by which journal row, and what was wrong with it. */
  readonly since?: string;
  readonly message?: string;
  readonly reason?: string;
  /** Journal rows by state. */
  readonly messages: Readonly<Partial<Record<JournalState, number>>>;
}

/** All feeds with what holds them up and what the journal has of them. */
export async function feedStatuses(
  store: Store,
  feeds: readonly Feed[],
): Promise<readonly FeedStatus[]> {
  const counts = Map.groupBy(await store.journal.counts(), ({ feed }) => feed);
  return Promise.all(
    feeds.map(async (feed) => {
      const messages: Partial<Record<JournalState, number>> = {};
      for (const { state, count } of counts.get(feed.name) ?? []) {
        messages[state] = (messages[state] ?? 0) + count;
      }
      return { ...(await stateOf(store, feed)), messages };
    }),
  );
}

async function stateOf(store: Store, feed: Feed): Promise<Omit<FeedStatus, 'messages'>> {
  const { name, title, ackMode: ack, onFailure = 'park-message' } = feed;
  const stopped = onFailure === 'stop-feed' ? await stopOf(store, feed) : undefined;
  if (stopped === undefined) return { feed: name, title, ack, onFailure, state: 'running' };
  const { resuming, ...why } = stopped.stop;
  const state = resuming === true ? 'resuming' : 'stopped';
  return { feed: name, title, ack, onFailure, state, ...why };
}
