/** Copies a data file on a thread of its own, so that the one that started it can say how far it is. */
import { workerData } from 'node:worker_threads';
import { openReadConnection } from './connection.ts';

export interface BackupTask {
  readonly file: string;
  readonly key?: string;
  /** Must not exist. */
  readonly target: string;
}

const { target, ...source } = workerData as BackupTask;
const db = openReadConnection(source);
// One statement, so one read transaction: the copy is of one moment. It has the key of the file.
db.prepare('VACUUM INTO ?').run(target);
db.close();

const copy = openReadConnection({ ...source, file: target });
const found = copy.pragma('quick_check(1)', { simple: true });
copy.close();
if (found !== 'ok') throw new Error(`The copy is damaged, and so is the file: ${String(found)}`);
