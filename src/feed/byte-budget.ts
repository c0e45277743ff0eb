/**
 * Bytes that all connections together may hold: of frames that are not yet complete, and of those not yet answered. Who would
 * begin another frame waits until others were answered.
 */
export class ByteBudget {
  readonly #max: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isSpent(): boolean {
    return this.#held > this.#max;
  }

  /** @param change how many bytes more one holds than before */
  change(change: number): void {
    this.#held += change;
    if (this.isSpent) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Called once, when there is room again. */
  whenFree(wake: () => void): void {
    this.#waiting.add(wake);
  }

  /** Whoever is gone waits no more. */
  forget(wake: () => void): void {
    this.#waiting.delete(wake);
  }
}
