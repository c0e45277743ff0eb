import { nextAuditRow } from '../audit-chain.ts';
import type { AuditRecord, AuditRow } from '../store.ts';
import type { Statements } from './statements.ts';

export interface AuditTableRow {
  readonly seq: number;
  readonly at: number;
  readonly event: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** The hash chain of audit rows. */
export function openAudit(statements: Statements) {
  const select = 'SELECT seq, at, event, previous_hash, hash FROM audit';
  const last = statements.row<AuditTableRow>(`${select} ORDER BY seq DESC LIMIT 1`);
  const after = statements.rows<AuditTableRow>(`${select} WHERE seq > ? ORDER BY seq LIMIT ?`);
  const insert = statements.write(
    'INSERT INTO audit (seq, at, event, previous_hash, hash) VALUES (?, ?, ?, ?, ?)',
  );
  const head = (): AuditRow | undefined => {
    const row = last();
    return row && toAuditRow(row);
  };
  return {
    head,
    apply(records: readonly AuditRecord[], now: Date): void {
      if (records.length === 0) return;
      let previous = head();
      for (const { event } of records) {
        previous = nextAuditRow(previous, now, event);
        const { seq, at, previousHash, hash } = previous;
        insert(seq, at.getTime(), event, previousHash, hash);
      }
    },
    rows: (seq: number, limit: number): AuditRow[] => after(seq, limit).map(toAuditRow),
  };
}

export function toAuditRow(row: AuditTableRow): AuditRow {
  const { seq, event, hash } = row;
  return { seq, at: new Date(row.at), event, previousHash: row.previous_hash, hash };
}
