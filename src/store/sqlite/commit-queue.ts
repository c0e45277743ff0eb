import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { GroupWriter, WriteOutcome } from './group-writer.ts';
import type { WriteAnswers, WriteRequest } from './prepared.ts';

interface Waiting {
  readonly request: WriteRequest;
  readonly settle: (outcome: WriteOutcome) => void;
}

/**
 * Group commit: what is asked for in one event-loop turn is written as one transaction and answered
 * after it. No timer and no delay; a lone request waits for nobody.
 */
export class CommitQueue {
  readonly #writer: Pick<GroupWriter, 'write'>;
  readonly #afterGroup: () => void;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #closed = false;
  #drained: (() => void) | undefined;
  /** Why the last group was not written as a whole. */
  #fault: Error | undefined;

  constructor(writer: Pick<GroupWriter, 'write'>, afterGroup: () => void) {
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
      this.#schedule();
    });
  }

  /** Throws what keeps commits from being written, if anything does. */
  check(): void {
    if (this.#closed) throw closing();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Refuses what comes from now on; resolves when all that waits is written. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#writeGroup());
  }

  #writeGroup(): void {
    const group = this.#waiting.splice(0, limits.commitGroupMax);
    const { outcomes, fault } = this.#writer.write(group.map(({ request }) => request));
    this.#fault = fault;
    for (const [at, { settle }] of group.entries()) settle(outcomes[at] ?? missing);
    this.#scheduled = false;
    this.#afterGroup();
    if (this.#waiting.length > 0) this.#schedule();
    else this.#drained?.();
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
