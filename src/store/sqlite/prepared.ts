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

/** A change with its body rendered. Plain data: it may be handed to a writer on another thread. */
export type PreparedChange =
  | (Omit<Extract<Change, { op: 'put' }>, 'resource'> & {
      readonly type: string;
      readonly id: string;
      readonly body: UnstampedBody;
    })
  | Extract<Change, { op: 'delete' | 'index' }>;

export type PreparedCommit = Omit<Commit, 'changes'> & {
  readonly changes: readonly PreparedChange[];
};

/** What is written, one savepoint each. */
export type WriteRequest =
  | { readonly kind: 'commit'; readonly commit: PreparedCommit }
  | { readonly kind: 'append'; readonly entry: JournalEntry }
  | {
      readonly kind: 'lease';
      readonly now: Date;
      readonly leaseMs: number;
      readonly limit: number;
      /** Unique: each lease is this and a number. */
      readonly token: string;
    }
  | {
      readonly kind: 'remove';
      /** Of the rows that were found for it. */
      readonly rows: readonly number[];
      readonly removal: JournalRemoval;
    }
  | { readonly kind: 'replay'; readonly commits: readonly ReplayedCommit[] };

/** What a request is answered with. */
export interface WriteAnswers {
  readonly commit: CommitResult;
  readonly append: { readonly existing?: JournalEntry };
  readonly lease: readonly LeasedJob[];
  readonly remove: number;
  readonly replay: undefined;
}

/** Renders and copies now, so that what the caller does to its resources and bytes later changes nothing. */
export function prepareCommit(commit: Commit): PreparedCommit {
  return ownBytes({ ...commit, changes: commit.changes.map(prepareChange) });
}

export function ownBytes<Written extends Pick<Commit, 'journal'>>(commit: Written): Written {
  const { journal } = commit;
  return journal === undefined ? commit : { ...commit, journal: journal.map(prepareEntry) };
}

/** With bytes of its own: a frame is mostly a small part of what a socket read, and would travel with all of it. */
export function prepareEntry<Entry extends JournalEntry>(entry: Entry): Entry {
  const { bytes, ack } = entry;
  return {
    ...entry,
    bytes: Uint8Array.from(bytes),
    ...(ack === undefined ? {} : { ack: Uint8Array.from(ack) }),
  };
}

/** From here on handing bytes over is cheaper than copying them once more. */
const handOverBytesMin = 64 * 1024;

/** The large byte arrays of requests, to be handed over. */
export function largeBuffers(requests: readonly WriteRequest[]): ArrayBuffer[] {
  return requests.flatMap(entriesOf).flatMap(({ bytes: { buffer, byteLength } }) => {
    return byteLength >= handOverBytesMin && buffer instanceof ArrayBuffer ? [buffer] : [];
  });
}

function entriesOf(request: WriteRequest): readonly JournalEntry[] {
  switch (request.kind) {
    case 'commit':
      return request.commit.journal ?? [];
    case 'append':
      return [request.entry];
    case 'replay':
      return request.commits.flatMap(({ journal = [] }) => journal);
    case 'lease':
    case 'remove':
      return [];
  }
}

function prepareChange(change: Change): PreparedChange {
  if (change.op !== 'put') return change;
  const { resource, ...rest } = change;
  return {
    ...rest,
    type: resource.resourceType,
    id: resource.id,
    body: renderUnstamped(resource),
  };
}
