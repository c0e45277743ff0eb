import { present } from '../hl7v2/present.ts';
import { limits } from '../limits.ts';
import type { JournalEntry, Store } from '../store/store.ts';

/**
 * Goes through what is journaled and not yet processed, in the order in which it came: oldest first, as many at
 * once as the store takes in one group. `take` takes a message’s turn when it is called, so that those about one
 * person keep their order.
 */
export async function takeUpReceived(
  store: Store,
  { before, take }: { readonly before?: Date | undefined; readonly take: Take },
): Promise<void> {
  const under = new Set<Promise<void>>();
  for (const id of await waitingIds(store, before)) {
    const entry = await store.journal.read(id);
    if (entry?.state !== 'received') continue;
    const turn = take(entry).finally(() => under.delete(turn));
    under.add(turn);
    if (under.size >= limits.commitGroupMax) await Promise.race(under);
  }
  await Promise.all(under);
}

/** Processes one message; never rejects. */
type Take = (entry: JournalEntry) => Promise<void>;

/** Oldest first. The journal lists the newest first, so that all have to be known before the first is taken. */
async function waitingIds(store: Store, before: Date | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.journal.list({
      state: 'received',
      count: limits.messagesWaitingMax,
      ...present({ cursor }),
    });
    const due = page.entries.filter((one) => before === undefined || one.receivedAt < before);
    ids.push(...due.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids.reverse();
}
