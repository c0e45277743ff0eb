/** Changes of maps that can be taken back, newest first: how the memory store makes all or nothing. */
export class Undo {
  readonly #steps: (() => void)[] = [];

  set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
    const had = map.has(key);
    const before = map.get(key);
    this.#steps.push(() => {
      if (had) map.set(key, before as Value);
      else map.delete(key);
    });
    map.set(key, value);
  }

  delete<Key, Value>(map: Map<Key, Value>, key: Key): boolean {
    if (!map.has(key)) return false;
    const before = map.get(key) as Value;
    this.#steps.push(() => map.set(key, before));
    return map.delete(key);
  }

  push<Item>(list: Item[], item: Item): void {
    this.#steps.push(() => list.pop());
    list.push(item);
  }

  rollback(): void {
    for (const step of this.#steps.splice(0).reverse()) step();
  }
}
