/** Answers as good as the data that they were made from, a bounded number of them, least recently used out first. */
export class KnownAnswers<Answer> {
  readonly #known = new Map<string, { readonly stamp: string; readonly answer: Answer }>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** What was kept under `name` while the data had this stamp. */
  find(name: string, stamp: string): Answer | undefined {
    const known = this.#known.get(name);
    if (known === undefined || known.stamp !== stamp) return undefined;
    this.#known.delete(name);
    this.#known.set(name, known);
    return known.answer;
  }

  keep(name: string, stamp: string, answer: Answer): void {
    this.#known.delete(name);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= this.#max && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(name, { stamp, answer });
  }
}
