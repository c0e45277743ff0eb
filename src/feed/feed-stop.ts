import { errorIssue, type Issue } from '../fhir/issue.ts';
import type { StateChange, StateEntry, Store } from '../store/store.ts';
import type { Feed } from './feed.ts';

/** Why a feed takes nothing into processing: the state entry `stopped|<feed>`, as JSON. */
export interface FeedStop {
  /** An instant. */
  readonly since: string;
  /** The journal row of the message that failed. */
  readonly message: string;
  /** What was wrong with it. */
  readonly reason: string;
  /** It was told to go on, and takes up what came meanwhile. */
  readonly resuming?: boolean;
}

const prefix = 'stopped|';

/** The stop of a feed, with its entry; undefined where it runs. */
export async function stopOf(
  store: Store,
  { name }: Pick<Feed, 'name'>,
): Promise<{ readonly entry: StateEntry; readonly stop: FeedStop } | undefined> {
  const entry = await store.state(prefix + name);
  return entry && { entry, stop: JSON.parse(entry.value) as FeedStop };
}

/** Stops the feed, whatever was said of it before; for the commit of the message that failed. */
export function stopFeed({ name }: Pick<Feed, 'name'>, stop: FeedStop): StateChange {
  return { key: prefix + name, value: JSON.stringify(stop) };
}

/** Says that the feed goes on, unless it stopped anew since `entry`. */
export function resumingFeed(entry: StateEntry, stop: FeedStop): StateChange {
  const value = JSON.stringify({ ...stop, resuming: true });
  return { key: entry.key, value, expectRevision: entry.revision };
}

/** Ends the stop, unless the feed stopped anew since `entry`. */
export function startedFeed({ key, revision }: StateEntry): StateChange {
  return { key, expectRevision: revision };
}

/** What a sender is told meanwhile. */
export function stoppedIssue(feed: Feed, { message }: FeedStop): Issue {
  const text = `Feed ${feed.name} is stopped since message ${message} failed; nothing of this was taken`;
  return errorIssue('feed-stopped', text);
}
