/** One checkpoint on a connection of its own, then the thread ends. */
import Database from 'better-sqlite3-multiple-ciphers';
import { workerData } from 'node:worker_threads';

export interface CheckpointTask {
  readonly file: string;
  readonly key?: string;
}

const { file, key } = workerData as CheckpointTask;
const db = new Database(file, { fileMustExist: true, timeout: 1_000 });
if (key !== undefined) db.key(Buffer.from(key));
db.pragma('synchronous = FULL');
db.pragma('wal_checkpoint(PASSIVE)');
db.close();
