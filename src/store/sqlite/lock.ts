import Database from 'better-sqlite3-multiple-ciphers';
import { StoreOpenError } from '../open-error.ts';
import { sqliteCode } from './fault.ts';

/**
 * Takes the data file for this process until `release`. The lock is an exclusive transaction held open
 * on a small database beside it: the operating system drops it with the process, however that ends, so
 * none is ever stale.
 */
export function lockDataFile(file: string): { readonly release: () => void } {
  const lockFile = `${file}.lock`;
  let db: Database | undefined;
  try {
    db = new Database(lockFile, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) {
      throw new StoreOpenError(
        'locked',
        `${file} is in use by another Weir server; stop that one, or name another data folder`,
      );
    }
    const detail = error instanceof Error ? error.message : String(error);
    throw new StoreOpenError('unwritable', `${lockFile} cannot be locked: ${detail}`, {
      cause: error,
    });
  }
  const held = db;
  return { release: () => held.close() };
}
