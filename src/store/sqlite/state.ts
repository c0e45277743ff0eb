import { CommitRefused, type StateChange, type StateEntry } from '../store.ts';
import { prefixEnd } from '../order.ts';
import { limits } from '../../limits.ts';
import type { Statements } from './statements.ts';

/** Small documents by key. A revision is the seq of the commit that wrote it, so none is ever used twice. */
export function openState(statements: Statements) {
  const select = 'SELECT key, value, revision FROM state';
  const read = statements.row<StateEntry>(`${select} WHERE key = ?`);
  const from = statements.rows<StateEntry>(`${select} WHERE key >= ? ORDER BY key LIMIT ?`);
  const between = statements.rows<StateEntry>(
    `${select} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
  );
  const put = statements.write(
    `INSERT INTO state (key, value, revision) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, revision = excluded.revision`,
  );
  const remove = statements.write('DELETE FROM state WHERE key = ?');
  return {
    apply(changes: readonly StateChange[], seq: number): void {
      for (const [index, change] of changes.entries()) {
        const current = read(change.key);
        const { expectRevision } = change;
        if (expectRevision !== undefined && expectRevision !== (current?.revision ?? 0)) {
          throw new CommitRefused({ kind: 'state', index, current });
        }
        if (change.value === undefined) remove(change.key);
        else put(change.key, change.value, seq);
      }
    },
    read: (key: string): StateEntry | undefined => read(key),
    list(prefix: string): StateEntry[] {
      const end = prefixEnd(prefix);
      return end === undefined
        ? from(prefix, limits.statePageMax)
        : between(prefix, end, limits.statePageMax);
    },
  };
}
