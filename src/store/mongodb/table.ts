/** A row as it was when it was loaded and as it is to be; undefined: there is none. */
interface RowChange<Key, Value> {
  readonly key: Key;
  readonly before: Value | undefined;
  readonly now: Value | undefined;
}

/** Some rows of a collection, changed in memory. What was changed since `mark` can be taken back. */
export class Table<Key, Value> {
  readonly #before = new Map<Key, Value>();
  readonly #now = new Map<Key, Value>();
  readonly #touched = new Set<Key>();
  #undo: { readonly key: Key; readonly value: Value | undefined }[] = [];

  load(key: Key, value: Value): void {
    this.#before.set(key, value);
    this.#now.set(key, value);
  }

  get(key: Key): Value | undefined {
    return this.#now.get(key);
  }

  values(): Iterable<Value> {
    return this.#now.values();
  }

  set(key: Key, value: Value | undefined): void {
    this.#undo.push({ key, value: this.#now.get(key) });
    this.#touched.add(key);
    this.#put(key, value);
  }

  mark(): void {
    this.#undo = [];
  }

  rollback(): void {
    for (const { key, value } of this.#undo.reverse()) this.#put(key, value);
    this.#undo = [];
  }

  /** What is to be written: rows that are not what they were. */
  changes(): RowChange<Key, Value>[] {
    return [...this.#touched]
      .map((key) => ({ key, before: this.#before.get(key), now: this.#now.get(key) }))
      .filter(({ before, now }) => before !== now);
  }

  #put(key: Key, value: Value | undefined): void {
    if (value === undefined) this.#now.delete(key);
    else this.#now.set(key, value);
  }
}
