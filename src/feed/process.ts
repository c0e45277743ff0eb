import {
  CommitRefused,
  type Commit,
  type JournalChange,
  type JournalEntry,
  type Store,
} from '../store/store.ts';
import { errorIssue } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { planCommit } from './commit.ts';
import type { Feed } from './feed.ts';
import {
  isReused,
  journalEntry,
  journalOnly,
  latestEntry,
  settledAck,
  withOutcome,
} from './journal-entry.ts';
import type { Log } from './log.ts';
import type { MapMessage } from './map-message.ts';
import { KeyedOrder } from './order.ts';
import { isRefused, readFrame, type Frame, type Reading } from './reading.ts';
import { answerFault, refuse } from './refuse.ts';

export interface Pipeline {
  readonly store: Store;
  /** As they are now; a changed site gives others. */
  readonly feeds: () => readonly Feed[];
  readonly map: MapMessage;
  readonly clock: () => Date;
  /** Time-ordered and unique, [A-Za-z0-9-.]{1,64}: UUIDv7 does. */
  readonly newId: () => string;
  readonly log: Log;
}

export interface Processor {
  /** The way of one HL7 message. Resolves with the ACK; never rejects. */
  readonly onFrame: (frame: Frame) => Promise<Uint8Array>;
  /** Takes up what a stopped process had acknowledged and not yet processed. */
  readonly resume: () => Promise<void>;
  /** Resolves when everything taken so far is settled. */
  readonly idle: () => Promise<void>;
}

/**
 * ONE HL7 MESSAGE'S WAY: frame -> parse -> map -> take turns -> merge -> commit (with the journal) -> ack.
 *
 * No AA leaves before one durable commit holds the journal row, the resources, what the source said,
 * the identifiers, the Provenance and the tallies, all or none (I1, I2). Messages about one person
 * take turns in the order of arrival, others do not wait (I3). What cannot be taken is kept in the
 * journal with its reason and answered AE or AR; where even that cannot be written, the answer says so.
 */
export function createProcessor(pipeline: Pipeline): Processor {
  const order = new KeyedOrder(limits.messagesWaitingMax);
  const contested = new KeyedOrder(limits.messagesWaitingMax);
  const takeTurn = (reading: Reading): Promise<Uint8Array> =>
    order.run(reading.orderKeys, () => settle(pipeline, reading, contested));

  async function onFrame(frame: Frame): Promise<Uint8Array> {
    const reading = readFrame(frame, {
      feeds: pipeline.feeds(),
      map: pipeline.map,
      receivedAt: pipeline.clock(),
    });
    try {
      if (reading.feed.ackMode === 'committed' || isRefused(reading.issues)) {
        return await takeTurn(reading);
      }
      return await acknowledgeFirst(pipeline, reading, takeTurn);
    } catch (error) {
      return answerFault(pipeline, reading, error);
    }
  }

  async function resume(): Promise<void> {
    const { entries } = await pipeline.store.journal.list({
      state: 'received',
      count: limits.messagesWaitingMax,
    });
    for (const { bytes, peer, feed } of entries.toReversed()) {
      const given = { feeds: pipeline.feeds(), map: pipeline.map, receivedAt: pipeline.clock() };
      const reading = readFrame({ bytes, peer, feed }, given);
      await takeTurn(reading).catch((error: unknown) => answerFault(pipeline, reading, error));
    }
  }

  return { onFrame, resume, idle: () => order.idle() };
}

/** Ack mode `journaled`: AA as soon as the message is safe; what becomes of it is in the journal. */
async function acknowledgeFirst(
  pipeline: Pipeline,
  reading: Reading,
  takeTurn: (reading: Reading) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const row = { ...journalEntry(reading, pipeline), attempts: 0 };
  const entry = withOutcome(row, reading, {
    state: 'received',
    issues: [],
    now: pipeline.clock(),
  });
  const { existing } = await pipeline.store.journal.append(entry);
  if (existing !== undefined) return settledAck(existing) ?? (await takeTurn(reading));
  void takeTurn(reading).catch((error: unknown) => answerFault(pipeline, reading, error));
  return entry.ack ?? new Uint8Array();
}

/**
 * Processes a message whose turn it is, or finds that it was processed before. Messages about different
 * people may still meet in one place (a doctor, a tally, an order): who lost goes on alone, so that many
 * at once all come through.
 */
async function settle(
  pipeline: Pipeline,
  reading: Reading,
  contested: KeyedOrder,
): Promise<Uint8Array> {
  const first = await attempt(pipeline, reading, await latestEntry(pipeline.store, reading));
  if (first.ack !== undefined) return first.ack;
  return contested.run(['contested'], async () => {
    let { known } = first;
    for (let count = 2; count <= limits.commitAttemptsMax; count += 1) {
      const next = await attempt(pipeline, reading, known);
      if (next.ack !== undefined) return next.ack;
      known = next.known;
    }
    const text = 'Other writers kept changing the same resources; send it again';
    return refuse(pipeline, reading, { issues: [errorIssue('write-conflict', text)], keep: true });
  });
}

/** The answer, or what the journal knows of the message where another writer came first. */
type Attempt =
  | { readonly ack: Uint8Array }
  | { readonly ack?: undefined; readonly known: JournalEntry | undefined };

async function attempt(
  pipeline: Pipeline,
  reading: Reading,
  known: JournalEntry | undefined,
): Promise<Attempt> {
  const before = known?.hash === reading.hash ? known : undefined;
  const earlierAck = settledAck(before);
  if (earlierAck !== undefined) return { ack: earlierAck };
  const entry = journalEntry(reading, pipeline, before);
  const commit = await commitOf(pipeline, reading, { entry, reused: isReused(reading, known) });
  try {
    await pipeline.store.commit(commit);
    return { ack: commit.journal?.[0]?.ack ?? new Uint8Array() };
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    return { known: 'existing' in error.refusal ? error.refusal.existing : known };
  }
}

async function commitOf(
  pipeline: Pipeline,
  reading: Reading,
  given: { readonly entry: JournalChange; readonly reused: boolean },
): Promise<Commit> {
  const now = pipeline.clock();
  if (isRefused(reading.issues)) {
    const outcome = { state: 'failed', issues: reading.issues, now } as const;
    return journalOnly(reading, given.entry, outcome);
  }
  const plan = await planCommit(pipeline, reading, { ...given, now });
  if (!plan.faults) return plan.commit;
  return journalOnly(reading, given.entry, { state: 'parked', issues: plan.faults, now });
}
