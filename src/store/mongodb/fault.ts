import {
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoSystemError,
  type MongoErrorLabel,
} from 'mongodb';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import type { IssueCode } from '../../fhir/issue-table.ts';
import { CommitRefused } from '../store.ts';

/**
 * Turns what the driver throws into what crosses rooms; other errors pass through. The server's own words are left
 * out, since they may quote documents: the log gets names and numbers.
 */
export function translateFault(error: unknown): Error {
  if (error instanceof OutcomeError || error instanceof CommitRefused) return error;
  if (!(error instanceof MongoError)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const row = faultRows.find(({ codes }) => codes.has(Number(error.code)));
  const { issue, text } = row ?? (isAway(error) ? away : otherFault);
  return new OutcomeError([errorIssue(issue, text, { internal: nameOf(error) })]);
}

/** Whether a transaction that failed before its commit may be tried again as a whole. */
export function isTransient(error: unknown): boolean {
  if (hasLabel(error, 'TransientTransactionError')) return true;
  const fault = error instanceof MongoError ? translateFault(error) : undefined;
  return fault instanceof OutcomeError && fault.issues[0].code === 'transient';
}

export function hasLabel(error: unknown, label: MongoErrorLabel): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}

/** The server cannot be reached, or is not the primary just now. */
function isAway(error: unknown): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  if (error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError') return true;
  return error instanceof MongoSystemError || hasLabel(error, 'RetryableWriteError');
}

function nameOf(error: MongoError): string {
  const named = error instanceof MongoServerError ? error.codeName : undefined;
  return [error.name, error.code, named].filter((part) => part !== undefined).join(' ');
}

interface FaultRow {
  readonly issue: IssueCode;
  readonly text: string;
}

const away: FaultRow = { issue: 'transient', text: 'The database does not answer; try again' };
const otherFault: FaultRow = { issue: 'exception', text: 'The database failed' };

const faultRows: readonly (FaultRow & { readonly codes: ReadonlySet<number> })[] = [
  {
    // OutOfDiskSpace; writes blocked by the operator or by quotas.
    codes: new Set([14_031, 371, 8_000]),
    issue: 'storage-full',
    text: 'The database cannot write: its disk is full or refuses writes',
  },
  {
    // LockTimeout, CursorNotFound, MaxTimeMSExpired, WriteConcernFailed, WriteConflict, QueryPlanKilled,
    // TransactionTooOld, SnapshotTooOld, SnapshotUnavailable, NoSuchTransaction, ExceededTimeLimit,
    // TransactionExceededLifetimeLimitSeconds, TemporarilyUnavailable, Interrupted (a session that another ended).
    codes: new Set([
      ...[24, 43, 50, 64, 112, 175, 225, 239, 246, 251, 262, 290, 365, 11_601],
      // A member that cannot be reached, or a primary that changes.
      ...[6, 7, 89, 91, 133, 189, 10_107, 11_600, 11_602, 13_435, 13_436],
    ]),
    issue: 'transient',
    text: 'The database is busy or changes its primary; try again',
  },
  {
    // BSONObjectTooLarge and older names of it; TransactionTooLarge.
    codes: new Set([10_334, 17_280, 17_419, 17_420, 335]),
    issue: 'limit',
    text: 'A document (16 MB) or a transaction is larger than the database takes',
  },
];
