import { errorIssue, OutcomeError } from '../fhir/issue.ts';
import { limits } from '../limits.ts';

export type WriteOutcome<Answer> = { readonly answer: Answer } | { readonly refused: Error };

/** What became of a group: one outcome per request, in order. */
export interface GroupOutcome<Answer> {
  readonly outcomes: readonly WriteOutcome<Answer>[];
}

/** How groups are made, and by whom they are written. */
interface GroupWriting<Request, Written> {
  readonly write: (requests: readonly Request[]) => Promise<Written>;
  /** Called when a group is written, before its callers hear of it. */
  readonly afterGroup: (written: Written) => void;
  /** Roughly the bytes that a request writes; no group is of more than `weightMax`, but for a lone request. */
  readonly weightOf?: (request: Request) => number;
  readonly weightMax?: number;
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly weight: number;
  readonly settle: (outcome: WriteOutcome<Answer>) => void;
}

/**
 * Group commit: what is asked for in one event-loop turn, or while the group before is being written, is
 * written as one transaction and answered after it. No timer and no delay; a lone request waits for nobody.
 * `Answers` has the answer to each kind of request.
 */
export class GroupQueue<
  Request extends { readonly kind: keyof Answers },
  Answers extends object,
  Written extends GroupOutcome<Answers[keyof Answers]>,
> {
  readonly #writing: GroupWriting<Request, Written>;
  #waiting: Waiting<Request, Answers[keyof Answers]>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(writing: GroupWriting<Request, Written>) {
    this.#writing = writing;
  }

  write<Kind extends Request['kind']>(
    request: Extract<Request, { kind: Kind }>,
  ): Promise<Answers[Kind]> {
    if (this.#closed) return Promise.reject(closing());
    if (this.#waiting.length >= limits.commitQueueMax) return Promise.reject(overloaded());
    return new Promise((resolve, refuse) => {
      const settle = (outcome: WriteOutcome<Answers[keyof Answers]>): void => {
        if ('refused' in outcome) refuse(outcome.refused);
        else resolve(outcome.answer as Answers[Kind]);
      };
      const weight = this.#writing.weightOf?.(request) ?? 0;
      this.#waiting.push({ request, weight, settle });
      this.#running ??= this.#run();
    });
  }

  /** Throws where the store takes no more. */
  check(): void {
    if (this.#closed) throw closing();
  }

  /** Refuses what comes from now on; resolves when all that waits is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Lets the turn end, so that all it asks for is one group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      const written = await this.#writing.write(group.map(({ request }) => request));
      this.#writing.afterGroup(written);
      for (const [at, { settle }] of group.entries()) settle(written.outcomes[at] ?? missing);
    }
    this.#running = undefined;
  }

  #takeGroup(): Waiting<Request, Answers[keyof Answers]>[] {
    const { weightMax = Infinity } = this.#writing;
    let weight = 0;
    let size = 0;
    for (const waiting of this.#waiting.slice(0, limits.commitGroupMax)) {
      weight += waiting.weight;
      if (size > 0 && weight > weightMax) break;
      size += 1;
    }
    return this.#waiting.splice(0, size);
  }
}

const missing = { refused: new Error('The writer gave no outcome') };

function closing(): OutcomeError {
  return new OutcomeError([errorIssue('shutting-down', 'The store is closing')]);
}

function overloaded(): OutcomeError {
  const text = `More than ${limits.commitQueueMax} commits are waiting`;
  return new OutcomeError([errorIssue('transient', text)]);
}
