import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { beginning, readPage, type ReaderDesk } from './change-reader.ts';
import { DestinationLease, type FeedPlace } from './lease.ts';
import { Sender } from './sender.ts';
import type { Verdict } from './verdict.ts';

export interface Destinations {
  /** Something was queued, or a person changed something: it is looked at now. */
  wake(): void;
  /** Gives whoever waits for it the answer to a message that came another way; false where nobody does here. */
  answered(destination: string, controlId: string, verdict: Verdict): Promise<boolean>;
  /** Resolves when every change so far is queued and nothing can be sent now; at once where another process sends. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Sends to the destinations, or waits for the process that does. */
export function startDestinations(desk: ReaderDesk): Destinations {
  const office = new Office(desk);
  if (desk.destinations.length === 0) {
    return {
      wake: () => undefined,
      answered: () => Promise.resolve(false),
      idle: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
  }
  const unsubscribe = desk.store.outbox.onAppend(() => office.wake());
  const running = office.run();
  return {
    wake: () => office.wake(),
    answered: (...answer) => office.answered(...answer),
    idle: () => office.idle(),
    stop: async () => {
      unsubscribe();
      office.stop();
      await running;
    },
  };
}

/** The one process that has the lease reads the change feed and has a sender for each destination. */
class Office {
  readonly #desk: ReaderDesk;
  readonly #stopping = new AbortController();
  #senders: readonly Sender[] = [];
  #wake = Promise.withResolvers<void>();
  #rounds = 0;
  #isElsewhere = false;

  constructor(desk: ReaderDesk) {
    this.#desk = desk;
  }

  wake(): void {
    this.#wake.resolve();
    for (const sender of this.#senders) sender.wake();
  }

  async answered(destination: string, controlId: string, verdict: Verdict): Promise<boolean> {
    const sender = this.#senders.find((each) => each.destination.name === destination);
    return (await sender?.answered(controlId, verdict)) ?? false;
  }

  stop(): void {
    this.#stopping.abort();
    this.wake();
  }

  async idle(): Promise<void> {
    // The round that is under way may have looked already; the one after it has not.
    const enough = this.#rounds + 2;
    const isOver = (): boolean => this.#isElsewhere || this.#stopping.signal.aborted;
    this.wake();
    while (!isOver() && (this.#rounds < enough || !this.#senders.every(({ isIdle }) => isIdle))) {
      this.#wake.resolve();
      await sleep(2);
    }
  }

  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const lease = new DestinationLease(this.#desk);
      try {
        const found = await lease.acquire();
        this.#isElsewhere = found === undefined;
        if (found !== undefined) await this.#serve(lease, found);
      } catch (err) {
        this.#desk.log.error({ err }, 'destinations failed');
      }
      await this.#rest();
    }
  }

  /** Until we stop, or the lease is lost. */
  async #serve(lease: DestinationLease, found: FeedPlace): Promise<void> {
    const { destinations } = this.#desk;
    let place = await beginning(this.#desk, found);
    const isHeld = await lease.save(place);
    const senders = destinations.map((each) => new Sender(this.#desk, each, lease.holder));
    this.#senders = senders;
    for (const sender of senders) sender.start();
    try {
      let savedAt = performance.now();
      while (isHeld && !this.#stopping.signal.aborted) {
        const page = await readPage(this.#desk, place);
        const isDue = performance.now() - savedAt > limits.destinationLeaseMs / 3;
        if (page.isMore || isDue) {
          if (!(await lease.save(page.place, page.state))) return;
          savedAt = performance.now();
        }
        place = page.place;
        for (const each of senders) if (page.concerned.has(each.destination.name)) each.wake();
        this.#rounds += 1;
        if (!page.isMore) await this.#rest();
      }
    } finally {
      await Promise.all(senders.map((sender) => sender.stop()));
      this.#senders = [];
      await lease.release(place);
    }
  }

  /** Until something was committed; sooner or later anyway. */
  async #rest(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const due = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, due.signal]);
    const timer = sleep(limits.destinationPollMs, undefined, { signal, ref: false });
    await Promise.race([this.#wake.promise, timer.catch(() => undefined)]);
    due.abort();
    this.#wake = Promise.withResolvers<void>();
  }
}
