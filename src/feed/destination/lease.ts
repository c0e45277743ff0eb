/**
 * Which process sends to destinations, and how far the change feed was held against them: one document of the store's
 * state. A process that falls silent is followed by another.
 */
import { limits } from '../../limits.ts';
import type { StateChange } from '../../store/store.ts';
import { tryCommit } from './control.ts';
import type { DestinationDesk } from './desk.ts';

/** How far the change feed is done with. */
export interface FeedPlace {
  /** Positions up to there are. */
  readonly cursor: number;
  /** The position after which each destination gets changes, by name. */
  readonly since: Readonly<Record<string, number>>;
}

interface LeaseDocument extends FeedPlace {
  readonly holder: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

const key = 'destinations';
const unheld: LeaseDocument = { holder: '', until: 0, cursor: 0, since: {} };

export class DestinationLease {
  readonly holder: string;
  readonly #desk: DestinationDesk;
  #revision: number | undefined;

  constructor(desk: DestinationDesk) {
    this.#desk = desk;
    this.holder = desk.newId();
  }

  /** Where the change feed stands, if the lease could be had. */
  async acquire(): Promise<FeedPlace | undefined> {
    const { store, clock, isAlone = false } = this.#desk;
    const entry = await store.state(key);
    const found = entry === undefined ? unheld : (JSON.parse(entry.value) as LeaseDocument);
    const isFree = isAlone || found.holder === '' || found.until <= clock().getTime();
    if (!isFree) return undefined;
    this.#revision = entry?.revision ?? 0;
    const { cursor, since } = found;
    return (await this.save({ cursor, since })) ? { cursor, since } : undefined;
  }

  /** Extends the lease, in one commit with what was found up to there; false where another has it. */
  async save(place: FeedPlace, state: readonly StateChange[] = []): Promise<boolean> {
    return this.#write(this.holder, place, state);
  }

  async release(place: FeedPlace): Promise<void> {
    if (this.#revision !== undefined) await this.#write('', place, []);
  }

  async #write(holder: string, place: FeedPlace, state: readonly StateChange[]): Promise<boolean> {
    const { store, clock } = this.#desk;
    const now = clock();
    const until = now.getTime() + limits.destinationLeaseMs;
    const value = JSON.stringify({ holder, until, ...place } satisfies LeaseDocument);
    const own = { key, value, expectRevision: this.#revision ?? 0 };
    const done = await tryCommit(store, { now, state: [own, ...state] });
    this.#revision = done?.seq;
    return done !== undefined;
  }
}
