import { limits } from '../limits.ts';
import type { JournalState, Store } from '../store/store.ts';

/** Messages that were not taken for the same reason. */
export interface DeadLetterGroup {
  readonly feed: string;
  readonly state: JournalState;
  /** Code and sentence, without the places in the message. */
  readonly reason: string;
  readonly messageType: string;
  readonly count: number;
  /** Arrival of the first and the last of them, instants. */
  readonly oldest: string;
  readonly newest: string;
  /** The newest of them. */
  readonly id: string;
}

export interface DeadLetters {
  /** Most frequent first. */
  readonly groups: readonly DeadLetterGroup[];
  /** Messages looked at, newest first. */
  readonly counted: number;
  /** Whether there are older ones that were not looked at. */
  readonly more: boolean;
}

const pageRows = 500;

/** What failed or is parked, grouped by why: what an analyst has to see to. */
export async function deadLetters(store: Store): Promise<DeadLetters> {
  const groups = new Map<string, DeadLetterGroup>();
  let counted = 0;
  let cursor: string | undefined;
  do {
    const page = await store.journal.list({
      ...{ state: ['failed', 'parked'], bare: true, count: pageRows },
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { id, feed, state, messageType, lastError, receivedAt } of page.entries) {
      const reason = reasonOf(lastError);
      const key = JSON.stringify([feed, state, messageType, reason]);
      const at = receivedAt.toISOString();
      const known = groups.get(key) ?? {
        feed,
        state,
        messageType,
        reason,
        id,
        newest: at,
        count: 0,
      };
      groups.set(key, { ...known, count: known.count + 1, oldest: at });
    }
    counted += page.entries.length;
    cursor = page.next;
  } while (cursor !== undefined && counted < limits.deadLettersMax);
  const sorted = [...groups.values()].sort((a, b) => b.count - a.count);
  return { groups: sorted, counted, more: cursor !== undefined };
}

/** `OBX[7]-5` of one message is `OBX[9]-5` of the next. */
function reasonOf(lastError = ''): string {
  return lastError.replace(/\[\d+\]/g, '');
}
