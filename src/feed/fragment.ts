import type { Message } from '../hl7v2/message.ts';
import { decodeFrame } from '../hl7v2/charset.ts';
import { joinFragments } from '../hl7v2/continuation.ts';
import { parseMessage } from '../hl7v2/parse.ts';
import { errorIssue, type Issue } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { logicalId } from '../record/identity.ts';
import type { Commit, JournalChange, JournalEntry, StateEntry, Store } from '../store/store.ts';
import { answersOf, type Answers } from './answer.ts';
import { isSettled, journalEntry, journalOnly, knownEntry, withOutcome } from './journal-entry.ts';
import type { Log } from './log.ts';
import type { Earlier, Reading } from './reading.ts';

/** What waits under a continuation pointer: the state entry `fragment|...`, as JSON. */
interface Waiting {
  /** Journal rows, in their order. */
  readonly rows: readonly string[];
  readonly byteCount: number;
  /** Arrival of the first, as an instant. */
  readonly since: string;
}

interface Keeping {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
}

const prefix = 'fragment|';

/** Either an answer (kept, or refused), or the whole message that this fragment is the end of. */
export type Taken =
  | { readonly answers: Answers }
  | { readonly answers?: undefined; readonly whole: Message; readonly earlier: Earlier };

/**
 * A message that goes on in another (HL7 v2.5.1 chapter 2.10.2): kept as `received` and answered, until the one
 * without DSC comes; that one is given back as the whole. What follows nothing, or passes a bound, is parked.
 * The caller lets one sender's fragments take turns.
 */
export async function takeFragment(pipeline: Keeping, reading: Reading): Promise<Taken> {
  const { store } = pipeline;
  const { follows = '', next = '' } = reading.continuation ?? {};
  const known = await knownEntry(store, reading);
  if (known && isTaken(known, next)) return { answers: answersOf(reading, known) };
  const entry = journalEntry(reading, pipeline, known);
  const before = follows === '' ? undefined : await store.state(keyOf(reading, follows));
  const waiting = waitingOf(before);
  const fault = faultOf(reading, waiting);
  if (fault !== undefined) return park(pipeline, reading, { entry, fault, before });
  if (next === '' && before) return whole(store, reading, before);
  const kept = {
    rows: [...waiting.rows, entry.id],
    byteCount: waiting.byteCount + reading.frame.bytes.length,
    since: waiting.since || reading.receivedAt.toISOString(),
  };
  return { answers: await keep(pipeline, reading, { entry, kept, before }) };
}

/** Whether it came before: it waits, or is settled. */
function isTaken(known: JournalEntry, next: string): boolean {
  return isSettled(known) || (known.state === 'received' && next !== '');
}

function waitingOf(entry: StateEntry | undefined): Waiting {
  if (entry === undefined) return { rows: [], byteCount: 0, since: '' };
  return JSON.parse(entry.value) as Waiting;
}

/** Why a fragment cannot be joined to what waits. */
function faultOf(
  { continuation, frame }: Reading,
  { rows, byteCount }: Waiting,
): Issue | undefined {
  if (continuation?.follows !== '' && rows.length === 0) {
    const text = 'MSH-14 names no message that waits to be continued';
    return errorIssue('continuation', text, { location: 'MSH-14' });
  }
  const tooMany = rows.length >= limits.fragmentsMax;
  if (!tooMany && byteCount + frame.bytes.length <= limits.frameBytesMax) return undefined;
  const bounds = `fragmentsMax (${String(limits.fragmentsMax)}) or frameBytesMax`;
  return errorIssue('limit', `The fragments of this message pass ${bounds}`);
}

/** The commit of a whole message, with its earlier fragments in the same state. */
export function withEarlier(commit: Commit, { earlier }: Reading): Commit {
  const [last] = commit.journal ?? [];
  if (earlier === undefined || last === undefined) return commit;
  const { state, lastError, report } = last;
  const rows = earlier.rows.map((row): JournalChange => ({
    ...row,
    state,
    attempts: row.attempts + 1,
    expectAttempts: row.attempts,
    ...(lastError === undefined ? {} : { lastError }),
    ...(report === undefined ? {} : { report }),
  }));
  return {
    ...commit,
    journal: [last, ...rows],
    state: [
      ...(commit.state ?? []),
      { key: earlier.entry.key, expectRevision: earlier.entry.revision },
    ],
  };
}

/** Parks what waits for a continuation for too long, and says so. */
export async function parkUnfinished({ store, clock, log }: Keeping): Promise<void> {
  const now = clock();
  for (const entry of await store.states(prefix)) {
    const { since } = waitingOf(entry);
    if (now.getTime() - Date.parse(since) < limits.fragmentWaitMs) continue;
    const parked = await unfinished(store, entry);
    log.warn({ count: parked.length, since }, 'A message was not continued; what came is parked');
    // Whoever was faster has settled it.
    await store
      .commit({
        now,
        origin: 'feed',
        changes: [],
        journal: parked,
        state: [{ key: entry.key, expectRevision: entry.revision }],
      })
      .catch((error: unknown) => log.warn({ err: error }, 'Fragments were not parked'));
  }
}

async function keep(
  { store, clock }: Keeping,
  reading: Reading,
  given: {
    readonly entry: JournalChange;
    readonly kept: Waiting;
    readonly before: StateEntry | undefined;
  },
): Promise<Answers> {
  const { entry, kept, before } = given;
  const now = clock();
  const key = keyOf(reading, reading.continuation?.next ?? '');
  const row = withOutcome(fresh(entry), reading, {
    state: 'received',
    issues: reading.issues,
    now,
  });
  const used = key === before?.key ? undefined : await store.state(key);
  await store.commit({
    ...journalOnly(reading, row, now),
    journal: [row, ...(used === undefined ? [] : await unfinished(store, used))],
    state: [
      ...(before === undefined || before.key === key
        ? []
        : [{ key: before.key, expectRevision: before.revision }]),
      {
        key,
        value: JSON.stringify(kept),
        expectRevision: (key === before?.key ? before : used)?.revision ?? 0,
      },
    ],
  });
  return answersOf(reading, row);
}

/** A row of an earlier try is as good as new. */
function fresh({ ack: _ack, ackCode: _code, ...entry }: JournalChange): JournalChange {
  return { ...entry, state: 'received' };
}

async function whole(store: Store, reading: Reading, entry: StateEntry): Promise<Taken> {
  const rows = await rowsOf(store, entry);
  const override = reading.feed.charset === undefined ? {} : { override: reading.feed.charset };
  const frames = [...rows.map(({ bytes }) => bytes), reading.frame.bytes];
  const texts = frames.map((bytes) => decodeFrame(bytes, override).text);
  const { message } = parseMessage(joinFragments(texts), { charset: reading.charset });
  if (message === undefined) throw new Error('Fragments that were read do not make a message');
  return { whole: message, earlier: { rows, entry } };
}

async function park(
  { store, clock }: Keeping,
  reading: Reading,
  given: {
    readonly entry: JournalChange;
    readonly fault: Issue;
    readonly before?: StateEntry | undefined;
  },
): Promise<Taken> {
  const { entry, fault, before } = given;
  const now = clock();
  const issues = [...reading.issues, fault];
  const row = withOutcome(entry, reading, { state: 'parked', issues, now });
  const commit = journalOnly(reading, row, now);
  if (before === undefined) await store.commit(commit);
  else {
    const earlier = await unfinished(store, before);
    const state = [{ key: before.key, expectRevision: before.revision }];
    await store.commit({ ...commit, journal: [row, ...earlier], state });
  }
  return { answers: answersOf(reading, row) };
}

/** The rows that wait under an entry, parked with their reason. */
async function unfinished(store: Store, entry: StateEntry): Promise<readonly JournalChange[]> {
  const { code, diagnostics } = errorIssue('continuation', 'The message was not continued');
  return (await rowsOf(store, entry)).map((row) => ({
    ...row,
    state: 'parked',
    attempts: row.attempts + 1,
    expectAttempts: row.attempts,
    lastError: `${code}: ${diagnostics}`,
  }));
}

async function rowsOf(store: Store, entry: StateEntry): Promise<readonly JournalEntry[]> {
  const { rows } = waitingOf(entry);
  const read = await Promise.all(rows.map((id) => store.journal.read(id)));
  return read.filter((row) => row !== undefined);
}

function keyOf({ feed, source }: Reading, pointer: string): string {
  return `${prefix}${logicalId('fragment', feed.name, `${source}|${pointer}`)}`;
}
