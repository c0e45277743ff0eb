import { limits } from '../limits.ts';
import type { JournalEntry, Store } from '../store/store.ts';
import type { Line } from './line.ts';
import { sharedTurns } from './turn-field.ts';

/**
 * The rows that wait for one of these turns, and those that share another of theirs with them (a merge waits for two
 * people), oldest first. Undefined where there are too many to line up at once.
 */
export async function olderThan(
  store: Store,
  line: Pick<Line, 'isComplete' | 'sharing'>,
  turns: readonly string[],
): Promise<readonly JournalEntry[] | undefined> {
  const ids = line.isComplete ? line.sharing(turns) : await inJournal(store, turns);
  if (ids === undefined || ids.length > limits.backlogLinedUpMax) return undefined;
  const rows = await Promise.all(ids.map((id) => store.journal.read(id)));
  return rows.filter((row) => row?.state === 'received') as readonly JournalEntry[];
}

async function inJournal(
  store: Store,
  turns: readonly string[],
): Promise<readonly string[] | undefined> {
  const found = new Map<string, JournalEntry>();
  const asked = new Set(turns);
  for (const turn of asked) {
    let cursor: string | undefined;
    do {
      const page = await store.journal.list({
        ...{ state: 'received', fields: [turn], count: limits.backlogPageMax, bare: true },
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const row of page.entries) {
        found.set(row.id, row);
        for (const other of sharedTurns(row.fields)) asked.add(other);
      }
      if (found.size > limits.backlogLinedUpMax) return undefined;
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return [...found.values()].sort(byArrival).map(({ id }) => id);
}

function byArrival(a: JournalEntry, b: JournalEntry): number {
  return a.receivedAt.getTime() - b.receivedAt.getTime() || (a.id < b.id ? -1 : 1);
}
