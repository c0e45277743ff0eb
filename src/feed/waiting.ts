import { limits } from '../limits.ts';
import { KeyedOrder } from '../ops/keyed-order.ts';
import type { JournalEntry, Store } from '../store/store.ts';
import { backlog } from './backlog.ts';
import type { Log } from './log.ts';
import type { Reading } from './reading.ts';
import type { TakeUp } from './take-up.ts';
import { saysTurns, sharedTurns, turnFields } from './turn-field.ts';

interface Taking {
  readonly store: Store;
  readonly clock: () => Date;
  readonly log: Log;
}

/**
 * What a stopped process had acknowledged and not yet processed. It is worked off behind what comes in, oldest
 * first; a new message about somebody of whom an older one still waits has that one put in line before itself (I3).
 */
export interface Waiting {
  /** From here on what the journal holds is worked off. Resolves when new messages may come. */
  readonly begin: () => Promise<void>;
  /** Goes on with it where a fault of the store broke it off. */
  readonly goOn: () => void;
  /** Leaves the rest to the next start. */
  readonly stop: () => void;
  /** Whether it is worked off. */
  readonly isDone: () => boolean;
  /** Takes the place of a new message in its line, behind all that is older. */
  readonly behind: <T>(reading: Pick<Reading, 'orderKeys'>, take: () => Promise<T>) => Promise<T>;
  /** Resolves when it is worked off, or broken off. */
  readonly idle: () => Promise<void>;
}

export function startWaiting({ store, clock, log }: Taking, takeUp: TakeUp): Waiting {
  /** New messages find their older ones here, in the order in which they came. */
  const gate = new KeyedOrder(limits.messagesWaitingMax);
  let isDone = true;
  let isStopped = false;
  let isWalking = false;
  let walk: Promise<void> = Promise.resolve();

  const takeUpAll = (rows: readonly JournalEntry[]) => takeUpDue(rows, clock(), takeUp);

  async function workOff(): Promise<void> {
    for await (const rows of backlog(store)) {
      if (isStopped) return;
      await takeUpAll(rows);
    }
    isDone = true;
  }

  function start(): void {
    isWalking = true;
    walk = workOff()
      .catch((err: unknown) => {
        log.error({ err }, 'What waits in the journal could not be worked off; it is tried again');
      })
      .finally(() => {
        isWalking = false;
      });
  }

  /** Puts what is older than a new message in line, with what is older than that. */
  async function lineUpBefore(reading: Pick<Reading, 'orderKeys'>): Promise<void> {
    const rows = await olderThan(store, sharedTurns(turnFields(reading)));
    if (rows === undefined) return walk;
    const read = await Promise.all(rows.map(({ id }) => store.journal.read(id)));
    const waiting = read.filter((row) => row?.state === 'received');
    // Each takes its place at once; when it is done is nothing to wait for here.
    void takeUpAll(waiting as readonly JournalEntry[]);
  }

  return {
    begin: async () => {
      isDone = false;
      for await (const rows of backlog(store)) {
        // Rows of an earlier program do not say what they take turns for: nothing new comes before they are done.
        if (rows.every(saysTurns)) break;
        await takeUpAll(rows);
      }
      start();
    },
    goOn: () => {
      if (!isDone && !isWalking) start();
    },
    stop: () => {
      isStopped = true;
    },
    isDone: () => isDone,
    behind: async (reading, take) => {
      if (isDone && gate.size === 0) return take();
      const placed = await gate.run(reading.orderKeys, async () => {
        if (!isDone) await lineUpBefore(reading);
        return { taken: take() };
      });
      return placed.taken;
    },
    idle: () => walk,
  };
}

async function takeUpDue(rows: readonly JournalEntry[], now: Date, takeUp: TakeUp): Promise<void> {
  const due = rows.filter(({ nextRetryAt }) => nextRetryAt === undefined || nextRetryAt <= now);
  // Side by side: those of one person take turns in this order.
  await Promise.all(due.map((row) => takeUp(row)));
}

/**
 * The rows that wait under one of these fields, and those that share another of theirs with them (a merge waits for two
 * people), oldest first. Undefined where there are too many to line up at once.
 */
async function olderThan(
  store: Store,
  fields: readonly string[],
): Promise<readonly JournalEntry[] | undefined> {
  const found = new Map<string, JournalEntry>();
  const asked = new Set(fields);
  for (const field of asked) {
    let cursor: string | undefined;
    do {
      const page = await store.journal.list({
        ...{ state: 'received', fields: [field], count: limits.backlogPageMax, bare: true },
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
  return [...found.values()].sort(byArrival);
}

function byArrival(a: JournalEntry, b: JournalEntry): number {
  return a.receivedAt.getTime() - b.receivedAt.getTime() || (a.id < b.id ? -1 : 1);
}
