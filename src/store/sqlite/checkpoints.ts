import { Worker } from 'node:worker_threads';
import { limits } from '../../limits.ts';
import type { CheckpointTask } from './checkpoint-worker.ts';

export interface CheckpointOptions extends Pick<CheckpointTask, 'file' | 'key'> {
  /** Length of the write-ahead log at which it is copied; limits.walCheckpointBytes by default. */
  readonly walBytes?: number;
  /** Time without a commit after which the log is copied and emptied; limits.walIdleMs by default. */
  readonly walIdleMs?: number;
}

/**
 * Copies the write-ahead log into the data file when it has grown to `walBytes`, on a thread of its own:
 * commits go on meanwhile. When none has come for a while the log is emptied too, so that it takes no room
 * and the next start has nothing to read.
 */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #walBytes: number;
  readonly #idle: NodeJS.Timeout;
  #running: Worker | undefined;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#walBytes = options.walBytes ?? limits.walCheckpointBytes;
    this.#idle = setTimeout(() => this.#start('TRUNCATE'), options.walIdleMs ?? limits.walIdleMs);
    this.#idle.unref();
  }

  /** Called after each group, with the log's length where the writer has looked at it. */
  afterGroup(logBytes: number | undefined): void {
    this.#idle.refresh();
    if (logBytes !== undefined && logBytes >= this.#walBytes) this.#start('PASSIVE');
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#running?.terminate();
  }

  #start(mode: CheckpointTask['mode']): void {
    if (this.#running !== undefined) return;
    const { file, key } = this.#options;
    const task: CheckpointTask = { file, mode, ...(key === undefined ? {} : { key }) };
    const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), {
      workerData: task,
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
