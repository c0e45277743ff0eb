import { renderUnstamped, type UnstampedBody } from '../stamp.ts';
import type { Change, Commit, CommitResult, JournalEntry, LeasedJob } from '../store.ts';

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
    };

/** What a request is answered with. */
export interface WriteAnswers {
  readonly commit: CommitResult;
  readonly append: { readonly existing?: JournalEntry };
  readonly lease: readonly LeasedJob[];
}

/** Renders the bodies now, so that what the caller does to its resources later changes nothing. */
export function prepareCommit(commit: Commit): PreparedCommit {
  return { ...commit, changes: commit.changes.map(prepareChange) };
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
