import type { SortValue } from '../fhir/search-match.ts';
import { fail } from '../fhir/issue.ts';

/** Where a search walk stands. */
export interface SearchCursor {
  /** What the walk sees: the newest commit or version when it began, as the store counts. */
  readonly snapshot: number;
  /** Sort values of the last row returned; one per sort key. */
  readonly values: readonly SortValue[];
  /** Creation order of the last row returned: the last tie-break. */
  readonly ordinal: number;
  /** The count at the snapshot, where the first page asked for it. */
  readonly total: number | null;
}

/** Where a history walk stands: the position of the last row returned. */
interface ListCursor {
  readonly before: number;
  readonly total: number;
}

/** Cursors are opaque text to everyone else; rest/ signs what it hands out. */
export function writeSearchCursor(cursor: SearchCursor): string {
  return encode([cursor.snapshot, cursor.ordinal, cursor.total, ...cursor.values]);
}

export function readSearchCursor(text: string, sortKeys: number): SearchCursor {
  const [snapshot, ordinal, total, ...values] = decode(text);
  if (!isCount(snapshot) || !isCount(ordinal) || values.length !== sortKeys) refuse();
  if (total !== null && !isCount(total)) refuse();
  return { snapshot, ordinal, total, values };
}

export function writeListCursor(cursor: ListCursor): string {
  return encode([cursor.before, cursor.total]);
}

export function readListCursor(text: string): ListCursor {
  const [before, total, ...rest] = decode(text);
  if (!isCount(before) || !isCount(total) || rest.length > 0) refuse();
  return { before, total };
}

/** Where a walk through the journal stands: the last row returned, by arrival and number. */
interface JournalCursor {
  readonly at: number;
  readonly row: number;
}

export function writeJournalCursor({ at, row }: JournalCursor): string {
  return encode([at, row]);
}

export function readJournalCursor(text: string): JournalCursor {
  const [at, row, ...rest] = decode(text);
  if (!isCount(at) || !isCount(row) || rest.length > 0) refuse();
  return { at, row };
}

function encode(parts: readonly SortValue[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decode(text: string): SortValue[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    refuse();
  }
  if (!Array.isArray(parts) || !parts.every(isSortValue)) refuse();
  return parts;
}

function isSortValue(value: unknown): value is SortValue {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

function isCount(value: SortValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function refuse(): never {
  fail('cursor-invalid', 'The page cursor is not one that this store made');
}
