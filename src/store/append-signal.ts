/** Tells listeners that outbox rows were added: after the commit, and at most once per event-loop turn. */
export class AppendSignal {
  readonly #listeners = new Set<() => void>();
  #scheduled = false;

  listen(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  notify(): void {
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
