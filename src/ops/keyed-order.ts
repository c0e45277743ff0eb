import { errorIssue, OutcomeError } from '../fhir/issue.ts';

/**
 * Order per key, parallel across keys (invariant I3). Work that shares a key with earlier work waits
 * for it; work with several keys (a merge of two people) takes its place in all of them at once, so
 * nothing can wait in a circle.
 */
export class KeyedOrder {
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #waitingMax: number;
  #waiting = 0;

  /** @param waitingMax work taken and not yet done; more is refused as `transient` */
  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Work taken and not yet done. */
  get size(): number {
    return this.#waiting;
  }

  /** Its place is taken when this is called, not when an earlier await ends. */
  async run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#waitingMax) {
      throw new OutcomeError([errorIssue('transient', 'Too much of this is waiting already')]);
    }
    this.#waiting += 1;
    const earlier = keys.flatMap((key) => this.#tails.get(key) ?? []);
    const done = Promise.allSettled(earlier).then(work);
    const tail = done.catch(() => undefined);
    for (const key of keys) this.#tails.set(key, tail);
    try {
      return await done;
    } finally {
      this.#waiting -= 1;
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }

  /** Resolves when all work taken so far is done. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#tails.values());
  }
}
