import { setImmediate, setTimeout } from 'node:timers/promises';

export interface PrecedenceOptions {
  /** While somebody waits, what nobody waits for rests so long between two turns. */
  readonly restMs: number;
  /** Nobody waits any more where nobody has for so long: who asks one thing after another is between two. */
  readonly quietMs: number;
  /** Milliseconds of a clock that does not jump; default: the process's. */
  readonly now?: () => number;
  /** Resolves after so many milliseconds; 0: when everybody else had a turn of the thread. Default: the process's timers. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * One thread for what somebody waits for and for what nobody does. The first begins at once; the second takes its turns
 * between, one by one: each where nobody waits, and else after a rest, so that it goes on under any load.
 */
export class Precedence {
  readonly #restMs: number;
  readonly #quietMs: number;
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  #awaitedCount = 0;
  #awaitedUntil = Number.NEGATIVE_INFINITY;

  constructor({ restMs, quietMs, now = () => performance.now(), pause }: PrecedenceOptions) {
    this.#restMs = restMs;
    this.#quietMs = quietMs;
    this.#now = now;
    this.#pause = pause ?? ((ms) => (ms === 0 ? setImmediate() : setTimeout(ms)));
  }

  /** Does what somebody waits for. */
  async awaited<T>(work: () => Promise<T>): Promise<T> {
    this.#awaitedCount += 1;
    try {
      return await work();
    } finally {
      this.#awaitedCount -= 1;
      this.#awaitedUntil = this.#now();
    }
  }

  /** Resolves when it is the turn of one piece of what nobody waits for. */
  async turn(): Promise<void> {
    await this.#pause(0);
    const restedAt = this.#now() + this.#restMs;
    while (this.#isAwaited() && this.#now() < restedAt) await this.#pause(1);
  }

  #isAwaited(): boolean {
    return this.#awaitedCount > 0 || this.#now() - this.#awaitedUntil < this.#quietMs;
  }
}
