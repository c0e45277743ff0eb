import type { IssueCode } from './issue-table.ts';

/** What is wrong with a value, before its place is known. */
export interface Fault {
  readonly code: IssueCode;
  readonly diagnostics: string;
}

/** A JSON object whose members are not yet known. */
export type Members = Readonly<Record<string, unknown>>;
