import { KeyedOrder } from '../ops/keyed-order.ts';

/**
 * Work under way side by side: what shares a key with earlier work waits for it, other work does not. Once some of it has
 * failed, what waits is left undone, so that nothing overtakes what will be tried again.
 */
export class Lanes {
  readonly #max: number;
  readonly #order: KeyedOrder;
  readonly #underWay = new Set<Promise<void>>();
  #fault: { readonly error: unknown } | undefined;

  /** @param max work under way at once */
  constructor(max: number) {
    this.#max = max;
    this.#order = new KeyedOrder(max);
  }

  get hasFailed(): boolean {
    return this.#fault !== undefined;
  }

  /** Resolves when the work is under way, or waits for its turn: not when it is done. */
  async take(keys: readonly string[], work: () => Promise<void>): Promise<void> {
    while (this.#underWay.size >= this.#max) await Promise.race(this.#underWay);
    const running = this.#order
      .run(keys, () => this.#attempt(work))
      .finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  /** Does it with nothing beside it. */
  async alone(work: () => Promise<void>): Promise<void> {
    await this.settled();
    await this.#attempt(work);
  }

  /** Resolves when nothing is under way, also where some of it failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** The same; rejects with what failed first. */
  async done(): Promise<void> {
    await this.settled();
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#fault !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#fault ??= { error };
    }
  }
}
