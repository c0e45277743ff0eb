import { compareCodePoints } from '../../fhir/search-match.ts';
import { readListCursor, writeListCursor } from '../cursor.ts';
import type {
  ChangeEvent,
  HistoryPage,
  HistoryQuery,
  Job,
  JournalPage,
  JournalQuery,
  LeasedJob,
  StoredVersion,
} from '../store.ts';
import { resourceKey, type MemoryData } from './data.ts';

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

/** Journal rows, newest first. */
export function journalPage(data: MemoryData, query: JournalQuery): JournalPage {
  const cursor = query.cursor === undefined ? undefined : readListCursor(query.cursor);
  const filters = ['feed', 'state', 'messageType', 'controlId', 'patient'] as const;
  const rows = [...data.journal.values()]
    .filter(({ row }) => cursor === undefined || row < cursor.before)
    .filter(({ entry }) =>
      filters.every((name) => query[name] === undefined || query[name] === entry[name]),
    )
    .sort((a, b) => b.row - a.row);
  const page = rows.slice(0, query.count);
  const entries = page.map(({ entry }) => entry);
  const last = page.at(-1);
  if (rows.length <= query.count || last === undefined) return { entries };
  return { entries, next: writeListCursor({ before: last.row, total: 0 }) };
}

export function journalCounts(data: MemoryData) {
  const counts = new Map<string, number>();
  for (const { entry } of data.journal.values()) {
    const group = JSON.stringify([entry.feed, entry.state, entry.ackCode ?? '']);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return [...counts]
    .map(([group, count]) => {
      const [feed, state, ackCode] = JSON.parse(group) as [string, JournalQuery['state'], string];
      return { feed, state: state ?? 'received', ackCode, count };
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
