import { limits } from '../limits.ts';
import type { JournalEntry, JournalQuery, Store } from '../store/store.ts';

/**
 * What the journal holds and nobody has processed, oldest first, page by page. The journal lists newest first: the
 * way to the oldest is walked once, keeping no row, and gone back. What comes meanwhile is not in it.
 */
export async function* backlog(
  store: Store,
  query: Pick<JournalQuery, 'feed'> = {},
): AsyncGenerator<readonly JournalEntry[]> {
  const page = (cursor: string | undefined) =>
    store.journal.list({
      ...query,
      state: 'received',
      count: limits.backlogPageMax,
      ...(cursor === undefined ? {} : { cursor }),
    });
  const newest = await page(undefined);
  const older: { readonly cursor: string; readonly ids: ReadonlySet<string> }[] = [];
  for (let cursor = newest.next; cursor !== undefined;) {
    const { entries, next } = await page(cursor);
    older.push({ cursor, ids: new Set(entries.map(({ id }) => id)) });
    cursor = next;
  }
  for (const { cursor, ids } of older.reverse()) {
    // A page read again reaches further back, where rows of it were settled since.
    const { entries } = await page(cursor);
    yield entries.filter(({ id }) => ids.has(id)).toReversed();
  }
  yield newest.entries.toReversed();
}

/** When a message that passing faults failed so many times is due again. */
export function nextRetryAt(attempts: number, now: Date): Date {
  const { retryDelayMs, retryDelayMaxMs } = limits;
  const delayMs = Math.min(retryDelayMs * 2 ** Math.min(attempts - 1, 30), retryDelayMaxMs);
  return new Date(now.getTime() + delayMs);
}
