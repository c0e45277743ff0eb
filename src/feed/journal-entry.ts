import { isError } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/issue.ts';
import { present } from '../hl7v2/present.ts';
import { limits } from '../limits.ts';
import type { LossEntry, UnmappedCode } from '../mapping/result.ts';
import type { Commit, JournalChange, JournalEntry, JournalState, Store } from '../store/store.ts';
import { keptAnswer } from './answer.ts';
import type { MapMessage } from './map-message.ts';
import { indexedFields } from './message-fields.ts';
import type { Reading } from './reading.ts';
import { turnFields, withoutTurns } from './turn-field.ts';

/** How a message ended. */
export interface Outcome {
  readonly state: JournalState;
  /** All that was found; the errors are what the answer says. */
  readonly issues: readonly Issue[];
  readonly now: Date;
  /** `Type/id/_history/v`. */
  readonly written?: readonly string[];
  /** `Patient/id`. */
  readonly patient?: string | undefined;
}

/** What the journal keeps of a run beside its state: `JournalEntry.report`, as JSON. */
export interface MessageReport {
  /** Map and version; empty where none ran. */
  readonly map: string;
  /** What the bytes were read as. */
  readonly charset?: string;
  readonly loss: readonly LossEntry[];
  readonly unmapped: readonly UnmappedCode[];
  readonly issues: readonly Issue[];
}

/**
 * The row of a message before it has an outcome: a new one, or the one it already has, if nobody else has
 * settled it by then.
 */
export function journalEntry(
  reading: Reading,
  given: { readonly newId: () => string },
  before?: JournalEntry,
): JournalChange {
  const { frame, feed, receivedAt, controlId, messageType, hash } = reading;
  if (before !== undefined) {
    return { ...before, attempts: before.attempts + 1, expectAttempts: before.attempts };
  }
  return {
    id: given.newId(),
    feed: feed.name,
    peer: frame.peer,
    receivedAt,
    controlId,
    messageType,
    hash,
    bytes: frame.bytes,
    state: 'received',
    attempts: 1,
    fields: indexedFields(reading.message, feed),
  };
}

/** The row of a message that is kept before its turn: it says what it takes its turn for. */
export function waitingEntry(
  reading: Reading,
  given: { readonly newId: () => string; readonly map: MapMessage },
): JournalChange {
  const entry = journalEntry(reading, given);
  const fields = [...(entry.fields ?? []), ...turnFields(reading, given.map)];
  return { ...entry, fields, attempts: 0 };
}

/** The row with its outcome and its answer. An answer that was already given stands. */
export function withOutcome(
  entry: JournalChange,
  reading: Reading,
  outcome: Outcome,
): JournalChange {
  const first = outcome.issues.find(isError);
  const answer = isAnswered(entry)
    ? present({ ack: entry.ack, ackCode: entry.ackCode })
    : keptAnswer(reading, entry, outcome);
  const row = {
    ...withoutOutcome(entry),
    ...(entry.fields === undefined || outcome.state === 'received'
      ? {}
      : { fields: withoutTurns(entry.fields) }),
    state: outcome.state,
    report: JSON.stringify(reportOf(reading, outcome.issues)),
    ...(first === undefined ? {} : { lastError: `${first.code}: ${first.diagnostics}` }),
    ...(outcome.written === undefined ? {} : { written: outcome.written }),
    ...(outcome.patient === undefined ? {} : { patient: outcome.patient }),
  };
  return { ...row, ...answer };
}

/** The newest row of this control id; one without a control id is found by the commit alone. */
export async function latestEntry(
  store: Store,
  { controlId, feed }: Reading,
): Promise<JournalEntry | undefined> {
  if (controlId === '') return undefined;
  const rows = await store.journal.find(feed.name, controlId);
  if (rows.length < limits.journalFindMax) return rows.reduce(later, rows[0]);
  const { entries } = await store.journal.list({ feed: feed.name, controlId, count: 1 });
  return entries[0];
}

function later(a: JournalEntry | undefined, b: JournalEntry): JournalEntry {
  return a === undefined || b.receivedAt >= a.receivedAt ? b : a;
}

/** The row of these very bytes, also where its control id was used for others since. */
export async function knownEntry(
  store: Store,
  { controlId, feed, hash }: Reading,
): Promise<JournalEntry | undefined> {
  if (controlId === '') return undefined;
  return (await store.journal.find(feed.name, controlId)).find((entry) => entry.hash === hash);
}

/** Whether a row is settled for good: a resend gets its answers again and changes nothing (I2). */
export function isSettled(
  entry: JournalEntry | undefined,
): entry is JournalEntry & { readonly state: 'processed' | 'ignored' } {
  return entry?.state === 'processed' || entry?.state === 'ignored';
}

/** Whether the sender used this control id before for something else: to be told, never to be dropped. `known`: the newest of it. */
export async function isReused(
  store: Store,
  { frame, hash, feed, controlId }: Reading,
  known: JournalEntry | undefined,
): Promise<boolean> {
  if (known === undefined || controlId === '') return false;
  const isOther = (row: JournalEntry): boolean =>
    row.hash !== hash && sameSender(row.bytes, frame.bytes);
  if (known.hash !== hash) return isOther(known);
  // It was kept before its turn, or heard before: what came earlier counts.
  const rows = await store.journal.find(feed.name, controlId);
  return rows.some(
    (row) => row.receivedAt <= known.receivedAt && row.id < known.id && isOther(row),
  );
}

/** A commit that keeps the message with its outcome, and writes no resource. */
export function journalOnly(reading: Reading, row: JournalChange, now: Date): Commit {
  return { now, origin: `feed:${reading.feed.name}`, changes: [], journal: [row] };
}

/** Whether two frames name the same sender (MSH-3 and MSH-4), read without parsing them. */
function sameSender(a: Uint8Array, b: Uint8Array): boolean {
  return senderText(a) === senderText(b);
}

function senderText(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 512)).toString('latin1');
  const header = head.slice(Math.max(head.indexOf('MSH'), 0));
  return header.split(header.charAt(3)).slice(2, 4).join('\n');
}

/** Whether it is parked for the sake of an earlier one alone, and is taken up by itself when that is settled. */
export function isHeld({ state, lastError }: JournalEntry): boolean {
  return state === 'parked' && lastError?.startsWith('held: ') === true;
}

/** Whether the application's answer left before the outcome was known. */
function isAnswered(entry: JournalEntry): boolean {
  const { state, ackCode } = entry;
  if (isHeld(entry)) return ackCode === 'AA';
  return state === 'received' && ackCode?.startsWith('A') === true;
}

function withoutOutcome({
  lastError: _,
  nextRetryAt: _retry,
  ack: _ack,
  ackCode: _code,
  ...entry
}: JournalChange) {
  return entry;
}

function reportOf({ result, charset }: Reading, issues: readonly Issue[]): MessageReport {
  return {
    map: result?.map ?? '',
    charset,
    loss: result?.loss.slice(0, limits.reportRowsMax) ?? [],
    unmapped: result?.unmapped.slice(0, limits.reportRowsMax) ?? [],
    issues: issues.slice(0, limits.reportRowsMax).map(({ internal: _, ...issue }) => issue),
  };
}
