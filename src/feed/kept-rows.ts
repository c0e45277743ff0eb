import { sharedTurns } from './turn-field.ts';

interface KeptRow {
  readonly id: string;
  /** Its place in the order of arrival. */
  readonly place: number;
  readonly turns: readonly string[];
}

/** Rows of the journal that this process answered for and that have no place yet, in the order of arrival, by what they take turns for. */
export class KeptRows {
  readonly #rows = new Map<string, KeptRow>();
  readonly #byTurn = new Map<string, Set<KeptRow>>();
  #added = 0;

  get size(): number {
    return this.#rows.size;
  }

  has(id: string): boolean {
    return this.#rows.has(id);
  }

  /** Behind all others; one that is there keeps its place. */
  add({ id, fields }: { readonly id: string; readonly fields?: readonly string[] }): void {
    if (this.#rows.has(id)) return;
    this.#added += 1;
    const row = { id, place: this.#added, turns: sharedTurns(fields) };
    this.#rows.set(id, row);
    for (const turn of row.turns) {
      const rows = this.#byTurn.get(turn) ?? new Set();
      this.#byTurn.set(turn, rows.add(row));
    }
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    for (const turn of row.turns) {
      const rows = this.#byTurn.get(turn);
      rows?.delete(row);
      if (rows?.size === 0) this.#byTurn.delete(turn);
    }
  }

  clear(): void {
    this.#rows.clear();
    this.#byTurn.clear();
  }

  first(): string | undefined {
    const [id] = this.#rows.keys();
    return id;
  }

  /** Those with one of these turns, and those that share another of theirs with them, in their order. */
  sharing(turns: Iterable<string>): readonly string[] {
    const found = new Set<KeptRow>();
    const asked = new Set(turns);
    for (const turn of asked) {
      for (const row of this.#byTurn.get(turn) ?? []) {
        if (found.has(row)) continue;
        found.add(row);
        for (const other of row.turns) asked.add(other);
      }
    }
    return [...found].sort((a, b) => a.place - b.place).map(({ id }) => id);
  }
}
