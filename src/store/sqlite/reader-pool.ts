import { Worker } from 'node:worker_threads';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { fromPlainError } from './plain-error.ts';
import type { ReaderTask, Scan, ScanName, ScanReply } from './reader-worker.ts';
import type { Reader } from './reader.ts';

export interface ReaderPoolOptions {
  readonly task: ReaderTask;
  readonly timeoutMs?: number;
  /** limits.scanGraceMs by default. */
  readonly graceMs?: number;
  readonly idleMs?: number;
  readonly program?: URL;
}

interface Waiting {
  readonly scan: Scan;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads for reads that take long, so that others need not wait for them. They start when one is asked for
 * and end when none was for a while. More wait than can run; more than that are refused as `transient`.
 */
export class ReaderPool {
  readonly #options: ReaderPoolOptions;
  readonly #waiting: Waiting[] = [];
  readonly #idle: ReaderThread[] = [];
  /** Also those that were given up and have not ended yet: they still take a processor. */
  readonly #threads = new Set<ReaderThread>();
  #closed = false;

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
  }

  /** How many threads there are now. */
  get threads(): number {
    return this.#threads.size;
  }

  ask<Name extends ScanName>(
    name: Name,
    ...values: Parameters<Reader[Name]>
  ): Promise<ReturnType<Reader[Name]>> {
    const timeoutMs = this.#options.timeoutMs ?? limits.scanTimeoutMs;
    if (this.#closed) return Promise.reject(refusal('shutting-down', 'The store is closing'));
    if (this.#waiting.length >= limits.scansWaitingMax) {
      const text = `More than ${limits.scansWaitingMax} long reads are waiting`;
      return Promise.reject(refusal('transient', text));
    }
    return new Promise((resolve, reject) => {
      const scan = { name, values, timeoutMs } as unknown as Scan;
      this.#waiting.push({ scan, resolve: resolve as Waiting['resolve'], reject });
      this.#next();
    });
  }

  /** Refuses what waits and ends the threads; a long read is not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(refusal('shutting-down', 'The store is closing'));
    }
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const thread = this.#free() ?? this.#start();
    if (thread === undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    thread.run(waiting).then(
      (isFree) => {
        if (isFree) this.#idle.push(thread);
        this.#next();
      },
      () => undefined,
    );
  }

  #free(): ReaderThread | undefined {
    for (let thread = this.#idle.pop(); thread !== undefined; thread = this.#idle.pop()) {
      if (!thread.isEnding) return thread;
    }
    return undefined;
  }

  #start(): ReaderThread | undefined {
    if (this.#threads.size >= limits.readerThreadsMax) return undefined;
    const thread = new ReaderThread(this.#options, () => {
      this.#threads.delete(thread);
      this.#next();
    });
    this.#threads.add(thread);
    return thread;
  }
}

/** One thread with one read at a time. */
class ReaderThread {
  readonly #worker: Worker;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #graceMs: number;
  #giveUpTimer: NodeJS.Timeout | undefined;
  isEnding = false;
  #running: { waiting: Waiting; done: (isFree: boolean) => void } | undefined;

  constructor({ task, graceMs, idleMs, program }: ReaderPoolOptions, onEnd: () => void) {
    this.#graceMs = graceMs ?? limits.scanGraceMs;
    const file = program ?? new URL('./reader-worker.ts', import.meta.url);
    this.#worker = new Worker(file, { workerData: task });
    this.#idleTimer = setTimeout(() => {
      if (this.#running === undefined) void this.end();
    }, idleMs ?? limits.readerIdleMs);
    this.#idleTimer.unref();
    let fault: Error | undefined;
    this.#worker.on('message', (reply: ScanReply) => this.#answer(reply));
    this.#worker.once('error', (error: Error) => (fault = error));
    this.#worker.once('exit', () => {
      this.isEnding = true;
      clearTimeout(this.#idleTimer);
      this.#settle(false, ({ reject }) => {
        const text = 'The thread that read has ended; try again';
        reject(refusal('transient', text, fault));
      });
      onEnd();
    });
  }

  /** Resolves, when the read is answered, with whether the thread can take another. */
  run(waiting: Waiting): Promise<boolean> {
    return new Promise((done) => {
      this.#running = { waiting, done };
      this.#worker.ref();
      this.#worker.postMessage(waiting.scan);
      const lastMs = waiting.scan.timeoutMs + this.#graceMs;
      this.#giveUpTimer = setTimeout(() => this.#giveUp(), lastMs);
    });
  }

  async end(): Promise<void> {
    this.isEnding = true;
    await this.#worker.terminate();
  }

  #answer(reply: ScanReply): void {
    this.#worker.unref();
    this.#idleTimer.refresh();
    this.#settle(true, ({ resolve, reject }) => {
      if ('error' in reply) reject(fromPlainError(reply.error));
      else resolve(reply.answer);
    });
  }

  #giveUp(): void {
    this.#settle(false, ({ reject }) => {
      reject(refusal('timeout', 'The read takes too long; narrow it'));
    });
    this.#worker.unref();
    void this.end();
  }

  #settle(isFree: boolean, settle: (waiting: Waiting) => void): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    clearTimeout(this.#giveUpTimer);
    settle(running.waiting);
    running.done(isFree);
  }
}

function refusal(
  code: 'transient' | 'timeout' | 'shutting-down',
  text: string,
  cause?: Error,
): OutcomeError {
  const internal = cause === undefined ? {} : { internal: cause.message };
  return new OutcomeError([errorIssue(code, text, internal)], { cause });
}
