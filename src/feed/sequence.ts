import { errorIssue, type Issue } from '../fhir/issue.ts';
import type { StateEntry, Store } from '../store/store.ts';
import { answersOf, type Answers } from './answer.ts';
import { isSettled, journalEntry, journalOnly, knownEntry, withOutcome } from './journal-entry.ts';
import type { Reading } from './reading.ts';

interface Counting {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
}

/**
 * The sequence number protocol (HL7 v2.5.1 chapter 2.10.1), for the messages of one sender, which take
 * turns. 0 asks which number is expected, -1 begins anew with whatever comes next; both are answered and
 * change no record. The expected number goes on to `work`, whose commit stores it; that number counts as
 * used whatever becomes of the content, so that one bad message does not stop the feed. Any other is
 * refused. MSA-4 echoes a number that was taken, and else says which is expected.
 */
export async function takeInSequence<Pipeline extends Counting>(
  pipeline: Pipeline,
  reading: Reading,
  work: (pipeline: Pipeline, reading: Reading) => Promise<Answers>,
): Promise<Answers> {
  const { store } = pipeline;
  const number = reading.sequenceNumber ?? Number.NaN;
  const entry = await store.state(keyOf(reading));
  const expected = expectedAfter(entry);
  const known = await knownEntry(store, reading);
  if (number === 0 || number === -1) {
    return control(pipeline, reading, { entry, expected: number === 0 ? expected : -1 });
  }
  const taken = { ...reading, msa4: number };
  if (isSettled(known)) return answersOf(taken, known);
  if (number === expected || (expected === -1 && number > 0)) {
    return work({ ...pipeline, store: counting(store, { reading, entry, number }) }, taken);
  }
  // Its number was used by itself: it is tried again.
  if (known !== undefined && number < expected) return work(pipeline, taken);
  const refused = { ...reading, msa4: expected };
  const now = pipeline.clock();
  const issues = [...reading.issues, faultOf(number, expected)];
  const before = journalEntry(refused, pipeline, known);
  const row = withOutcome(before, refused, { state: 'failed', issues, now });
  await store.commit(journalOnly(refused, row, now));
  return answersOf(refused, row);
}

/** Of a number's state entry: its successor; -1 for any, at the very first or after a new beginning. */
function expectedAfter(entry: StateEntry | undefined): number {
  const last = Number(entry?.value ?? -1);
  return last < 0 ? -1 : last + 1;
}

/** A message that is about the numbers alone; each time answered as it stands then. */
async function control(
  pipeline: Counting,
  reading: Reading,
  { entry, expected }: { readonly entry: StateEntry | undefined; readonly expected: number },
): Promise<Answers> {
  const { store, clock, newId } = pipeline;
  const now = clock();
  const answering = { ...reading, msa4: expected, issues: [] };
  const known = await knownEntry(store, reading);
  const before = journalEntry(answering, { newId }, known);
  const row = withOutcome(before, answering, { state: 'ignored', issues: [], now });
  const commit = journalOnly(answering, row, now);
  const isReset = reading.sequenceNumber === -1;
  const state = { key: keyOf(reading), value: '-1', expectRevision: entry?.revision ?? 0 };
  await store.commit(isReset ? { ...commit, state: [state] } : commit);
  return answersOf(answering, row);
}

/** The store, whose next commit also says that the number is used. */
function counting(
  store: Store,
  given: {
    readonly reading: Reading;
    readonly entry: StateEntry | undefined;
    readonly number: number;
  },
): Store {
  const { reading, entry, number } = given;
  const expectRevision = entry?.revision ?? 0;
  const used = { key: keyOf(reading), value: String(number), expectRevision };
  return {
    ...store,
    commit: (commit) => store.commit({ ...commit, state: [...(commit.state ?? []), used] }),
  };
}

function faultOf(number: number, expected: number): Issue {
  const where = { location: 'MSH-13' };
  if (Number.isNaN(number)) {
    return errorIssue(
      'required-field',
      'MSH-13 is no sequence number, which this feed asks for',
      where,
    );
  }
  const relation = number < expected ? 'was used before' : 'leaves a gap';
  const text = `Sequence number ${String(number)} ${relation}; ${String(expected)} is expected`;
  return errorIssue('sequence-number', text, where);
}

function keyOf({ source }: Reading): string {
  return `sequence|${source}`;
}
