import { fail } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { accessText } from '../security/audit-event.ts';
import { CommitRefused, type AuditRecord, type StateChange, type Store } from '../store/store.ts';
import { answersOf, type Answers } from './answer.ts';
import { backlog } from './backlog.ts';
import type { Feed } from './feed.ts';
import { resumingFeed, startedFeed, stopOf, stoppedIssue, type FeedStop } from './feed-stop.ts';
import { knownEntry } from './journal-entry.ts';
import type { Log } from './log.ts';
import type { Doing } from './doing.ts';
import type { KeyedOrder } from '../ops/keyed-order.ts';
import type { Reading } from './reading.ts';
import { refuse } from './refuse.ts';
import type { TakeUp } from './take-up.ts';

interface Stopping {
  readonly store: Store;
  readonly feeds: () => readonly Feed[];
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
}

/**
 * What a sender hears where the feed is stopped, undefined where it runs: a message that is safe in the journal
 * waits there and its answer stands, any other is not taken.
 */
export async function whileStopped(
  pipeline: Stopping,
  reading: Reading,
): Promise<Answers | undefined> {
  if (reading.feed.onFailure !== 'stop-feed') return undefined;
  const stopped = await stopOf(pipeline.store, reading.feed);
  if (stopped === undefined) return undefined;
  const known = await knownEntry(pipeline.store, reading);
  if (known?.state === 'received' || known?.state === 'processed') return answersOf(reading, known);
  return refuse(pipeline, reading, {
    issues: [stoppedIssue(reading.feed, stopped.stop)],
    keep: false,
  });
}

export interface Stops {
  /** The audit event of who does it is in the commit that says so. */
  readonly resume: (feed: string, doing: Doing) => Promise<FeedStop | undefined>;
  /** Goes on with what a stopped process was told to resume. */
  readonly mend: () => Promise<void>;
  readonly idle: () => Promise<void>;
}

/** Lets feeds go on that a message stopped: first, in order, what came meanwhile, and then what comes. */
export function startStops(
  { store, feeds, clock, log }: Stopping,
  given: { readonly order: KeyedOrder; readonly takeUp: TakeUp },
): Stops {
  const running = new Set<Promise<void>>();
  const changed = (state: StateChange) => change({ store, clock }, state);

  /** One after another, until it stops anew; gives the rows that it looked at. */
  async function drain(name: string): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    for await (const rows of backlog(store, { feed: name })) {
      for (const row of rows) {
        if ((await stopOf(store, { name }))?.stop.resuming !== true) return seen;
        await given.takeUp(row, { passing: true });
        seen.add(row.id);
      }
    }
    return seen;
  }

  async function goOn(name: string): Promise<void> {
    for (let started = false; !started;) {
      const seen = await drain(name);
      // In the feed's own turn, so that nothing comes between the last look and the start.
      started = await given.order.run([`feed|${name}`], async () => {
        const stopped = await stopOf(store, { name });
        if (stopped?.stop.resuming !== true) return true;
        const { entries } = await store.journal.list({
          feed: name,
          state: 'received',
          count: limits.backlogPageMax,
        });
        return entries.every(({ id }) => seen.has(id)) && changed(startedFeed(stopped.entry));
      });
    }
  }

  function begin(name: string): void {
    const work = goOn(name)
      .catch((err: unknown) => log.error({ err, feed: name }, 'A feed could not be resumed'))
      .finally(() => running.delete(work));
    running.add(work);
  }

  return {
    resume: async (name, doing) => {
      for (let count = 0; count < limits.commitAttemptsMax; count += 1) {
        const stopped = await stopOf(store, { name });
        if (stopped === undefined) return undefined;
        const audit = [resumed(name, { doing, at: clock() })];
        const state = resumingFeed(stopped.entry, stopped.stop);
        if (!(await change({ store, clock }, state, audit))) continue;
        begin(name);
        return stopped.stop;
      }
      return fail('write-conflict', 'The feed kept moving; try again');
    },
    mend: async () => {
      for (const { name } of feeds()) {
        if ((await stopOf(store, { name }))?.stop.resuming === true) begin(name);
      }
    },
    idle: async () => {
      await Promise.all(running);
    },
  };
}

function resumed(
  feed: string,
  { doing, at }: { readonly doing: Doing; readonly at: Date },
): AuditRecord {
  const { principal, requestId, reason } = doing;
  return {
    event: accessText({
      ...{ at, principal, requestId, interaction: 'operation', status: 200 },
      ...{ resources: [], patients: [], query: `api/feeds/${feed}/resume` },
      ...(reason === undefined ? {} : { reason }),
    }),
  };
}

/** Whether the entry was as expected. */
async function change(
  { store, clock }: Pick<Stopping, 'store' | 'clock'>,
  state: StateChange,
  audit: readonly AuditRecord[] = [],
): Promise<boolean> {
  try {
    await store.commit({ now: clock(), origin: 'feed', changes: [], state: [state], audit });
    return true;
  } catch (error) {
    if (error instanceof CommitRefused) return false;
    throw error;
  }
}
