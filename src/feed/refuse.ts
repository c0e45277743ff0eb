import { issueRow } from '../fhir/issue-table.ts';
import type { Issue } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import type { JournalChange, JournalEntry, Store } from '../store/store.ts';
import { answersOf, answersToFault, type Answers } from './answer.ts';
import { nextRetryAt } from './backlog.ts';
import { withWhatIsOwed, type Router } from './destination/router.ts';
import { issuesOf } from './fault.ts';
import { journalEntry, journalOnly, isSettled, knownEntry, withOutcome } from './journal-entry.ts';
import type { Log } from './log.ts';
import { withPolicy } from './policy.ts';
import type { Reading } from './reading.ts';

interface Answering {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
  readonly router?: Router;
}

/**
 * What went wrong besides the content. What sending again may cure is only answered, and where the sender was told that the
 * message is safe it is tried again by us, later and later; the rest is kept as failed.
 */
export async function answerFault(
  pipeline: Answering,
  reading: Reading,
  { error, accepted = false }: { readonly error: unknown; readonly accepted?: boolean },
): Promise<Answers> {
  const issues = issuesOf(error);
  const { feed, hash } = reading;
  pipeline.log.error({ err: error, feed: feed.name, hash }, 'A message was not processed');
  const retryable = issues.every(({ code }) => issueRow(code).retryable);
  return refuse(pipeline, reading, { issues, keep: !retryable, accepted });
}

/** Answers that the message was not taken, and keeps it as failed if `keep`. */
export async function refuse(
  { store, clock, newId, log, router }: Answering,
  reading: Reading,
  given: {
    readonly issues: readonly Issue[];
    readonly keep: boolean;
    /** It had its CA before. */
    readonly accepted?: boolean;
  },
): Promise<Answers> {
  const { issues, accepted = false } = given;
  const now = clock();
  const fresh = journalEntry(reading, { newId });
  let kept = false;
  try {
    const known = await knownEntry(store, reading);
    if (isSettled(known)) return answersOf(reading, known);
    const row = rowAfter(reading, known, { ...given, fresh, now });
    if (row !== undefined) {
      const planned = journalOnly(reading, row, now);
      // What is tried again has no outcome yet.
      const commit = row.state === 'received' ? planned : withWhatIsOwed(router, reading, planned);
      await store.commit(await withPolicy(store, commit, reading));
      if (commit !== planned) router?.onQueued();
      if (row.state !== 'received') return answersOf(reading, row);
      kept = true;
    }
  } catch (error) {
    log.error({ err: error, hash: reading.hash }, 'A refusal was not journaled');
  }
  if (!kept) reading.frame.onUnkept?.();
  return answersToFault(reading, fresh, { issues, now, accepted });
}

/** What the journal says from now on: accepted before, it is tried again or parked; else failed, if it is to be kept. */
function rowAfter(
  reading: Reading,
  known: JournalEntry | undefined,
  given: {
    readonly fresh: JournalEntry;
    readonly issues: readonly Issue[];
    readonly keep: boolean;
    readonly now: Date;
  },
): JournalChange | undefined {
  const { fresh, issues, keep, now } = given;
  const entry =
    known === undefined ? fresh : journalEntry(reading, { newId: () => fresh.id }, known);
  const row = known?.state === 'received' ? tried(reading, entry, { issues, now }) : undefined;
  if (row !== undefined || !keep) return row;
  return withOutcome(entry, reading, { state: 'failed', issues, now });
}

/** The row of an accepted message after one more try in vain; undefined where another cannot help. */
function tried(
  reading: Reading,
  entry: JournalChange,
  { issues, now }: { readonly issues: readonly Issue[]; readonly now: Date },
): JournalChange | undefined {
  const [first] = issues;
  if (first === undefined || !issues.every(({ code }) => issueRow(code).retryable))
    return undefined;
  if (entry.attempts >= limits.retryAttemptsMax) {
    return withOutcome(entry, reading, { state: 'parked', issues, now });
  }
  const lastError = `${first.code}: ${first.diagnostics}`;
  return { ...entry, lastError, nextRetryAt: nextRetryAt(entry.attempts, now) };
}
