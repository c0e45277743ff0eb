import { Worker } from 'node:worker_threads';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { fullOutcomes, type GroupReply } from './group-reply.ts';
import type { GroupOutcome } from './group-writer.ts';
import { fromPlainError } from './plain-error.ts';
import { largeBuffers, type WriteRequest } from './prepared.ts';
import type { FromWriter, ToWriter, WriterTask } from './writer-worker.ts';

export interface WriterThreadOptions {
  readonly task: WriterTask;
  /** Told each time the thread ends though nobody asked it to. */
  readonly onFault: (fault: Error) => void;
  readonly heapMiB?: number;
  readonly program?: URL;
}

/** What became of a group, and what the writer knows after it. */
export type WrittenGroup = GroupOutcome & Partial<Pick<GroupReply, 'position' | 'logBytes'>>;

interface Asked {
  readonly requests: readonly WriteRequest[];
  readonly resolve: (written: WrittenGroup) => void;
}

/**
 * The writer on a thread of its own, seen from the thread that asks. One group is with it at a time.
 *
 * Should the thread end by a fault, the group it had is refused as retryable, and one new thread is tried.
 * Where that ends too before it has written a group, the writer stays out of order and says so.
 */
export class WriterThread {
  readonly #options: WriterThreadOptions;
  #thread: Promise<Worker>;
  #asked: Asked | undefined;
  /** Why no group can be written now. */
  #fault: OutcomeError | undefined;
  #mayRestart = false;
  #closing = false;

  constructor(options: WriterThreadOptions) {
    this.#options = options;
    this.#thread = this.#start();
  }

  /** Resolves when it can write; rejects with why it cannot be opened. */
  async open(): Promise<void> {
    await this.#thread;
    this.#mayRestart = true;
  }

  /** Never rejects: a fault is every request's refusal. */
  async write(requests: readonly WriteRequest[]): Promise<WrittenGroup> {
    let worker: Worker;
    try {
      worker = await this.#thread;
    } catch (error) {
      return refused(requests, this.#fault ?? ended(error));
    }
    return new Promise((resolve) => {
      this.#asked = { requests, resolve };
      worker.ref();
      try {
        worker.postMessage(requests satisfies ToWriter, largeBuffers(requests));
      } catch (error) {
        this.#answer(refused(requests, error as Error));
      }
    });
  }

  /** Throws what keeps groups from being written, if anything does. */
  check(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Ends the thread: what was asked before is written first. */
  async close(): Promise<void> {
    this.#closing = true;
    const worker = await this.#thread.catch(() => undefined);
    if (worker === undefined || worker.threadId === -1) return;
    worker.ref();
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.postMessage('close' satisfies ToWriter);
    });
  }

  #start(): Promise<Worker> {
    const { task, heapMiB = limits.writerHeapMiB } = this.#options;
    const worker = new Worker(
      this.#options.program ?? new URL('./writer-worker.ts', import.meta.url),
      {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: heapMiB },
      },
    );
    const opened = new Promise<Worker>((resolve, reject) => {
      let fault: Error | undefined;
      worker.on('message', (message: FromWriter) => {
        switch (message.kind) {
          case 'open':
            worker.unref();
            this.#fault = undefined;
            resolve(worker);
            break;
          case 'failed':
            fault = fromPlainError(message.error);
            break;
          case 'reply':
            worker.unref();
            this.#mayRestart = true;
            this.#take(message.reply);
        }
      });
      worker.once('error', (error: Error) => (fault = error));
      worker.once('exit', (code) => {
        const why = fault ?? new Error(`The thread ended with code ${code}`);
        reject(why);
        this.#ended(why);
      });
    });
    opened.catch(() => undefined);
    return opened;
  }

  #take(reply: GroupReply): void {
    const requests = this.#asked?.requests ?? [];
    const { position, logBytes, fault } = reply;
    this.#answer({
      outcomes: fullOutcomes(requests, reply),
      fault: fault && fromPlainError(fault),
      position,
      ...(logBytes === undefined ? {} : { logBytes }),
    });
  }

  #answer(written: WrittenGroup): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.resolve(written);
  }

  #ended(why: Error): void {
    const fault = ended(why);
    if (!this.#closing) {
      this.#fault = fault;
      this.#thread = this.#mayRestart ? this.#start() : rejected(why);
      this.#mayRestart = false;
      this.#options.onFault(why);
    }
    this.#answer(refused(this.#asked?.requests ?? [], fault));
  }
}

/** Whoever awaits it is told; that nobody does is no fault. */
function rejected(why: Error): Promise<never> {
  const promise = Promise.reject(why);
  promise.catch(() => undefined);
  return promise;
}

function refused(requests: readonly WriteRequest[], fault: Error): WrittenGroup {
  return { outcomes: requests.map(() => ({ refused: fault })), fault: undefined };
}

function ended(why: unknown): OutcomeError {
  const text = 'The writer of the store has ended; what was asked may or may not be written';
  const internal = why instanceof Error ? why.message : String(why);
  return new OutcomeError([errorIssue('transient', text, { internal })], { cause: why });
}
