import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { loopShare } from '../../ops/share.ts';
import { defaultPauses } from './desk.ts';
import type { SubscriptionDesk } from './desk.ts';
import { Engine } from './engine.ts';
import { ReaderLease } from './reader-state.ts';

export interface Subscriptions {
  /**
   * Resolves when every change committed so far has been held against the subscriptions, and what is owed and can be
   * delivered is; at once where another process serves them.
   */
  idle(): Promise<void>;
  /** Finishes what is being delivered, and leaves the rest to whoever comes next. */
  stop(): Promise<void>;
}

export type SubscriptionOptions = Omit<SubscriptionDesk, 'pauses' | 'share'> &
  Partial<Pick<SubscriptionDesk, 'pauses' | 'share'>>;

/** Serves the subscriptions, or waits for the process that does. */
export function startSubscriptions(options: SubscriptionOptions): Subscriptions {
  const server = new Server({ pauses: defaultPauses, share: loopShare(), ...options });
  const unsubscribe = options.store.outbox.onAppend(() => server.wake());
  const running = server.run();
  return {
    idle: () => server.idle(),
    stop: async () => {
      unsubscribe();
      server.stop();
      await running;
    },
  };
}

class Server {
  readonly #desk: SubscriptionDesk;
  readonly #stopping = new AbortController();
  #engine: Engine | undefined;
  #wake = Promise.withResolvers<void>();
  #rounds = 0;
  /** Another process serves them. */
  #isElsewhere = false;

  constructor(desk: SubscriptionDesk) {
    this.#desk = desk;
  }

  wake(): void {
    this.#wake.resolve();
  }

  stop(): void {
    this.#stopping.abort();
    this.wake();
  }

  async idle(): Promise<void> {
    // The round that is under way may have looked already; the one after it has not.
    const enough = this.#rounds + 2;
    while (this.#rounds < enough && !this.#isElsewhere && !this.#stopping.signal.aborted) {
      this.wake();
      await sleep(1);
    }
    await this.#engine?.idle();
  }

  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const lease = new ReaderLease(this.#desk);
      try {
        const cursor = await lease.acquire();
        this.#isElsewhere = cursor === undefined;
        if (cursor !== undefined) await this.#serve(lease, cursor);
      } catch (err) {
        this.#desk.log.error({ err }, 'subscriptions failed');
      }
      await this.#rest();
    }
  }

  /** Until we stop, or the lease is lost. */
  async #serve(lease: ReaderLease, from: number): Promise<void> {
    const engine = new Engine(this.#desk, from);
    this.#engine = engine;
    let savedAt = performance.now();
    try {
      await engine.load();
      while (!this.#stopping.signal.aborted) {
        const isMore = await engine.advance();
        await engine.sweep();
        this.#rounds += 1;
        if (performance.now() - savedAt > limits.subscriptionLeaseMs / 3) {
          if (!(await lease.save(engine.settled))) return;
          savedAt = performance.now();
        }
        if (!isMore) await this.#rest();
      }
    } finally {
      this.#engine = undefined;
      await engine.stop();
      await lease.release(engine.settled);
    }
  }

  /** Until something was committed; sooner or later anyway. */
  async #rest(): Promise<void> {
    const { signal } = this.#stopping;
    const due = new AbortController();
    const timer = sleep(limits.subscriptionPollMs, undefined, {
      signal: AbortSignal.any([signal, due.signal]),
      ref: false,
    }).catch(() => undefined);
    await Promise.race([this.#wake.promise, timer]);
    due.abort();
    this.#wake = Promise.withResolvers<void>();
  }
}
