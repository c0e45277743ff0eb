/**
 * Which process serves the subscriptions, and from where in the change feed to go on: one document of the store's
 * state. Whoever holds it evaluates and delivers; a process that falls silent is followed by another.
 */
import { limits } from '../../limits.ts';
import { CommitRefused } from '../../store/store.ts';
import type { SubscriptionDesk } from './desk.ts';

interface ReaderState {
  readonly holder: string;
  /** Epoch milliseconds. */
  readonly until: number;
  /** No event up to here is owed to anybody. */
  readonly cursor: number;
}

const key = 'subscription-reader';

export class ReaderLease {
  readonly #desk: SubscriptionDesk;
  readonly #holder: string;
  #revision: number | undefined;

  constructor(desk: SubscriptionDesk) {
    this.#desk = desk;
    this.#holder = desk.newId();
  }

  /** Where to go on from, if the lease could be had. */
  async acquire(): Promise<number | undefined> {
    const entry = await this.#desk.store.state(key);
    const state = entry === undefined ? none : (JSON.parse(entry.value) as ReaderState);
    const isFree = state.holder === '' || state.until <= this.#desk.clock().getTime();
    if (!isFree) return undefined;
    this.#revision = entry?.revision ?? 0;
    return (await this.save(state.cursor)) ? state.cursor : undefined;
  }

  /** Extends the lease; false where another has it. */
  async save(cursor: number): Promise<boolean> {
    return this.#write({ holder: this.#holder, cursor });
  }

  async release(cursor: number): Promise<void> {
    if (this.#revision !== undefined) await this.#write({ holder: '', cursor });
  }

  async #write({ holder, cursor }: Omit<ReaderState, 'until'>): Promise<boolean> {
    const { store, clock } = this.#desk;
    const now = clock();
    const until = now.getTime() + limits.subscriptionLeaseMs;
    const value = JSON.stringify({ holder, until, cursor } satisfies ReaderState);
    const state = [{ key, value, expectRevision: this.#revision ?? 0 }];
    try {
      const { seq } = await store.commit({ now, origin: 'subscription', changes: [], state });
      this.#revision = seq;
      return true;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      this.#revision = undefined;
      return false;
    }
  }
}

const none: ReaderState = { holder: '', until: 0, cursor: 0 };
