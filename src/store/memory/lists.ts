import { compareCodePoints } from '../../fhir/search-match.ts';
import {
  readJournalCursor,
  readListCursor,
  writeJournalCursor,
  writeListCursor,
} from '../cursor.ts';
import type {
  ChangeEvent,
  HistoryPage,
  HistoryQuery,
  Job,
  JournalEntry,
  JournalPage,
  JournalQuery,
  JournalRemoval,
  JournalState,
  LeasedJob,
  StoredVersion,
} from '../store.ts';
import { resourceKey, type JournalRow, type MemoryData } from './data.ts';

/** Versions, newest first. */
export function historyPage(data: MemoryData, query: HistoryQuery): HistoryPage {
  const { type, id, since, at, count } = query;
  const cursor = query.cursor === undefined ? undefined : readListCursor(query.cursor);
  const all = data.versions.filter(
    ({ stored }) =>
      (type === undefined || stored.type === type) &&
      (id === undefined || stored.id === id) &&
      (since === undefined || stored.lastUpdated >= since) &&
      (at === undefined || wasCurrent(data, stored, at)),
  );
  const total = cursor?.total ?? all.length;
  const rest = all
    .filter(({ position }) => cursor === undefined || position < cursor.before)
    .reverse();
  const page = rest.slice(0, count);
  const versions = page.map(({ stored }) => stored);
  const last = page.at(-1);
  if (rest.length <= count || last === undefined) return { versions, total };
  return { versions, total, next: writeListCursor({ before: last.position, total }) };
}

/** Whether a version's time, its own instant and what is left until the next version's, meets [from, to). */
function wasCurrent(
  data: MemoryData,
  { type, id, versionId, lastUpdated }: StoredVersion,
  { from, to }: { readonly from: Date; readonly to: Date },
): boolean {
  const next = data.resources.get(resourceKey(type, id))?.versions[Number(versionId)]?.stored;
  const begin = lastUpdated.getTime();
  if (from >= to || begin >= to.getTime()) return false;
  return begin >= from.getTime() || next === undefined || next.lastUpdated > from;
}

/** The change feed: versions after a position, oldest first. */
export function changesAfter(data: MemoryData, after: number, limit: number): ChangeEvent[] {
  return data.versions
    .filter(({ position }) => position > after)
    .slice(0, limit)
    .map(({ position, stored }) => {
      const { seq, type, id, versionId, method, lastUpdated } = stored;
      return { position, seq, type, id, versionId, method, at: lastUpdated };
    });
}

/** Journal rows by arrival, newest first unless it is asked for otherwise. */
export function journalPage(data: MemoryData, query: JournalQuery): JournalPage {
  const cursor = query.cursor === undefined ? undefined : readJournalCursor(query.cursor);
  const sign = query.oldestFirst === true ? 1 : -1;
  const rows = [...data.journal.values()]
    .filter(({ entry }) => fits(entry, query))
    .sort((a, b) => sign * byArrival(a, b))
    .filter((row) => cursor === undefined || sign * byArrival(row, placeOf(cursor)) > 0);
  const page = rows.slice(0, query.count);
  const entries = page.map(({ entry }) =>
    query.bare === true ? { ...entry, bytes: new Uint8Array() } : entry,
  );
  const last = page.at(-1);
  if (rows.length <= query.count || last === undefined) return { entries };
  const at = last.entry.receivedAt.getTime();
  return { entries, next: writeJournalCursor({ at, row: last.row }) };
}

type Arrived = Pick<JournalRow, 'row'> & { readonly entry: Pick<JournalEntry, 'receivedAt'> };

function byArrival(a: Arrived, b: Arrived): number {
  return a.entry.receivedAt.getTime() - b.entry.receivedAt.getTime() || a.row - b.row;
}

function placeOf({ at, row }: { readonly at: number; readonly row: number }): Arrived {
  return { row, entry: { receivedAt: new Date(at) } };
}

function fits(entry: JournalEntry, query: JournalQuery): boolean {
  const { state, fields = [], from, to } = query;
  const states: readonly JournalState[] = typeof state === 'string' ? [state] : (state ?? []);
  const names = ['feed', 'messageType', 'controlId', 'patient'] as const;
  return (
    names.every((name) => query[name] === undefined || query[name] === entry[name]) &&
    (state === undefined || states.includes(entry.state)) &&
    fields.every((field) => entry.fields?.includes(field) === true) &&
    (from === undefined || entry.receivedAt >= from) &&
    (to === undefined || entry.receivedAt < to)
  );
}

/** Removes the oldest of those that a removal names. */
export function removeRows(data: MemoryData, { states, before, count }: JournalRemoval): number {
  const rows = [...data.journal.values()]
    .filter(({ entry }) => fits(entry, { state: states, to: before, count }))
    .sort(byArrival)
    .slice(0, count);
  for (const { entry } of rows) data.journal.delete(entry.id);
  return rows.length;
}

export function journalCounts(data: MemoryData) {
  const counts = new Map<string, number>();
  for (const { entry } of data.journal.values()) {
    const group = JSON.stringify([entry.feed, entry.state, entry.ackCode ?? '']);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts]
    .map(([group, count]) => {
      const [feed, state, ackCode] = JSON.parse(group) as [string, JournalState, string];
      return { feed, state, ackCode, count };
    })
    .sort(
      (a, b) =>
        compareCodePoints(a.feed, b.feed) ||
        compareCodePoints(a.state, b.state) ||
        compareCodePoints(a.ackCode, b.ackCode),
    );
}

/** Jobs by due time, then key. */
export function jobList(data: MemoryData, prefix: string, limit: number): Job[] {
  return [...data.jobs.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort(byDueTime)
    .slice(0, limit)
    .map(({ key, kind, dueAt, payload, attempts }) => ({ key, kind, dueAt, payload, attempts }));
}

/** Takes due jobs that nobody holds. */
export function leaseJobs(
  data: MemoryData,
  { now, leaseMs, limit }: { now: Date; leaseMs: number; limit: number },
): LeasedJob[] {
  const due = [...data.jobs.values()]
    .filter(({ dueAt, leasedUntil }) => dueAt <= now && leasedUntil <= now.getTime())
    .sort(byDueTime);
  return due.slice(0, limit).map((job) => {
    const lease = `lease-${++data.numbers}`;
    const attempts = job.attempts + 1;
    data.jobs.set(job.key, { ...job, attempts, lease, leasedUntil: now.getTime() + leaseMs });
    const { key, kind, dueAt, payload } = job;
    return { key, kind, dueAt, payload, attempts, lease };
  });
}

function byDueTime(a: Job, b: Job): number {
  return a.dueAt.getTime() - b.dueAt.getTime() || compareCodePoints(a.key, b.key);
}
