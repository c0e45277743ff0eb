import { createHash } from 'node:crypto';
import type { AuditRow } from './store.ts';

/** The previous hash of the first row: 64 zeros. */
export const chainStart = '0'.repeat(64);

/** What a row's hash covers. */
type UnhashedAuditRow = Omit<AuditRow, 'hash'>;

/**
 * The hash of one audit row: SHA-256, hex, over previousHash, seq, at (ISO 8601, UTC, milliseconds) and
 * event, each followed by a line feed. The event comes last and the fields before it hold no line feed,
 * so two different rows never give the same input.
 */
function auditHash(row: UnhashedAuditRow): string {
  return createHash('sha256')
    .update(`${row.previousHash}\n${row.seq}\n${row.at.toISOString()}\n${row.event}\n`)
    .digest('hex');
}

/** Appends one event after `head` (undefined: the chain is empty). Rows count 1, 2, 3 ... */
export function nextAuditRow(
  head: Pick<AuditRow, 'seq' | 'hash'> | undefined,
  at: Date,
  event: string,
): AuditRow {
  const row = { seq: (head?.seq ?? 0) + 1, at, event, previousHash: head?.hash ?? chainStart };
  return { ...row, hash: auditHash(row) };
}

/** Where a chain breaks: the number of the row and what is wrong with it. */
export interface ChainFault {
  readonly seq: number;
  readonly problem: 'gap' | 'previous-hash' | 'hash';
}

/**
 * Checks rows in order, beginning after `head` (undefined: from the start of the chain). Returns the
 * first fault, or undefined where every row stands as it was written. A cut-off end shows only against
 * a head that was kept elsewhere.
 */
export function verifyChain(rows: Iterable<AuditRow>, head?: AuditRow): ChainFault | undefined {
  let previous = head;
  for (const row of rows) {
    if (row.seq !== (previous?.seq ?? 0) + 1) return { seq: row.seq, problem: 'gap' };
    if (row.previousHash !== (previous?.hash ?? chainStart)) {
      return { seq: row.seq, problem: 'previous-hash' };
    }
    if (row.hash !== auditHash(row)) return { seq: row.seq, problem: 'hash' };
    previous = row;
  }
  return undefined;
}
