import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { GroupOutcome, GroupWriter, WriteOutcome } from './group-writer.ts';
import { weightOf, type WriteAnswers, type WriteRequest } from './request.ts';

interface Waiting {
  readonly request: WriteRequest;
  readonly weight: number;
  readonly settle: (outcome: WriteOutcome) => void;
}

/**
 * Group commit, and the gate before the database: one transaction of this process is under way at a time, and what is
 * asked for meanwhile becomes the next. No timer and no delay; a lone request waits for nobody.
 */
export class GroupQueue {
  readonly #writer: Pick<GroupWriter, 'write'>;
  readonly #afterGroup: (outcome: GroupOutcome) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(writer: Pick<GroupWriter, 'write'>, afterGroup: (outcome: GroupOutcome) => void) {
    this.#writer = writer;
    this.#afterGroup = afterGroup;
  }

  write<Kind extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: Kind }>,
  ): Promise<WriteAnswers[Kind]> {
    if (this.#closed) return Promise.reject(closing());
    if (this.#waiting.length >= limits.commitQueueMax) return Promise.reject(overloaded());
    return new Promise((resolve, refuse) => {
      const settle = (outcome: WriteOutcome): void => {
        if ('refused' in outcome) refuse(outcome.refused);
        else resolve(outcome.answer as WriteAnswers[Kind]);
      };
      this.#waiting.push({ request, weight: weightOf(request), settle });
      this.#running ??= this.#run();
    });
  }

  /** Throws where the store takes no more. */
  check(): void {
    if (this.#closed) throw closing();
  }

  /** Refuses what comes from now on; resolves when all that waits is written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What is asked for in this turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      const outcome = await this.#writer.write(group.map(({ request }) => request));
      this.#afterGroup(outcome);
      for (const [at, { settle }] of group.entries()) settle(outcome.outcomes[at] ?? missing);
    }
    this.#running = undefined;
  }

  #takeGroup(): Waiting[] {
    let weight = 0;
    let size = 0;
    for (const waiting of this.#waiting.slice(0, limits.commitGroupMax)) {
      weight += waiting.weight;
      if (size > 0 && weight > limits.mongoGroupBytesMax) break;
      size += 1;
    }
    return this.#waiting.splice(0, size);
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
