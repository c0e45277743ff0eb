import { setTimeout } from 'node:timers/promises';
import { loopTurn } from './loop-turn.ts';

export interface PrecedenceOptions {
  /** While somebody waits, what nobody waits for rests so many times as long as its last step took, */
  readonly restOfStep: number;
  /** and no longer than this. */
  readonly restMsMax: number;
  /** A step is over when it took so long; a shorter one goes on. */
  readonly stepMs: number;
  /** Nobody waits any more where nobody has for so long: who asks one thing after another is between two. */
  readonly quietMs: number;
  /** Milliseconds of a clock that does not jump; default: the process's. */
  readonly now?: () => number;
  /** Resolves after so many milliseconds; 0: with a turn of the event loop of its own. Default: the process's timers. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * One thread for what somebody waits for and for what nobody does. The first begins at once; the second goes on in short
 * steps between, one by one: each where nobody waits, and else after a rest, so that it goes on under any load and nobody
 * waits for more than a step. What was begun goes on before more is begun.
 */
export class Precedence {
  readonly #restOfStep: number;
  readonly #restMsMax: number;
  readonly #stepMs: number;
  readonly #quietMs: number;
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #begun: (() => void)[] = [];
  readonly #new: (() => void)[] = [];
  #awaitedCount = 0;
  #awaitedUntil = Number.NEGATIVE_INFINITY;
  #hurryCount = 0;
  #isLetting = false;
  #stepFrom = Number.NEGATIVE_INFINITY;
  #restedAt = Number.NEGATIVE_INFINITY;

  constructor({ restOfStep, restMsMax, stepMs, quietMs, now, pause }: PrecedenceOptions) {
    this.#restOfStep = restOfStep;
    this.#restMsMax = restMsMax;
    this.#stepMs = stepMs;
    this.#quietMs = quietMs;
    this.#now = now ?? (() => performance.now());
    this.#pause = pause ?? ((ms) => (ms === 0 ? loopTurn() : setTimeout(ms)));
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

  /** Somebody waits for what was begun: it does not rest, until what is returned is called. */
  hurry(): () => void {
    this.#hurryCount += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#hurryCount -= 1;
      isOver = true;
    };
  }

  /** Resolves when something that nobody waits for may begin. */
  begin(): Promise<void> {
    return this.#turn(this.#new);
  }

  /** Between two steps of it: resolves when it may go on, at once where the step was short so far. */
  async step(): Promise<void> {
    if (this.#now() - this.#stepFrom >= this.#stepMs) await this.#turn(this.#begun);
  }

  #turn(queue: (() => void)[]): Promise<void> {
    return new Promise((resolve) => {
      queue.push(resolve);
      if (!this.#isLetting) void this.#letGo();
    });
  }

  /** Lets one after another go. */
  async #letGo(): Promise<void> {
    this.#isLetting = true;
    await this.#pause(0);
    // Nothing is awaited between the last look and the end: whoever comes then begins anew.
    while (this.#begun.length + this.#new.length > 0) {
      if (this.#rests()) await this.#pause(1);
      else await this.#letOneGo(this.#begun.shift() ?? this.#new.shift());
    }
    this.#isLetting = false;
  }

  async #letOneGo(goOn: (() => void) | undefined): Promise<void> {
    this.#stepFrom = this.#now();
    goOn?.();
    await this.#pause(0);
    const now = this.#now();
    this.#restedAt = now + Math.min((now - this.#stepFrom) * this.#restOfStep, this.#restMsMax);
  }

  #rests(): boolean {
    if (this.#hurryCount > 0 && this.#begun.length > 0) return false;
    return this.#isAwaited() && this.#now() < this.#restedAt;
  }

  #isAwaited(): boolean {
    return this.#awaitedCount > 0 || this.#now() - this.#awaitedUntil < this.#quietMs;
  }
}
