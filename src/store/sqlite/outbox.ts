import { CommitRefused, type OutboxDone, type OutboxEvent, type StoredVersion } from '../store.ts';
import type { Statements } from './statements.ts';

interface Row {
  readonly pos: number;
  readonly origin: string;
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly method: StoredVersion['method'];
  readonly updated: number;
}

/** Versions whose consequences are still to be drawn; a row is its version's position and origin. */
export function openOutbox(statements: Statements) {
  const oldest = statements.rows<Row>(
    `SELECT o.pos, o.origin, v.seq, substr(n.text, 3) AS type, r.id, v.version, v.method, v.updated
     FROM outbox o JOIN version v ON v.pos = o.pos JOIN resource r ON r.rid = v.rid
     JOIN name n ON n.id = v.type WHERE o.pos > ? ORDER BY o.pos LIMIT ?`,
  );
  const remove = statements.write('DELETE FROM outbox WHERE pos = ?');
  return {
    apply(done: readonly OutboxDone[]): void {
      for (const [index, { position }] of done.entries()) {
        if (remove(position).changes === 0) throw new CommitRefused({ kind: 'outbox-done', index });
      }
    },
    pending: (limit: number, after = 0): OutboxEvent[] => oldest(after, limit).map(toEvent),
  };
}

function toEvent(row: Row): OutboxEvent {
  return {
    position: row.pos,
    seq: row.seq,
    type: row.type,
    id: row.id,
    versionId: String(row.version),
    method: row.method,
    origin: row.origin,
    at: new Date(row.updated),
  };
}
