import { issueRow } from '../fhir/issue-table.ts';
import type { Issue } from '../fhir/issue.ts';
import type { Store } from '../store/store.ts';
import { withWhatIsOwed, type Router } from './destination/router.ts';
import { answersOf, answersToFault, type Answers } from './answer.ts';
import { issuesOf } from './fault.ts';
import { journalEntry, journalOnly, isSettled, latestEntry, withOutcome } from './journal-entry.ts';
import type { Log } from './log.ts';
import type { Reading } from './reading.ts';

interface Answering {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
  readonly router?: Router;
}

/** What went wrong besides the content. What sending again may cure is only answered; the rest is kept as failed. */
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
  const { issues, keep, accepted = false } = given;
  const outcome = { state: 'failed', issues, now: clock() } as const;
  const fresh = journalEntry(reading, { newId });
  try {
    const latest = keep ? await latestEntry(store, reading) : undefined;
    const known = latest?.hash === reading.hash ? latest : undefined;
    if (isSettled(known)) return answersOf(reading, known);
    if (keep) {
      const entry = known === undefined ? fresh : journalEntry(reading, { newId }, known);
      const row = withOutcome(entry, reading, outcome);
      const commit = journalOnly(reading, row, outcome.now);
      await store.commit(withWhatIsOwed(router, reading, commit));
      return answersOf(reading, row);
    }
  } catch (error) {
    log.error({ err: error, hash: reading.hash }, 'A refusal was not journaled');
  }
  return answersToFault(reading, fresh, { issues, now: outcome.now, accepted });
}
