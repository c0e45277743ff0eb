import { statSync } from 'node:fs';
import { openConnection, openFault } from './connection.ts';
import { lockDataFile } from './lock.ts';
import { purgeTexts } from './purge.ts';

/**
 * Writes the data file anew, without the room that is free in it and the texts that nothing names. Refused while a
 * server has it.
 */
export function vacuumDataFile(options: { readonly file: string; readonly key?: string }): {
  bytesBefore: number;
  bytesAfter: number;
} {
  const { file } = options;
  const lock = lockDataFile(file);
  try {
    const db = openConnection(options);
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
      const bytesBefore = statSync(file).size;
      purgeTexts(db);
      db.exec('VACUUM');
      // A sample tells the planner enough.
      db.pragma('analysis_limit = 400');
      db.exec('ANALYZE');
      db.pragma('wal_checkpoint(TRUNCATE)');
      return { bytesBefore, bytesAfter: statSync(file).size };
    } finally {
      db.close();
    }
  } catch (error) {
    throw openFault(error, options);
  } finally {
    lock.release();
  }
}
