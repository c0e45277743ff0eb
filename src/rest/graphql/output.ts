/** An object of the answer while it is filled: a flattened field adds to the same key again and again. */
export class Output {
  readonly #members = new Map<string, { isList: boolean; readonly values: unknown[] }>();

  /** Makes the key there, as null where nothing is added. */
  declare(key: string): void {
    if (!this.#members.has(key)) this.#members.set(key, { isList: false, values: [] });
  }

  add(key: string, isList: boolean, value: unknown): void {
    this.declare(key);
    const member = this.#members.get(key);
    if (member === undefined) return;
    member.isList ||= isList;
    member.values.push(value);
  }

  value(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      [...this.#members].map(([key, { isList, values }]) => [
        key,
        isList && values.length > 0 ? values : (values[0] ?? null),
      ]),
    );
  }
}
