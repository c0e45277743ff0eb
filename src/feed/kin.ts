import { limits } from '../limits.ts';
import type { Claim } from '../store/store.ts';
import type { Reading } from './reading.ts';

/**
 * Which numbers are of one person, as far as this process has heard: of messages on their way, and of those it processed.
 * Messages under different numbers of one person take turns by it. What it does not know, or says without need, costs
 * order or speed and no truth: a commit goes by the claims of the store.
 */
export class Kin {
  /** Each number, or person, leads to another of the same person, the last one to itself. */
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** What a message takes turns by: its numbers, and what stood for them before it came and stands for them now. */
  turnsOf({ orderKeys, kin }: Pick<Reading, 'orderKeys' | 'kin'>): readonly string[] {
    const turns = new Set(orderKeys);
    for (const numbers of kin) for (const number of numbers) turns.add(this.#lead(number));
    for (const numbers of kin) {
      this.#unite(numbers);
      for (const number of numbers) turns.add(this.#lead(number));
    }
    return [...turns];
  }

  /** What a commit found or made true. */
  learn(claims: readonly Claim[] = []): void {
    for (const { key, owner } of claims)
      if (owner.startsWith('Patient/')) this.#unite([key, owner]);
  }

  #unite([first, ...others]: readonly string[]): void {
    if (first === undefined) return;
    const lead = this.#lead(first);
    for (const other of others) {
      const from = this.#lead(other);
      if (from !== lead) this.#set(from, lead);
    }
  }

  #lead(number: string): string {
    const path: string[] = [];
    let at = number;
    for (let next = this.#next(at); next !== undefined && next !== at; next = this.#next(at)) {
      path.push(at);
      at = next;
    }
    for (const passed of path) this.#set(passed, at);
    return at;
  }

  #next(number: string): string | undefined {
    return this.#young.get(number) ?? this.#old.get(number);
  }

  /** What was not looked at for long is forgotten. */
  #set(number: string, lead: string): void {
    this.#young.set(number, lead);
    if (this.#young.size < limits.kinMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
