import { setTimeout as pause } from 'node:timers/promises';
import {
  CommitRefused,
  type Commit,
  type JournalChange,
  type JournalEntry,
} from '../store/store.ts';
import { errorIssue, fail } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import { limits } from '../limits.ts';
import { answersOf, type Answers } from './answer.ts';
import { answering } from './answering.ts';
import { planCommit } from './commit.ts';
import type { FeedStop } from './feed-stop.ts';
import { startStops, whileStopped } from './feed-resume.ts';
import { parkUnfinished, takeFragment, withEarlier } from './fragment.ts';
import {
  isHeld,
  isReused,
  isSettled,
  journalEntry,
  journalOnly,
  latestEntry,
  withOutcome,
} from './journal-entry.ts';
import { finishAll, finishOf } from './effect/repoint-run.ts';
import { withWhatIsOwed } from './destination/router.ts';
import { Kin } from './kin.ts';
import { Line } from './line.ts';
import type { Doing } from './doing.ts';
import { KeyedOrder } from '../ops/keyed-order.ts';
import { Precedence } from '../ops/precedence.ts';
import { aheadOf, heldBy } from './person-queue.ts';
import type { OnFrame, Pipeline, TakeTurn } from './pipeline.ts';
import { withPolicy } from './policy.ts';
import { startQueues } from './queue-release.ts';
import { takeInSequence } from './sequence.ts';
import { completed, isRefused, type Reading } from './reading.ts';
import { refuse } from './refuse.ts';
import { isAwaited, takingUp } from './take-up.ts';
import { startWaiting } from './waiting.ts';

export interface Processor {
  readonly onFrame: OnFrame;
  /** Takes up what a stopped process had acknowledged and not yet processed; resolves when new messages may come. */
  readonly resume: () => Promise<void>;
  /** Takes up what waits since a passing fault, and parks what waits too long for its continuation; to be called now and then. */
  readonly sweep: (stopping?: AbortSignal) => Promise<void>;
  /** Lets a feed that a failed message stopped go on; undefined where it was not stopped. */
  readonly resumeFeed: (feed: string, doing: Doing) => Promise<FeedStop | undefined>;
  /** To be called when an operator settled a journal row: what waited behind it is taken up. */
  readonly settled: (rowId: string) => Promise<void>;
  /** Does something with a message when it is its turn among those about the same people. */
  readonly inTurn: <T>(reading: Reading, work: () => Promise<T>) => Promise<T>;
  /** Resolves when everything taken so far is settled, what waited at the start too. */
  readonly idle: () => Promise<void>;
  /** Leaves what still waits to the next start, and settles the rest. */
  readonly close: () => Promise<void>;
}

type InTurn = <T>(
  reading: Reading,
  inTurn: (reading: Reading, begins: () => void) => Promise<T>,
) => Promise<T>;

/**
 * ONE HL7 MESSAGE'S WAY: frame -> parse -> map -> take turns -> merge -> commit (with the journal) -> ack. Where the feed
 * is `journaled`: frame -> parse -> journal -> ack, and the rest when the line comes to it (line.ts).
 *
 * No AA leaves before one durable commit holds the journal row, the resources, what the source said,
 * the identifiers, the Provenance and the tallies, all or none (I1, I2). Messages about one person
 * take turns in the order of arrival, others do not wait (I3). What cannot be taken is kept in the
 * journal with its reason and answered AE or AR; where even that cannot be written, the answer says so.
 * Whether a message that fails holds up others is the policy of its feed (policy.ts).
 */
export function createProcessor(pipeline: Pipeline): Processor {
  const kin = new Kin();
  const precedence = new Precedence({
    restOfStep: limits.backlogRestOfStep,
    restMsMax: limits.backlogRestMsMax,
    stepMs: limits.backlogStepMs,
    quietMs: limits.backlogQuietMs,
  });
  const unhurried = { ...pipeline, breath: () => precedence.step() };
  const { order, take } = takingTurns({ pipeline, unhurried }, kin);
  const takeTurn: TakeTurn = async (reading, turn) => {
    const answers = await take(reading, turn);
    if (reading.feed.onFailure === 'park-patient') queues.wake();
    return answers;
  };
  const takeUp = takingUp(unhurried, takeTurn);
  const line = new Line({ ...pipeline, precedence }, takeUp);
  const waiting = startWaiting({ ...pipeline, line });
  /** Somebody waits for the message: until it is its turn, those in front of it do not rest. */
  const behind: InTurn = async (reading, inTurn) => {
    const begins = precedence.hurry();
    return waiting.behind(reading, (whole) => inTurn(whole, begins)).finally(begins);
  };
  const takeNew: TakeTurn = (reading) =>
    behind(reading, (whole, begins) => takeTurn(whole, { begins }));
  const queues = startQueues(pipeline, takeUp);
  const stops = startStops(pipeline, { order, takeUp });
  const onFrame = answering(pipeline, { takeTurn: takeNew, line });

  async function idle(): Promise<void> {
    await line.idle();
    for (const work of [order, queues, stops, order]) await work.idle();
  }

  return {
    onFrame: (frame, accepted) => precedence.awaited(() => onFrame(frame, accepted)),
    inTurn: (reading, work) =>
      behind(reading, (whole, begins) =>
        order.run(kin.turnsOf(whole), () => {
          begins();
          return work();
        }),
      ),
    resumeFeed: stops.resume,
    settled: queues.settled,
    sweep: async (stopping) => {
      await endUnfinished(pipeline);
      line.goOn();
      const before = new Date(pipeline.clock().getTime() - limits.sweepMs);
      // A walk meets them all.
      if (line.isComplete) await line.sweep(before, stopping);
      queues.wake();
    },
    resume: async () => {
      await endUnfinished(pipeline);
      await queues.mend();
      await stops.mend();
      await waiting.begin();
      void line.idle().then(queues.wake);
    },
    idle,
    close: () => {
      line.stop();
      return idle();
    },
  };
}

/** Of messages whose continuation does not come, and of merges. */
async function endUnfinished(pipeline: Pipeline): Promise<void> {
  await parkUnfinished(pipeline);
  await finishAll(pipeline);
}

/** Processes messages in the order of arrival per person, and per sender or feed where that is asked for. */
function takingTurns(
  { pipeline, unhurried }: { readonly pipeline: Pipeline; readonly unhurried: Pipeline },
  kin: Kin,
): {
  readonly order: KeyedOrder;
  readonly take: TakeTurn;
} {
  const order = new KeyedOrder(limits.messagesWaitingMax);
  const contested = new KeyedOrder(limits.messagesWaitingMax);

  async function takeWhole(within: Pipeline, reading: Reading): Promise<Answers> {
    if (reading.continuation === undefined || isRefused(reading.issues)) {
      return settle(within, reading, { contested, kin });
    }
    const taken = await whenNobodyElse(() => takeFragment(within, reading));
    if (taken.answers !== undefined) return taken.answers;
    const whole = completed(reading, taken, within);
    return order.run(kin.turnsOf(whole), () => settle(within, whole, { contested, kin }));
  }

  const take: TakeTurn = (reading, { passing = false, begins } = {}) =>
    order.run(kin.turnsOf(reading), async () => {
      begins?.();
      const stopped = passing ? undefined : await whileStopped(pipeline, reading);
      if (stopped !== undefined) return stopped;
      const within = isAwaited(reading) ? pipeline : unhurried;
      if (reading.sequenceNumber === undefined) return takeWhole(within, reading);
      return whenNobodyElse(() => takeInSequence(pipeline, reading, takeWhole));
    });
  return { order, take };
}

/** Works it out anew where another process changed meanwhile what it goes by. */
export async function whenNobodyElse<T>(work: () => Promise<T>): Promise<T> {
  for (let count = 1; count <= limits.commitAttemptsMax; count += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
    }
  }
  return fail('write-conflict', 'Others kept writing what the message is about; send it again');
}

/**
 * Processes a message whose turn it is, or finds that it was processed before. Messages about different
 * people may still meet in one place (a doctor, a tally, an order): who lost goes on alone, so that many
 * at once all come through.
 */
async function settle(
  pipeline: Pipeline,
  reading: Reading,
  { contested, kin }: { readonly contested: KeyedOrder; readonly kin: Kin },
): Promise<Answers> {
  await pipeline.breath?.();
  const known = await latestEntry(pipeline.store, reading);
  const first = await attempt(pipeline, reading, { known, kin });
  if (first.answers !== undefined) return first.answers;
  return contested.run(['contested'], async () => {
    let { known } = first;
    // Others wait behind it.
    const hurried = { ...pipeline, breath: undefined };
    for (let count = 2; count <= limits.contestedAttemptsMax; count += 1) {
      await pause(pauseMs(reading, count));
      const next = await attempt(hurried, reading, { known, kin });
      if (next.answers !== undefined) return next.answers;
      known = next.known;
    }
    const text = 'Other writers kept changing the same resources; send it again';
    return refuse(pipeline, reading, { issues: [errorIssue('write-conflict', text)], keep: true });
  });
}

/**
 * Longer from one attempt to the next, and of another length for each message: other processes have their own, and would
 * meet again and again where all begin anew at once.
 */
function pauseMs({ hash }: Reading, count: number): number {
  const share = parseInt(hash.slice((count % 8) * 2, (count % 8) * 2 + 2), 16) / 256;
  return Math.min(count * 4, limits.contestedPauseMs) * (Number.isNaN(share) ? 1 : share);
}

/** The answers, or what the journal knows of the message where another writer came first. */
type Attempt =
  | { readonly answers: Answers }
  | { readonly answers?: undefined; readonly known: JournalEntry | undefined };

async function attempt(
  pipeline: Pipeline,
  reading: Reading,
  { known, kin }: { readonly known: JournalEntry | undefined; readonly kin: Kin },
): Promise<Attempt> {
  const before = known?.hash === reading.hash ? known : undefined;
  if (isSettled(before)) return { answers: answersOf(reading, before) };
  const entry = journalEntry(reading, pipeline, before);
  const ahead = await aheadInQueue(pipeline, reading, entry);
  if (ahead !== undefined && before !== undefined && isHeld(before)) {
    return { answers: answersOf(reading, before) };
  }
  const reused = await isReused(pipeline.store, reading, known);
  const planned = await commitOf(pipeline, reading, { entry, reused, ahead });
  const commit = withWhatIsOwed(pipeline.router, reading, planned);
  await pipeline.breath?.();
  try {
    await pipeline.store.commit(
      await withPolicy(pipeline.store, withEarlier(commit, reading), reading),
    );
    if (commit !== planned) pipeline.router?.onQueued();
    kin.learn(commit.claims);
    await finishOf(pipeline, commit);
    return { answers: answersOf(reading, commit.journal?.[0] ?? entry) };
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    return { known: 'existing' in error.refusal ? error.refusal.existing : known };
  }
}

async function commitOf(
  pipeline: Pipeline,
  reading: Reading,
  given: {
    readonly entry: JournalChange;
    readonly reused: boolean;
    /** The journal row that it waits for. */
    readonly ahead: string | undefined;
  },
): Promise<Commit> {
  const now = pipeline.clock();
  if (given.ahead !== undefined) {
    const issues = [...reading.issues.filter((issue) => !isError(issue)), heldBy(given.ahead)];
    const held = { state: 'parked', issues, now } as const;
    return journalOnly(reading, withOutcome(given.entry, reading, held), now);
  }
  if (isRefused(reading.issues)) {
    const outcome = { state: 'failed', issues: reading.issues, now } as const;
    return journalOnly(reading, withOutcome(given.entry, reading, outcome), now);
  }
  if (reading.feed.passOnly === true) {
    const outcome = { state: 'ignored', issues: reading.issues, now } as const;
    return journalOnly(reading, withOutcome(given.entry, reading, outcome), now);
  }
  const plan = await planCommit(pipeline, reading, { ...given, now });
  if (!plan.faults) return plan.commit;
  // A fault of our map is for the analyst, a merge that cannot be for whoever knows the people; of what the message lacks its
  // sender has heard.
  const state = plan.faults.some(({ code }) => ours.has(code)) ? 'parked' : 'failed';
  const outcome = { state, issues: plan.faults, now } as const;
  const row = withOutcome(given.entry, reading, outcome);
  return { ...journalOnly(reading, row, now), ...plan.review };
}

const ours: ReadonlySet<string> = new Set(['mapping-fault', 'merge-refused']);

/** The row that it must wait for, where its feed keeps the order of a person's messages also past one that fails. */
async function aheadInQueue(
  { store }: Pipeline,
  reading: Reading,
  { id }: JournalEntry,
): Promise<string | undefined> {
  return reading.feed.onFailure === 'park-patient' ? aheadOf(store, reading, id) : undefined;
}
