import { limits } from '../limits.ts';
import type { JournalEntry, JournalQuery, Store } from '../store/store.ts';

/** What the journal holds and nobody has processed, oldest first, page by page. What comes meanwhile is not in it. */
export async function* backlog(
  store: Store,
  query: Pick<JournalQuery, 'feed' | 'bare'> = {},
): AsyncGenerator<readonly JournalEntry[]> {
  const received = { ...query, state: 'received' } as const;
  const { entries } = await store.journal.list({ ...received, count: 1, bare: true });
  const [newest] = entries;
  if (newest === undefined) return;
  const to = new Date(newest.receivedAt.getTime() + 1);
  let cursor: string | undefined;
  do {
    const page = await store.journal.list({
      ...received,
      to,
      oldestFirst: true,
      count: limits.backlogPageMax,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Whether a row waits to be processed, and not for the time of its next try. */
export function isDue({ state, nextRetryAt }: JournalEntry, now: Date): boolean {
  return state === 'received' && (nextRetryAt === undefined || nextRetryAt <= now);
}

/** When a message that passing faults failed so many times is due again. */
export function nextRetryAt(attempts: number, now: Date): Date {
  const { retryDelayMs, retryDelayMaxMs } = limits;
  const delayMs = Math.min(retryDelayMs * 2 ** Math.min(attempts - 1, 30), retryDelayMaxMs);
  return new Date(now.getTime() + delayMs);
}
