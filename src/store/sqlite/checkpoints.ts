import type Database from 'better-sqlite3-multiple-ciphers';
import { Worker } from 'node:worker_threads';
import { limits } from '../../limits.ts';
import type { CheckpointTask } from './checkpoint-worker.ts';

const pageBytes = 8192;
/** Groups written between two looks at the log's length. */
const groupsPerLook = 32;

export interface CheckpointOptions extends CheckpointTask {
  /** Length of the write-ahead log at which it is copied; limits.walCheckpointBytes by default. */
  readonly walBytes?: number;
}

/**
 * Copies the write-ahead log into the data file when it has grown to `walBytes`, on a
 * thread of its own: commits go on meanwhile. Should they outrun it, they wait at
 * `limits.walBlockingBytes`.
 */
export class Checkpoints {
  readonly #db: Database;
  readonly #task: CheckpointTask;
  readonly #walBytes: number;
  #groups = 0;
  #running: Worker | undefined;

  constructor(db: Database, { file, key, walBytes }: CheckpointOptions) {
    this.#db = db;
    this.#task = { file, ...(key === undefined ? {} : { key }) };
    this.#walBytes = walBytes ?? limits.walCheckpointBytes;
  }

  /** Called after each group; looks seldom, and never while answers wait. */
  afterGroup(): void {
    this.#groups += 1;
    if (this.#groups % groupsPerLook !== 0) return;
    try {
      this.#look();
    } catch {
      // A full disk: the log stays, and the next look tries again. What is wrong, commits will say.
    }
  }

  #look(): void {
    const bytes = this.#logBytes();
    if (bytes >= limits.walBlockingBytes) this.#db.pragma('wal_checkpoint(PASSIVE)');
    else if (bytes >= this.#walBytes && this.#running === undefined) this.#start();
  }

  /** Empties the log, if it can: the last thing before the file is closed. */
  async close(): Promise<void> {
    await this.#running?.terminate();
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk: the log stays and is read at the next start; nothing is lost.
    }
  }

  /** Length of the log that is not yet in the data file. */
  #logBytes(): number {
    const [state] = this.#db.pragma('wal_checkpoint(NOOP)') as {
      log: number;
      checkpointed: number;
    }[];
    return state === undefined ? 0 : (state.log - state.checkpointed) * pageBytes;
  }

  #start(): void {
    const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      workerData: this.#task,
    });
    this.#running = worker;
    worker.unref();
    // A failed checkpoint loses nothing: the log stays, and the next look tries again.
    worker.once('error', () => undefined);
    worker.once('exit', () => {
      this.#running = undefined;
    });
  }
}
