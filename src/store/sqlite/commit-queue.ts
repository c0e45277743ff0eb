import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { WriteOutcome } from './group-writer.ts';
import type { WriteAnswers, WriteRequest } from './prepared.ts';
import type { WriterThread, WrittenGroup } from './writer-thread.ts';

interface Waiting {
  readonly request: WriteRequest;
  readonly settle: (outcome: WriteOutcome) => void;
}

/**
 * Group commit: what is asked for in one event-loop turn, or while the group before is being written, is
 * written as one transaction and answered after it. No timer and no delay; a lone request waits for nobody.
 */
export class CommitQueue {
  readonly #writer: Pick<WriterThread, 'write'>;
  readonly #afterGroup: (written: WrittenGroup) => void;
  #waiting: Waiting[] = [];
  #writing = false;
  #closed = false;
  #drained: (() => void) | undefined;
  /** Why the last group was not written as a whole. */
  #fault: Error | undefined;

  constructor(writer: Pick<WriterThread, 'write'>, afterGroup: (written: WrittenGroup) => void) {
    this.#writer = writer;
    this.#afterGroup = afterGroup;
  }

  write<Kind extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: Kind }>,
  ): Promise<WriteAnswers[Kind]> {
    if (this.#closed) return Promise.reject(closing());
    if (this.#waiting.length >= limits.commitQueueMax) {
      return Promise.reject(overloaded());
    }
    return new Promise((resolve, refuse) => {
      const settle = (outcome: WriteOutcome): void => {
        if ('refused' in outcome) refuse(outcome.refused);
        else resolve(outcome.answer as WriteAnswers[Kind]);
      };
      this.#waiting.push({ request, settle });
      if (!this.#writing) this.#collect();
    });
  }

  /** Throws what keeps commits from being written, if anything does. */
  check(): void {
    if (this.#closed) throw closing();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Refuses what comes from now on; resolves when all that waits is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#writing) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Lets the turn end, so that all it asks for is one group. */
  #collect(): void {
    this.#writing = true;
    setImmediate(() => void this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, limits.commitGroupMax);
      const written = await this.#writer.write(group.map(({ request }) => request));
      this.#fault = written.fault;
      for (const [at, { settle }] of group.entries()) settle(written.outcomes[at] ?? missing);
      this.#afterGroup(written);
    }
    this.#writing = false;
    this.#drained?.();
  }
}

const missing: WriteOutcome = { refused: new Error('The writer gave no outcome') };

function closing(): OutcomeError {
  return new OutcomeError([errorIssue('shutting-down', 'The store is closing')]);
}

function overloaded(): OutcomeError {
  const text = `More than ${limits.commitQueueMax} commits are waiting`;
  return new OutcomeError([errorIssue('transient', text)]);
}
