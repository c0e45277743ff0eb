import type Database from 'better-sqlite3-multiple-ciphers';
import { columnsOf, indexTables } from './index-table.ts';

/**
 * Removes dictionary texts that nothing names any more: parameters without rows, systems and shapes of composites that
 * no row has. Types stay, versions name them. It reads whole index tables, and is for a file that nobody else has
 * open: who has remembers ids. Sorted walks that began before are refused from then on. Gives how many were removed.
 */
export function purgeTexts(db: Database): number {
  let removed = 0;
  const purge = db.transaction(() => {
    // What was replaced may name what is removed.
    db.exec(`DELETE FROM replaced;
      INSERT INTO counter SELECT 'walks', value FROM counter WHERE name = 'pos'
        ON CONFLICT DO UPDATE SET value = excluded.value;`);
    const { changes } = db
      .prepare(`DELETE FROM name WHERE text NOT LIKE 't:%' AND id NOT IN (${usedIds})`)
      .run();
    removed = changes;
  });
  purge.immediate();
  return removed;
}

const idColumns = ['system', 'kinds'];

/** The ids that index rows name; of composites every whole number, some of which are ids. */
const usedIds = [
  ...indexTables.flatMap((table) =>
    ['param', ...columnsOf(table).filter((name) => idColumns.includes(name))].map(
      (column) => `SELECT ${column} FROM ix_${table}`,
    ),
  ),
  `SELECT j.value FROM ix_composite x CROSS JOIN json_each(x.rest) j WHERE j.type = 'integer'`,
].join(' UNION ');
