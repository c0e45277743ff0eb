import type { ClientSession, TransactionOptions } from 'mongodb';
import { errorIssue, OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { WriteOutcome as AnyOutcome } from '../group-queue.ts';
import { CommitRefused } from '../store.ts';
import { decide } from './decide.ts';
import { hasLabel, isTransient, translateFault } from './fault.ts';
import type { Collections, OrderDocument } from './layout.ts';
import { loadWorkingSet } from './load.ts';
import type { Parts } from './parts.ts';
import type { WriteAnswer, WriteRequest } from './request.ts';
import { MissedWrite, saveWorkingSet } from './save.ts';
import type { WriterSessions } from './writer-sessions.ts';

export type WriteOutcome = AnyOutcome<WriteAnswer>;

/** What became of a group; `fault` is why the transaction as a whole failed, if it did. */
export interface GroupOutcome {
  readonly outcomes: readonly WriteOutcome[];
  readonly fault?: Error;
  /** The newest version's position, where it is known. */
  readonly position?: number;
}

export interface WriterParts {
  /** One for all that is written: a transaction that was left behind ends when the next begins. */
  readonly session: ClientSession;
  readonly sessions: WriterSessions;
  readonly collections: Collections;
  readonly parts: Parts;
  /** Unique texts: lease tokens and ids of transactions. */
  readonly nextId: () => string;
  /** How long a group is tried again. */
  readonly timeoutMs: number;
}

/** Durable on a majority when it is answered; reads one snapshot. */
const transaction: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
};

/**
 * Writes a group of requests as one transaction. It writes the order document first: there transactions of all
 * processes meet, one goes on, the others are told so at once and try again a little later. What it reads after
 * that is the newest there is, so each request is decided once and for all.
 *
 * A commit whose answer is lost may have taken effect. The next attempt, when it has the order document, looks
 * for the ids of the earlier ones: the earlier transaction is over by then, and seen if it took effect.
 */
export class GroupWriter {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** One outcome per request, in order. Where the transaction as a whole fails, all are refused. */
  async write(requests: readonly WriteRequest[]): Promise<GroupOutcome> {
    const attempts = new Attempts(this.#parts, requests);
    try {
      return await attempts.run();
    } catch (error) {
      const fault = translateFault(error);
      if (requests.length > 1 && isOfOne(fault)) return this.#halves(requests);
      return { outcomes: requests.map(() => ({ refused: fault })), fault };
    }
  }

  /** One request may be at fault: it must not take the others with it. */
  async #halves(requests: readonly WriteRequest[]): Promise<GroupOutcome> {
    const middle = requests.length >> 1;
    const first = await this.write(requests.slice(0, middle));
    const second = await this.write(requests.slice(middle));
    const position = second.position ?? first.position;
    return {
      outcomes: [...first.outcomes, ...second.outcomes],
      ...(position === undefined ? {} : { position }),
    };
  }
}

function isOfOne(fault: Error): boolean {
  if (!(fault instanceof OutcomeError)) return true;
  return fault.issues[0].code === 'exception' || fault.issues[0].code === 'limit';
}

/** Rows that are not as they were read, in one transaction: the server or the data is at fault, not another writer. */
const missesMax = 3;

/** The attempts at one group. */
class Attempts {
  readonly #parts: WriterParts;
  readonly #requests: readonly WriteRequest[];
  readonly #session: ClientSession;
  /** What each attempt came to that may have taken effect, by its id. */
  readonly #sent = new Map<string, GroupOutcome>();
  #missed = 0;

  constructor(parts: WriterParts, requests: readonly WriteRequest[]) {
    this.#parts = parts;
    this.#requests = requests;
    this.#session = parts.session;
  }

  async run(): Promise<GroupOutcome> {
    const { timeoutMs, sessions } = this.#parts;
    const start = performance.now();
    let look = start + limits.mongoStuckMs;
    let before: Awaited<ReturnType<WriterSessions['standing']>>;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(performance.now() >= start + timeoutMs);
      if (outcome !== undefined) return outcome;
      if (performance.now() >= look) {
        const now = await sessions.standing();
        if (before !== undefined && now !== undefined) await sessions.endSilent(before, now);
        before = now;
        look = performance.now() + limits.mongoStuckMs;
      }
      await backOff(attempt);
    }
  }

  /** Undefined: it is to be tried again. Throws where that is of no use, or for the last time. */
  async #attempt(isLast: boolean): Promise<GroupOutcome | undefined> {
    try {
      this.#session.startTransaction(transaction);
      return await this.#transact();
    } catch (error) {
      if (this.#session.inTransaction()) await this.#session.abortTransaction();
      if (!this.#isWorthAgain(error)) throw error;
      if (isLast) return this.#giveUp(error);
      return undefined;
    }
  }

  #isWorthAgain(error: unknown): boolean {
    if (error instanceof MissedWrite) return ++this.#missed < missesMax;
    return error instanceof UnknownResult || isTransient(error);
  }

  async #transact(): Promise<GroupOutcome> {
    const { collections, nextId } = this.#parts;
    const session = this.#session;
    const order = await collections.order.findOneAndUpdate(
      { _id: 'order' },
      { $inc: { turn: 1 } },
      { session, returnDocument: 'after' },
    );
    if (order === null) throw new Error('The database has lost its order document');
    const earlier = await this.#tookEffect(session);
    if (earlier !== undefined) {
      await this.#commit();
      return earlier;
    }
    const { set, outcomes } = await this.#decide(order);
    const id = nextId();
    await saveWorkingSet({ collections, session }, set, { id, at: new Date() });
    const outcome = { outcomes, position: set.counters.position };
    this.#sent.set(id, outcome);
    await this.#commit();
    return outcome;
  }

  async #decide(order: OrderDocument) {
    const { collections, parts, nextId } = this.#parts;
    const set = await loadWorkingSet(
      { collections, parts, session: this.#session },
      order,
      this.#requests,
    );
    const outcomes = this.#requests.map((request): WriteOutcome => {
      try {
        return { answer: decide(set, request, nextId) };
      } catch (error) {
        if (error instanceof CommitRefused) return { refused: error };
        return { refused: translateFault(error) };
      }
    });
    return { set, outcomes };
  }

  /** Anything but a plain "no effect" may have taken effect. */
  async #commit(): Promise<void> {
    try {
      await this.#session.commitTransaction();
    } catch (error) {
      if (hasLabel(error, 'TransientTransactionError')) throw error;
      throw new UnknownResult(error);
    }
  }

  /** What an attempt came to whose commit took effect though its answer was lost. */
  async #tookEffect(session?: ClientSession): Promise<GroupOutcome | undefined> {
    if (this.#sent.size === 0) return undefined;
    const ids = [...this.#sent.keys()];
    const found = await this.#parts.collections.commit.findOne(
      { _id: { $in: ids } },
      session === undefined ? {} : { session },
    );
    return found === null ? undefined : this.#sent.get(found._id);
  }

  /** Time is up. What did take effect is answered so, if that can still be read. */
  async #giveUp(error: unknown): Promise<GroupOutcome> {
    const earlier = await this.#tookEffect().catch(() => undefined);
    if (earlier !== undefined) return earlier;
    const internal = error instanceof Error ? error.name : undefined;
    const text = `The database did not take the commit within ${this.#parts.timeoutMs} ms; try again`;
    throw new OutcomeError([
      errorIssue('transient', text, internal === undefined ? {} : { internal }),
    ]);
  }
}

/** The answer to a commit was lost or not final. */
class UnknownResult extends Error {
  constructor(cause: unknown) {
    super('The result of a commit is unknown', { cause });
    this.name = 'UnknownResult';
  }
}

/** Waits a random time that grows with the attempts, so that processes do not meet again and again. */
async function backOff(attempt: number): Promise<void> {
  const most = Math.min(limits.mongoBackoffMaxMs, 2 ** Math.min(attempt + 1, 16));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}
