import type { Claim, Store } from '../../store/store.ts';

/**
 * Whose the identifiers of a message are, and whose they become with its commit. What the message goes by is claimed
 * again by its owner: where another commit gave it to somebody else meanwhile, this one is refused and planned anew.
 */
export class OwnedKeys {
  readonly #found: Map<string, string>;
  readonly #now = new Map<string, string>();
  readonly #relied = new Set<string>();

  private constructor(found: ReadonlyMap<string, string>) {
    this.#found = new Map(found);
  }

  static async of(store: Store, keys: readonly string[]): Promise<OwnedKeys> {
    return new OwnedKeys(await store.claimOwners([...new Set(keys)]));
  }

  /** Looks up more of them. */
  async learn(store: Store, keys: readonly string[]): Promise<void> {
    for (const [key, owner] of await store.claimOwners([...new Set(keys)])) {
      this.#found.set(key, owner);
    }
  }

  owner(key: string): string | undefined {
    return this.#now.get(key) ?? this.#found.get(key);
  }

  /** The message goes by whose it is. */
  rely(key: string): void {
    this.#relied.add(key);
  }

  give(key: string, owner: string): void {
    this.#now.set(key, owner);
  }

  /** What is one's of these, and what the message gave it before, becomes another's. */
  handOver(
    keys: readonly string[],
    { from, to }: { readonly from: string; readonly to: string },
  ): void {
    for (const key of [...keys, ...this.#now.keys()]) {
      if (this.owner(key) === from) this.#now.set(key, to);
    }
  }

  /** For the commit. */
  claims(): readonly Claim[] {
    const given = [...this.#now].map(([key, owner]): Claim => {
      const before = this.#found.get(key);
      return before === undefined || before === owner
        ? { key, owner }
        : { key, owner, replaces: before };
    });
    const kept = [...this.#relied].flatMap((key): Claim[] => {
      const owner = this.#found.get(key);
      return owner === undefined || this.#now.has(key) ? [] : [{ key, owner }];
    });
    return [...given, ...kept];
  }
}
