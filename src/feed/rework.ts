import { differences, type ElementDifference } from '../fhir/difference.ts';
import { fail, type Issue } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { auditEvent } from '../security/audit-event.ts';
import { systemAudit } from '../security/write-audit.ts';
import {
  CommitRefused,
  type Change,
  type Commit,
  type JournalChange,
  type JournalEntry,
} from '../store/store.ts';
import type { Doing } from './doing.ts';
import { planCommit } from './commit.ts';
import { withWhatIsPassed } from './destination/router.ts';
import { finishOf, repointPrefix } from './effect/repoint-run.ts';
import { isSettled, journalEntry, journalOnly, withOutcome } from './journal-entry.ts';
import { indexedFields } from './message-fields.ts';
import { supersededBy, withNote, type Note } from './note.ts';
import type { Pipeline } from './pipeline.ts';
import { whenNobodyElse, type Processor } from './process.ts';
import { isRefused, readFrame, type Reading } from './reading.ts';
import { withReviewsSettled } from './settled-review.ts';
import { unmappedPrefix } from './worklist.ts';

/** What became of a message that was processed once more. */
export interface Replayed {
  readonly entry: JournalEntry;
  /** Whether any resource is another than before. */
  readonly changed: boolean;
  /** Why it was not taken; the message stands as it did. */
  readonly refused?: string;
}

/** What processing it now would change, against what is stored. */
export interface Shadow {
  readonly resources: readonly {
    /** `Patient/1`. */
    readonly reference: string;
    readonly isNew: boolean;
    readonly differences: readonly ElementDifference[];
  }[];
  /** Why it would not be taken. */
  readonly refused?: string;
}

/**
 * WORK ON MESSAGES: what people do with a message of the journal, each in its turn among those about the same people,
 * as one commit with its audit event. What may not be done is told as `message-state`.
 */
export interface Rework {
  /** Processes one that was not taken, with the maps of now. */
  readonly retry: (entry: JournalEntry, doing: Doing) => Promise<JournalEntry>;
  /** Processes one that was taken once more: what it says, as the maps have it now, is merged as ever. */
  readonly replay: (entry: JournalEntry, doing: Doing) => Promise<Replayed>;
  /** What a replay would do; writes nothing. */
  readonly shadow: (entry: JournalEntry) => Promise<Shadow>;
  /** Puts another message in its place; gives that. The original keeps its bytes and answer. */
  readonly edit: (entry: JournalEntry, bytes: Uint8Array, doing: Doing) => Promise<JournalEntry>;
  /** Sets one aside for good. */
  readonly skip: (entry: JournalEntry, doing: Doing) => Promise<JournalEntry>;
}

export function createRework(
  pipeline: Pipeline,
  { inTurn, settled }: Pick<Processor, 'inTurn' | 'settled'>,
): Rework {
  const again = (entry: JournalEntry, bytes = entry.bytes, peer = entry.peer): Reading => {
    const given = { feeds: pipeline.feeds(), map: pipeline.map, receivedAt: entry.receivedAt };
    const { result, ...reading } = readFrame({ bytes, peer, feed: entry.feed }, given);
    return result === undefined ? reading : { ...reading, result };
  };
  const present = async ({ id }: JournalEntry): Promise<JournalEntry> =>
    (await pipeline.store.journal.read(id)) ?? fail('not-found', 'There is no such message');
  const during = <T>(reading: Reading, work: () => Promise<T>): Promise<T> =>
    inTurn(reading, () => whenNobodyElse(work));

  /** What waits behind the message is taken up (person-queue.ts), unless it failed again. */
  const releasing = async (entry: JournalEntry, made: JournalEntry): Promise<JournalEntry> => {
    if (made.id !== entry.id || isSettled(made)) await settled(entry.id);
    return made;
  };

  return {
    retry: async (entry, doing) => {
      const reading = again(entry);
      const made = await during(reading, async () => {
        const row = await present(entry);
        refuseRetry(row, reading);
        return retried(pipeline, reading, { row, doing });
      });
      return releasing(entry, made);
    },
    replay: (entry, doing) => {
      const reading = again(entry);
      return during(reading, async () => {
        const row = await present(entry);
        if (row.state !== 'processed') fail('message-state', stands(row, 'retry it instead'));
        return replayed(pipeline, reading, { row, doing });
      });
    },
    shadow: (entry) => shadowOf(pipeline, again(entry), entry),
    edit: async (entry, bytes, doing) => {
      const reading = again(entry, bytes, `edit:${entry.id}`);
      const original = again(entry);
      const keys = [...new Set([...reading.orderKeys, ...original.orderKeys])];
      const made = await during({ ...reading, orderKeys: keys }, async () => {
        const row = await present(entry);
        refuseEdit(row, reading);
        return edited(pipeline, { reading, original }, { row, doing });
      });
      return releasing(entry, made);
    },
    skip: async (entry, doing) => {
      const reading = again(entry);
      const made = await during(reading, async () => {
        const row = await present(entry);
        if (row.state !== 'failed' && row.state !== 'parked') {
          fail('message-state', stands(row, 'only one that failed or is parked is skipped'));
        }
        return skipped(pipeline, reading, { row, doing });
      });
      return releasing(entry, made);
    },
  };
}

/** A row that is worked on, and by whom. */
interface Work {
  readonly row: JournalEntry;
  readonly doing: Doing;
}

function stands({ state }: JournalEntry, instead: string): string {
  return `The message is ${state}; ${instead}`;
}

function refuseRetry(row: JournalEntry, { continuation }: Reading): void {
  if (row.state === 'processed') {
    fail('message-state', stands(row, 'replay it to process it once more'));
  }
  if (row.state === 'received') {
    fail('message-state', stands(row, 'it is taken up by itself, or when its continuation comes'));
  }
  refuseSuperseded(row);
  if (continuation !== undefined) {
    const text = 'The message is a part of another; its sender has to send all parts again';
    fail('message-state', text);
  }
}

function refuseSuperseded(row: JournalEntry): void {
  const other = supersededBy(row);
  if (other !== undefined) {
    fail('message-state', `Message ${other} took its place; work on that one`);
  }
}

function refuseEdit(row: JournalEntry, { hash, continuation }: Reading): void {
  refuseSuperseded(row);
  if (row.state === 'received') {
    fail('message-state', stands(row, 'wait until it failed or was processed'));
  }
  if (hash === row.hash) fail('value', 'Nothing is changed; retry the message instead');
  if (continuation !== undefined) {
    fail('value', 'What takes its place has to be whole: without DSC and MSH-14');
  }
}

async function retried(pipeline: Pipeline, reading: Reading, work: Work): Promise<JournalEntry> {
  const now = pipeline.clock();
  const entry = worked(work, reading, noteOf(work, 'retry', now));
  const commit = await outcomeOf(pipeline, reading, { entry, now, refusedAs: 'failed' });
  const whole = withWhatIsPassed(pipeline.router, reading, commit);
  return written(pipeline, whole, { ...work, now, action: 'retry' });
}

async function replayed(pipeline: Pipeline, reading: Reading, work: Work): Promise<Replayed> {
  const now = pipeline.clock();
  const note = noteOf(work, 'replay', now);
  const fresh = worked(work, reading, note);
  const commit = await outcomeOf(pipeline, reading, { entry: fresh, now, refusedAs: 'failed' });
  const [row = fresh] = commit.journal ?? [];
  const { ack, ackCode, written: before = [] } = work.row;
  const given = { ...work, now, action: 'replay' } as const;
  if (row.state !== 'processed') {
    const refused = row.lastError ?? '';
    const kept = {
      ...work.row,
      ...locked(work.row),
      notes: withNote(work.row, { ...note, refused }),
    };
    const entry = await written(pipeline, journalOnly(reading, kept, now), given);
    return { entry, changed: false, refused };
  }
  const kept: JournalChange = {
    ...withoutAnswer(row),
    ...(ack === undefined ? {} : { ack }),
    ...(ackCode === undefined ? {} : { ackCode }),
    written: [...new Set([...before, ...(row.written ?? [])])],
  };
  // A code that has no row was counted when the message came; what it said last, it said then.
  const state = (commit.state ?? []).filter(({ key }) => key.startsWith(repointPrefix));
  const once = { ...commit, journal: [kept], state };
  return {
    entry: await written(pipeline, once, given),
    changed: (row.written ?? []).length > 0,
  };
}

async function edited(
  pipeline: Pipeline,
  { reading, original: replaced }: { readonly reading: Reading; readonly original: Reading },
  work: Work,
): Promise<JournalEntry> {
  const { row, doing } = work;
  const now = pipeline.clock();
  const note = { ...noteOf(work, 'edited', now), message: row.id };
  const fresh = { ...journalEntry(reading, pipeline), receivedAt: now, notes: withNote({}, note) };
  const outcome = await outcomeOf(pipeline, reading, { entry: fresh, now, refusedAs: 'parked' });
  const commit = withWhatIsPassed(pipeline.router, reading, outcome);
  const [entry = fresh] = commit.journal ?? [];
  const original: JournalChange = {
    ...row,
    ...locked(row),
    state: isSettled(row) ? row.state : 'ignored',
    notes: withNote(row, { ...noteOf(work, 'edit', now), message: entry.id }),
  };
  try {
    const both = { ...commit, journal: [entry, original] };
    // Refused again it asks the same.
    const whole = isSettled(entry)
      ? await withReviewsOf(pipeline, both, { row, reading: replaced, now })
      : both;
    return await written(pipeline, whole, { row, doing, now, action: 'edit' });
  } catch (error) {
    if (!(error instanceof CommitRefused) || error.refusal.kind !== 'journal-duplicate')
      throw error;
    const { id } = error.refusal.existing;
    return fail('value', `This is message ${id} to the byte; work on that one`);
  }
}

async function skipped(pipeline: Pipeline, reading: Reading, work: Work): Promise<JournalEntry> {
  const { row } = work;
  const now = pipeline.clock();
  const notes = withNote(row, noteOf(work, 'skip', now));
  const entry: JournalChange = { ...row, ...locked(row), state: 'ignored', notes };
  const commit = { now, origin: `feed:${row.feed}`, changes: [], journal: [entry] };
  const whole = await withReviewsOf(pipeline, commit, { row, reading, now });
  return written(pipeline, whole, { ...work, now, action: 'skip' });
}

/** What the row had asked a human is not asked any more, once it is set aside or another takes its place. */
async function withReviewsOf(
  { store }: Pipeline,
  commit: Commit,
  { row, reading, now }: { row: JournalEntry; reading: Reading; now: Date },
): Promise<Commit> {
  const given = { result: reading.result, now, only: row.id };
  const changes = await withReviewsSettled(store, commit.changes, given);
  const reviews = changes.filter((change) => !commit.changes.includes(change));
  const audit = systemAudit({ now, origin: commit.origin, requestId: row.id, changes: reviews });
  return { ...commit, changes, audit: [...(commit.audit ?? []), ...audit] };
}

/** The row is brought up to date only as it was read. */
function locked({ attempts }: JournalEntry) {
  return { attempts: attempts + 1, expectAttempts: attempts };
}

function worked({ row }: Work, { message, feed }: Reading, note: Note): JournalChange {
  // Found by what its feed is found by now.
  const fields = indexedFields(message, feed);
  return { ...withoutRetry(row), ...locked(row), fields, notes: withNote(row, note) };
}

function noteOf({ row, doing }: Work, action: Note['action'], now: Date): Note {
  const { reason, principal } = doing;
  const { state: was, lastError: error } = row;
  return {
    ...{ at: now.toISOString(), by: principal.id, action },
    ...(reason === undefined ? {} : { reason }),
    ...(action === 'edited' ? {} : { was }),
    ...(action === 'edited' || error === undefined ? {} : { error }),
  };
}

/** The commit of its way through the maps of now. */
async function outcomeOf(
  pipeline: Pipeline,
  reading: Reading,
  given: {
    readonly entry: JournalChange;
    readonly now: Date;
    /** What a message is that cannot be read. */
    readonly refusedAs: 'failed' | 'parked';
  },
): Promise<Commit> {
  const { entry, now, refusedAs } = given;
  const ended = (state: 'failed' | 'parked', issues: readonly Issue[]): Commit =>
    journalOnly(reading, withOutcome(entry, reading, { state, issues, now }), now);
  if (isRefused(reading.issues)) return ended(refusedAs, reading.issues);
  const plan = await planCommit(pipeline, reading, { entry, now, reused: false });
  if (plan.faults) return { ...ended('parked', plan.faults), ...plan.review };
  const { state = [], ...commit } = plan.commit;
  // How recently a source spoke is not told by a message of long ago.
  return {
    ...commit,
    state: state.filter(({ key }) =>
      [unmappedPrefix, repointPrefix].some((one) => key.startsWith(one)),
    ),
  };
}

/** Commits with the audit event of who did it. */
async function written(
  pipeline: Pick<Pipeline, 'store' | 'clock' | 'log'>,
  commit: Commit,
  given: Work & { readonly now: Date; readonly action: string },
): Promise<JournalEntry> {
  const { row, doing, now, action } = given;
  const { principal, requestId, reason } = doing;
  const [entry = row]: readonly JournalChange[] = commit.journal ?? [];
  const patients = [row.patient, entry.patient].flatMap((patient) => patient ?? []);
  const event = auditEvent({
    ...{ at: now, interaction: 'operation', principal, requestId, resources: [], status: 200 },
    patients: [...new Set(patients)],
    query: `api/messages/${row.id}/${action}`,
    ...(reason === undefined ? {} : { reason }),
  });
  await pipeline.store.commit({
    ...commit,
    audit: [...(commit.audit ?? []), { event: JSON.stringify(event) }],
  });
  await finishOf(pipeline, commit);
  return withoutExpectation(entry);
}

function withoutRetry({ nextRetryAt: _, ...row }: JournalEntry): JournalEntry {
  return row;
}

function withoutExpectation({ expectAttempts: _, ...entry }: JournalChange): JournalEntry {
  return entry;
}

function withoutAnswer({ ack: _ack, ackCode: _code, ...row }: JournalChange): JournalChange {
  return row;
}

/** What follows from other resources is no difference of the message. */
const consequences = new Set(['Provenance', 'Task']);

async function shadowOf(pipeline: Pipeline, reading: Reading, row: JournalEntry): Promise<Shadow> {
  const refusal = reading.issues.find(isError);
  if (refusal !== undefined) return { resources: [], refused: textOf(refusal) };
  const now = pipeline.clock();
  const plan = await planCommit(pipeline, reading, { entry: row, now, reused: false });
  if (plan.faults) return { resources: [], refused: textOf(plan.faults[0]) };
  const resources = await Promise.all(
    plan.commit.changes.map((change) => differenceOf(pipeline, change)),
  );
  return { resources: resources.flatMap((each) => each ?? []) };
}

async function differenceOf(
  { store }: Pipeline,
  change: Change,
): Promise<Shadow['resources'][number] | undefined> {
  if (change.op !== 'put' || consequences.has(change.resource.resourceType)) return undefined;
  const { resourceType: type, id } = change.resource;
  const stored = await store.read(type, id);
  const isNew = stored === undefined || stored.deleted;
  const before = isNew ? {} : contentOf(JSON.parse(stored.body) as Resource);
  const found = differences(before, contentOf(change.resource), limits.runDifferencesMax);
  if (found.length === 0) return undefined;
  return { reference: `${type}/${id}`, isNew, differences: found };
}

function contentOf({ meta: _, ...content }: Resource): object {
  return content;
}

function textOf({ code, diagnostics }: Issue): string {
  return `${code}: ${diagnostics}`;
}
