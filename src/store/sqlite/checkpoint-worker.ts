/** One checkpoint on a connection of its own, then the thread ends. */
import Database from 'better-sqlite3-multiple-ciphers';
import { workerData } from 'node:worker_threads';

export interface CheckpointTask {
  readonly file: string;
  readonly key?: string;
  /** Copies the log, or copies and empties it. */
  readonly mode: 'PASSIVE' | 'TRUNCATE';
}

const { file, key, mode } = workerData as CheckpointTask;
// It never waits for anybody: what is in use now is for the next time.
const db = new Database(file, { fileMustExist: true, timeout: 0 });
if (key !== undefined) db.key(Buffer.from(key));
db.pragma('synchronous = FULL');
// Copied first, while commits go on; then there is next to nothing left to do that a commit would wait for.
db.pragma('wal_checkpoint(PASSIVE)');
if (mode === 'TRUNCATE') db.pragma('wal_checkpoint(TRUNCATE)');
db.close();
