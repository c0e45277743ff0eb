import Database from 'better-sqlite3-multiple-ciphers';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import type { IssueCode } from '../../fhir/issue-table.ts';

/** The SQLite error code, or undefined for an error of another kind. */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code : undefined;
}

/** Turns what SQLite throws into what crosses rooms; other errors pass through. */
export function translateFault(error: unknown): Error {
  const code = sqliteCode(error);
  if (code === undefined) return error instanceof Error ? error : new Error(String(error));
  const row = faultRows.find(({ pattern }) => pattern.test(code)) ?? otherFault;
  const issue = errorIssue(row.issue, row.text, { internal: code });
  return new OutcomeError([issue], { cause: error });
}

interface FaultRow {
  readonly pattern: RegExp;
  readonly issue: IssueCode;
  readonly text: string;
}

const faultRows: readonly FaultRow[] = [
  {
    pattern: /^SQLITE_(FULL|READONLY|CANTOPEN|IOERR_(WRITE|FSYNC|DIR_FSYNC|TRUNCATE|SHM))/,
    issue: 'storage-full',
    text: 'The store cannot write: the disk is full or refuses writes',
  },
  {
    pattern: /^SQLITE_(BUSY|LOCKED)/,
    issue: 'transient',
    text: 'The store is busy; try again',
  },
  {
    pattern: /^SQLITE_(CORRUPT|NOTADB)/,
    issue: 'exception',
    text: 'The data file is damaged; stop the server and restore a backup',
  },
];

const otherFault: FaultRow = { pattern: /./, issue: 'exception', text: 'The store failed' };
