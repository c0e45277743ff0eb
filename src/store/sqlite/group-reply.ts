import { stampBody } from '../stamp.ts';
import type { CommitResult, StoredVersion } from '../store.ts';
import type { GroupOutcome, WriteOutcome } from './group-writer.ts';
import { fromPlainError, toPlainError, type PlainError } from './plain-error.ts';
import type { PreparedChange, PreparedCommit, WriteAnswers, WriteRequest } from './prepared.ts';

/** What the writer's thread answers a group with. */
export interface GroupReply {
  readonly outcomes: readonly PlainOutcome[];
  /** Why the group as a whole was not written. */
  readonly fault?: PlainError;
  /** The newest version's position. */
  readonly position: number;
  /** Length of the write-ahead log that is not yet in the data file, where it was looked at. */
  readonly logBytes?: number;
}

type PlainOutcome =
  | { readonly refused: PlainError }
  | { readonly written: Written }
  | { readonly answer: WriteAnswers[Exclude<WriteRequest['kind'], 'commit'>] };

interface Written {
  readonly seq: number;
  readonly versions: readonly WrittenVersion[];
}

/** A body that was put is known to whoever asked: it does not travel back. */
type WrittenVersion = StoredVersion | Stamp;
interface Stamp {
  readonly stamped: true;
  readonly versionId: string;
  readonly method: StoredVersion['method'];
}

/** On the writer's thread. */
export function plainOutcomes(
  requests: readonly WriteRequest[],
  { outcomes }: GroupOutcome,
): PlainOutcome[] {
  return outcomes.map((outcome, at) => {
    if ('refused' in outcome) return { refused: toPlainError(outcome.refused) };
    const request = requests[at];
    if (request?.kind !== 'commit') return outcome as { answer: WriteAnswers['append'] };
    return { written: withoutBodies(request.commit, outcome.answer as CommitResult) };
  });
}

/** On the thread that asked, with what it asked. */
export function fullOutcomes(
  requests: readonly WriteRequest[],
  { outcomes }: GroupReply,
): WriteOutcome[] {
  return outcomes.map((outcome, at) => {
    if ('refused' in outcome) return { refused: fromPlainError(outcome.refused) };
    if ('answer' in outcome) return outcome;
    const request = requests[at];
    if (request?.kind !== 'commit') return { refused: new Error('The answer is another one') };
    return { answer: withBodies(request.commit, outcome.written) };
  });
}

function withoutBodies({ changes }: PreparedCommit, { seq, versions }: CommitResult): Written {
  return {
    seq,
    versions: versions.map((version, at) => {
      const isNew = changes[at]?.op === 'put' && version.changed;
      const { versionId, method } = version;
      return isNew ? { stamped: true, versionId, method } : version;
    }),
  };
}

function withBodies({ changes, now }: PreparedCommit, { seq, versions }: Written): CommitResult {
  return {
    seq,
    versions: versions.map((version, at) =>
      'stamped' in version ? stamped(changes[at], { version, now, seq }) : version,
    ),
  };
}

function stamped(
  change: PreparedChange | undefined,
  { version, now, seq }: { version: Stamp; now: Date; seq: number },
): StoredVersion {
  if (change?.op !== 'put') throw new Error('The answer is to another change');
  const { versionId, method } = version;
  const { type, id } = change;
  const body = stampBody(change.body, versionId, now);
  return {
    type,
    id,
    versionId,
    lastUpdated: now,
    seq,
    deleted: false,
    body,
    changed: true,
    method,
  };
}
