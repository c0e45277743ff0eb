import { BSON } from 'mongodb';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { ReplayedCommit } from '../archive.ts';
import { renderUnstamped, type UnstampedBody } from '../stamp.ts';
import type {
  Change,
  Commit,
  CommitResult,
  JournalEntry,
  JournalRemoval,
  LeasedJob,
} from '../store.ts';
import { indexFields, type IndexFields } from './index-fields.ts';

/** A change with its body rendered and its index fields made. */
export type PreparedChange =
  | (Omit<Extract<Change, { op: 'put' }>, 'resource' | 'index'> & {
      readonly type: string;
      readonly id: string;
      readonly body: UnstampedBody;
      readonly fields: IndexFields;
    })
  | Extract<Change, { op: 'delete' }>
  | (Omit<Extract<Change, { op: 'index' }>, 'index'> & { readonly fields: IndexFields });

export type PreparedCommit = Omit<Commit, 'changes'> & {
  readonly changes: readonly PreparedChange[];
};

/** What is written, all or nothing each. */
export type WriteRequest =
  | { readonly kind: 'commit'; readonly commit: PreparedCommit }
  | { readonly kind: 'append'; readonly entry: JournalEntry }
  | {
      readonly kind: 'lease';
      readonly now: Date;
      readonly leaseMs: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'remove';
      /** Of the rows that were found for it. */
      readonly ids: readonly string[];
      readonly removal: JournalRemoval;
    }
  | { readonly kind: 'replay'; readonly commits: readonly PreparedReplay[] };

/** A commit with the numbers it has elsewhere (store/archive.ts). */
export type PreparedReplay = PreparedCommit & Pick<ReplayedCommit, 'seq' | 'position'>;

/** What a request is answered with. */
export interface WriteAnswers {
  readonly commit: CommitResult;
  readonly append: { readonly existing?: JournalEntry };
  readonly lease: readonly LeasedJob[];
  readonly remove: number;
  readonly replay: undefined;
}

export type WriteAnswer = WriteAnswers[WriteRequest['kind']];

/**
 * Renders bodies and index fields now, so that what the caller does to its objects later changes nothing, and refuses
 * what no document can hold, so that it does not fail its neighbours in the group.
 */
export function prepareCommit(commit: Commit): PreparedCommit {
  refuseLongTexts(commit);
  return { ...commit, changes: commit.changes.map(prepareChange) };
}

export function prepareReplay(commit: ReplayedCommit): PreparedReplay {
  refuseLongTexts(commit);
  const changes = commit.changes.map((change): PreparedChange => {
    if (change.op === 'delete') return change;
    const { index, ...rest } = change;
    return { ...rest, fields: boundedFields(change.type, index) };
  });
  return { ...commit, changes };
}

function refuseLongTexts(commit: Omit<Commit, 'changes'>): void {
  for (const { value } of commit.state ?? []) refuseTooLong(value, 'A state entry');
  for (const job of commit.jobs ?? []) {
    if (job.op === 'put') refuseTooLong(job.job.payload, 'A job');
  }
  for (const { event } of commit.audit ?? []) refuseTooLong(event, 'An audit event');
  for (const { report } of commit.journal ?? []) refuseTooLong(report, 'The report of a message');
}

function prepareChange(change: Change): PreparedChange {
  if (change.op === 'delete') return change;
  if (change.op === 'index') {
    const { index, ...rest } = change;
    return { ...rest, fields: boundedFields(change.type, index) };
  }
  const { resource, index, ...rest } = change;
  const { resourceType: type, id } = resource;
  return { ...rest, type, id, body: renderUnstamped(resource), fields: boundedFields(type, index) };
}

/** Entries below this number are never too many for one document. */
const fewEntries = 1_000;

function boundedFields(type: string, index: Parameters<typeof indexFields>[1]): IndexFields {
  const fields = indexFields(type, index);
  if (index.length < fewEntries) return fields;
  if (BSON.calculateObjectSize(fields) <= limits.mongoDocumentBytes) return fields;
  return fail('limit', `A ${type} has more searchable values than one document holds`);
}

function refuseTooLong(text: string | undefined, what: string): void {
  if (text === undefined || text.length * 3 <= limits.mongoDocumentBytes) return;
  if (Buffer.byteLength(text) <= limits.mongoDocumentBytes) return;
  fail('limit', `${what} is longer than one document (mongoDocumentBytes)`);
}

/** The commits that a request is made of. */
export function commitsOf(request: WriteRequest): readonly PreparedCommit[] {
  if (request.kind === 'commit') return [request.commit];
  return request.kind === 'replay' ? request.commits : [];
}

/** Roughly the bytes that a request writes: bounds a group. */
export function weightOf(request: WriteRequest): number {
  if (request.kind === 'lease' || request.kind === 'remove') return 0;
  if (request.kind === 'append') return request.entry.bytes.byteLength;
  return commitsOf(request).reduce((sum, commit) => sum + commitWeight(commit), 0);
}

function commitWeight({ changes, sources = [], journal = [] }: PreparedCommit): number {
  return (
    changes.reduce((sum, change) => sum + changeWeight(change), 0) +
    sources.reduce((sum, { view }) => sum + view.length, 0) +
    journal.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  );
}

function changeWeight(change: PreparedChange): number {
  const keys = change.op === 'delete' ? 0 : change.fields.keys.length * 64;
  return keys + (change.op === 'put' ? change.body.head.length + change.body.tail.length : 512);
}
