import type { IdentifiedResource } from '../fhir/resource.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import { limits } from '../limits.ts';
import { without } from '../record/same.ts';
import { systemAudit } from '../security/write-audit.ts';
import { CommitRefused, type Change, type JournalState, type Store } from '../store/store.ts';
import { alarmsOf, type AlarmKind, type Observation, type Sample } from './alarm.ts';
import { hourOfWeek, learn, missedBetween, type Rhythm } from './alarm-rhythm.ts';
import { defaultAlarms } from './alarm-settings.ts';
import { alarmTaskId, clearedTask, raisedTask } from './alarm-task.ts';
import type { Feed } from './feed.ts';
import { stopOf } from './feed-stop.ts';
import type { Log } from './log.ts';
import { queuedRows } from './person-queue.ts';
import { isHeld } from './journal-entry.ts';
import { isIdentified, parseStored } from './stored.ts';

export interface AlarmWatching {
  readonly store: Store;
  readonly feeds: () => readonly Feed[];
  readonly clock: () => Date;
  readonly log: Log;
}

/** What is known of a feed between two looks: the state entry `alarms|<feed>`, as JSON. */
interface Watched {
  /** Epoch milliseconds: of this look, and of the first. */
  readonly at: number;
  readonly since: number;
  readonly samples: readonly Sample[];
  readonly rhythm: Rhythm;
  /** The hour that is being counted, and the messages there were when it began. */
  readonly hour?: { readonly began: number; readonly total: number };
  /** Alarms that are raised: since when, and in how many looks in a row they did not hold. */
  readonly raised: Readonly<
    Partial<Record<AlarmKind, { readonly since: number; readonly calm: number }>>
  >;
  readonly oldestAt?: number;
}

/** An alarm that is raised, for metrics and lists. */
export interface RaisedAlarm {
  readonly feed: string;
  readonly kind: AlarmKind;
  /** An instant. */
  readonly since: string;
}

const prefix = 'alarms|';

/**
 * Looks at every feed, and raises or clears its alarms: one Task for each kind, opened when it begins and closed when it has not
 * held for a while. Of several processes that look at the same time one gets its commit through, and with it the look, so that
 * nothing is raised twice.
 */
export async function watchFeeds(watching: AlarmWatching): Promise<void> {
  const { store, feeds } = watching;
  const counts = await store.journal.counts();
  const held = await oldestHeld(store);
  for (const feed of feeds()) {
    const sum = (states: readonly JournalState[]): number =>
      counts
        .filter((row) => row.feed === feed.name && states.includes(row.state))
        .reduce((total, { count }) => total + count, 0);
    await watchFeed(watching, feed, {
      total: sum(['received', 'processed', 'failed', 'parked', 'ignored']),
      failed: sum(['failed', 'parked']),
      received: sum(['received']),
      held: held.get(feed.name),
    });
  }
}

/** Alarms that are raised now, whichever process saw them. */
export async function raisedAlarms(store: Store): Promise<readonly RaisedAlarm[]> {
  const entries = await store.states(prefix);
  return entries.flatMap(({ key, value }) =>
    Object.entries((JSON.parse(value) as Watched).raised).map(([kind, { since }]) => ({
      feed: key.slice(prefix.length),
      kind: kind as AlarmKind,
      since: new Date(since).toISOString(),
    })),
  );
}

interface Counted {
  readonly total: number;
  readonly failed: number;
  readonly received: number;
  readonly held: Held | undefined;
}

/** Of a feed whose messages wait for one about the same person. */
interface Held {
  readonly count: number;
  readonly oldestAt: Date;
}

async function oldestHeld(store: Store): Promise<ReadonlyMap<string, Held>> {
  const found = new Map<string, Held>();
  for (const id of (await queuedRows(store)).slice(0, limits.alarmRowsMax)) {
    const row = await store.journal.read(id);
    if (row === undefined || !isHeld(row)) continue;
    const known = found.get(row.feed) ?? { count: 0, oldestAt: row.receivedAt };
    found.set(row.feed, { ...known, count: known.count + 1 });
  }
  return found;
}

async function watchFeed(
  { store, clock, log }: AlarmWatching,
  feed: Feed,
  counted: Counted,
): Promise<void> {
  const now = clock();
  const entry = await store.state(prefix + feed.name);
  const before = entry === undefined ? unseen(now) : (JSON.parse(entry.value) as Watched);
  if (entry !== undefined && now.getTime() - before.at < limits.alarmTickMs / 2) return;
  const rhythm = rhythmOf(before, counted, { now, feed });
  const seen = await observe(store, feed, { counted, before, rhythm: rhythm.rhythm, now });
  const settings = feed.alarms ?? defaultAlarms;
  const found = alarmsOf(settings, seen, before.samples);
  const { raised, changes } = await turn(store, feed, { found, before, now });
  const from = now.getTime() - settings.errorWindowMs - limits.alarmTickMs;
  const { total, failed } = counted;
  const after: Watched = {
    at: now.getTime(),
    since: before.since,
    ...rhythm,
    samples: [
      ...before.samples.filter(({ at }) => at >= from),
      { at: now.getTime(), total, failed },
    ],
    raised,
    ...(seen.oldestAt === undefined ? {} : { oldestAt: seen.oldestAt.getTime() }),
  };
  const origin = 'feed:alarm';
  const audit = systemAudit({ now, origin, requestId: `alarms ${feed.name}`, changes });
  const value = JSON.stringify(after);
  const state = [{ key: prefix + feed.name, value, expectRevision: entry?.revision ?? 0 }];
  try {
    await store.commit({ now, origin, changes, audit, state });
    if (changes.length > 0)
      log.warn({ feed: feed.name, raised: Object.keys(raised) }, 'Alarms of a feed changed');
  } catch (error) {
    // Another process looked first, or a person wrote into the Task: the next look meets what is still so.
    if (!(error instanceof CommitRefused)) throw error;
  }
}

function unseen(now: Date): Watched {
  return { at: 0, since: now.getTime(), samples: [], rhythm: {}, raised: {} };
}

/** What is learned when an hour of the feed's clock is over; an hour that was not looked at throughout teaches nothing. */
function rhythmOf(
  before: Watched,
  { total }: Counted,
  { now, feed }: { readonly now: Date; readonly feed: Feed },
): Pick<Watched, 'rhythm' | 'hour'> {
  const { hour, rhythm } = before;
  const current = hourOfWeek(now, feed.zone);
  const counting = hour === undefined ? undefined : hourOfWeek(new Date(hour.began), feed.zone);
  if (hour !== undefined && counting === current && now.getTime() - before.at < 3_600_000) {
    return { rhythm, hour };
  }
  const next = { began: now.getTime(), total };
  if (hour === undefined || counting === undefined) return { rhythm, hour: next };
  const spanMs = now.getTime() - hour.began;
  const isWhole = Math.abs(spanMs - 3_600_000) <= 3 * limits.alarmTickMs;
  if (!isWhole) return { rhythm, hour: next };
  return { rhythm: learn(rhythm, counting, Math.max(0, total - hour.total)), hour: next };
}

async function observe(
  store: Store,
  feed: Feed,
  given: {
    readonly counted: Counted;
    readonly before: Watched;
    readonly rhythm: Rhythm;
    readonly now: Date;
  },
): Promise<Observation> {
  const { counted, before, rhythm, now } = given;
  const { total, failed, received, held } = counted;
  const [last] = (await store.journal.list({ feed: feed.name, bare: true, count: 1 })).entries;
  const lastAt = last?.receivedAt ?? new Date(before.since);
  const { silence } = feed.alarms ?? defaultAlarms;
  const oldest = received === 0 ? undefined : await oldestReceived(store, feed);
  const oldestAt = [oldest, held?.oldestAt]
    .filter((each) => each !== undefined)
    .sort((a, b) => a.getTime() - b.getTime())[0];
  const stopped = feed.onFailure === 'stop-feed' ? await stopOf(store, feed) : undefined;
  return {
    at: now,
    total,
    failed,
    unsettled: received + (held?.count ?? 0),
    lastAt,
    ...missedBetween([lastAt, now], { silence, rhythm, zone: feed.zone }),
    ...(oldestAt === undefined ? {} : { oldestAt }),
    ...(stopped === undefined ? {} : { stop: stopped.stop }),
  };
}

async function oldestReceived(store: Store, { name }: Feed): Promise<Date | undefined> {
  const oldest = { state: 'received', oldestFirst: true, bare: true, count: 1 } as const;
  const { entries } = await store.journal.list({ feed: name, ...oldest });
  return entries[0]?.receivedAt;
}

/** Raises what began to hold, and clears what has not held for a while. */
async function turn(
  store: Store,
  feed: Feed,
  given: {
    readonly found: ReadonlyMap<AlarmKind, string>;
    readonly before: Watched;
    readonly now: Date;
  },
): Promise<{ readonly raised: Watched['raised']; readonly changes: readonly Change[] }> {
  const { found, before, now } = given;
  const raised: { -readonly [K in keyof Watched['raised']]: Watched['raised'][K] } = {};
  const changes: Change[] = [];
  for (const [kind, text] of found) {
    const known = before.raised[kind];
    raised[kind] = { since: known?.since ?? now.getTime(), calm: 0 };
    if (known === undefined)
      changes.push(await raising(store, raisedTask(feed, { kind, text, now })));
  }
  for (const [name, { since, calm }] of Object.entries(before.raised)) {
    const kind = name as AlarmKind;
    if (found.has(kind)) continue;
    if (calm + 1 < limits.alarmCalmTicks) raised[kind] = { since, calm: calm + 1 };
    else changes.push(...(await cleared(store, alarmTaskId(feed.name, kind), now)));
  }
  return { raised, changes };
}

/** What people wrote into it when it was raised before stays, but for why they closed it. */
async function raising(store: Store, task: IdentifiedResource): Promise<Change> {
  const stored = await store.read('Task', task.id);
  if (stored === undefined) return { ...put(task), expect: 'absent' };
  const before = isIdentified(stored) ? without(parseStored(stored), ['statusReason']) : {};
  return { ...put({ ...before, ...task }), expect: { versionId: stored.versionId } };
}

/** A person may have closed it, or removed it. */
async function cleared(store: Store, id: string, now: Date): Promise<readonly Change[]> {
  const stored = await store.read('Task', id);
  if (!isIdentified(stored)) return [];
  const task = parseStored(stored) as IdentifiedResource;
  if (ended.has(String(task['status']))) return [];
  return [{ ...put(clearedTask(task, now)), expect: { versionId: stored.versionId } }];
}

const ended = new Set(['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error']);

function put(resource: IdentifiedResource): Extract<Change, { op: 'put' }> {
  return { op: 'put', resource, index: extractIndex(resource) };
}
