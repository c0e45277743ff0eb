import { issueRow } from '../fhir/issue-table.ts';
import type { Issue } from '../fhir/issue.ts';
import type { Store } from '../store/store.ts';
import { issuesOf } from './fault.ts';
import {
  journalEntry,
  journalOnly,
  latestEntry,
  settledAck,
  withOutcome,
} from './journal-entry.ts';
import type { Log } from './log.ts';
import type { Reading } from './reading.ts';

interface Answering {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
}

/** What went wrong besides the content. What sending again may cure is only answered; the rest is kept as failed. */
export async function answerFault(
  pipeline: Answering,
  reading: Reading,
  error: unknown,
): Promise<Uint8Array> {
  const issues = issuesOf(error);
  const { feed, hash } = reading;
  pipeline.log.error({ err: error, feed: feed.name, hash }, 'A message was not processed');
  const retryable = issues.every(({ code }) => issueRow(code).retryable);
  return refuse(pipeline, reading, { issues, keep: !retryable });
}

/** Answers AE or AR, and keeps the message as failed if `keep`. */
export async function refuse(
  { store, clock, newId, log }: Answering,
  reading: Reading,
  { issues, keep }: { readonly issues: readonly Issue[]; readonly keep: boolean },
): Promise<Uint8Array> {
  const outcome = { state: 'failed', issues, now: clock() } as const;
  const fresh = journalEntry(reading, { newId });
  try {
    const latest = keep ? await latestEntry(store, reading) : undefined;
    const known = latest?.hash === reading.hash ? latest : undefined;
    const earlierAck = settledAck(known);
    if (earlierAck !== undefined) return earlierAck;
    const entry = known === undefined ? fresh : journalEntry(reading, { newId }, known);
    if (keep) await store.commit(journalOnly(reading, entry, outcome));
  } catch (error) {
    log.error({ err: error, hash: reading.hash }, 'A refusal was not journaled');
  }
  return withOutcome(fresh, reading, outcome).ack ?? new Uint8Array();
}
