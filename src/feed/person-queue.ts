import { errorIssue, type Issue } from '../fhir/issue.ts';
import { logicalId } from '../record/identity.ts';
import type { StateChange, StateEntry, Store } from '../store/store.ts';
import type { Reading } from './reading.ts';

/**
 * Under `park-patient` a message that fails stands at the head of a queue for each person it names, and later
 * ones about them line up behind it. The queues are state entries, written in the commit of the row that they are about:
 *
 * - `waits|<feed>|<person>|<row>`: the row's place in the queue of one person, in the order of arrival
 * - `waiting|<row>`: all places of a row, to give them up together
 * - `freed|<feed>|<person>`: the head of that queue was settled, and the next is not yet looked at
 */
const placePrefix = 'waits|';
const rowPrefix = 'waiting|';
const freedPrefix = 'freed|';

/** The journal row that this one has to wait for; undefined where it is at the head of all its queues. */
export async function aheadOf(
  store: Store,
  reading: Reading,
  rowId: string,
): Promise<string | undefined> {
  const queued = (await store.state(rowPrefix + rowId)) !== undefined;
  for (const queue of queuesOf(reading)) {
    const first = rowOf((await store.states(placesIn(queue)))[0]);
    if (first !== undefined && first !== rowId && (!queued || first < rowId)) return first;
  }
  return undefined;
}

/** What the row in front is told to whoever asks why. */
export function heldBy(rowId: string): Issue {
  const text = `Kept; it waits for message ${rowId} about the same person, which failed`;
  return errorIssue('held', text);
}

/** Lines a row up in the queues of everybody it names. */
export function lineUp(reading: Reading, rowId: string): readonly StateChange[] {
  const queues = queuesOf(reading);
  if (queues.length === 0) return [];
  return [
    ...queues.map((queue) => ({ key: placesIn(queue) + rowId, value: '' })),
    { key: rowPrefix + rowId, value: JSON.stringify(queues) },
  ];
}

/**
 * Takes a row out of its queues, for the commit that settles it; nothing where it stands in none. What waits
 * behind it is taken up once that commit is in.
 */
export async function leaveQueues(store: Store, rowId: string): Promise<readonly StateChange[]> {
  const entry = await store.state(rowPrefix + rowId);
  if (entry === undefined) return [];
  const queues = JSON.parse(entry.value) as readonly string[];
  return [
    { key: entry.key },
    ...queues.flatMap((queue) => [
      { key: placesIn(queue) + rowId },
      { key: freedPrefix + queue, value: '' },
    ]),
  ];
}

/** A queue whose head was settled, and who stands there now. */
export interface FreedQueue {
  readonly mark: StateEntry;
  /** A journal row; absent where nobody waits. */
  readonly next?: string;
}

/** Queues to be looked at; at most limits.statePageMax at once. */
export async function freedQueues(store: Store): Promise<readonly FreedQueue[]> {
  const marks = await store.states(freedPrefix);
  return Promise.all(
    marks.map(async (mark) => {
      const queue = mark.key.slice(freedPrefix.length);
      const next = rowOf((await store.states(placesIn(queue)))[0]);
      return { mark, ...(next === undefined ? {} : { next }) };
    }),
  );
}

/** Rows that stand in queues; at most limits.statePageMax. */
export async function queuedRows(store: Store): Promise<readonly string[]> {
  const entries = await store.states(rowPrefix);
  return entries.map(({ key }) => key.slice(rowPrefix.length));
}

function queuesOf({ feed, personKeys }: Reading): readonly string[] {
  return personKeys.map((key) => `${feed.name}|${logicalId('queue', feed.name, key)}`);
}

function placesIn(queue: string): string {
  return `${placePrefix}${queue}|`;
}

function rowOf(place: StateEntry | undefined): string | undefined {
  return place?.key.slice(place.key.lastIndexOf('|') + 1);
}
