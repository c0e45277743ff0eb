import { schedule, type ScheduledTask } from 'node-cron';
import type { Resource } from '../fhir/resource.ts';
import { loopShare, type Share } from '../ops/share.ts';
import type { Store } from '../store/store.ts';
import type { Channel } from './channel.ts';
import { inAppChannel } from './channels/in-app.ts';
import { logChannel } from './channels/log.ts';
import type { Desk } from './desk.ts';
import { drainOutbox } from './dispatch.ts';
import type { Log } from './log.ts';
import type { RuleBook } from './rules.ts';
import { runDueJobs } from './tick.ts';

export interface EngageOptions {
  readonly store: Store;
  readonly rules: RuleBook;
  readonly clock: () => Date;
  readonly log: Log;
  /** The site's zone, where settings.yaml names none. */
  readonly zone: string;
  /** The zone of the feed that a resource came by, for instance from meta.source. */
  readonly zoneOf?: (resource: Resource) => string | undefined;
  /** Further channels by id; in-app and log are always there. */
  readonly channels?: readonly Channel[];
  /** Of the thread; without it, a share of its own. */
  readonly share?: Share;
  /** node-cron expression of the tick. */
  readonly tick?: string;
}

export interface Engage {
  /** Resolves when no event is pending and no job is due. Rejects if the work it waited for failed. */
  idle(): Promise<void>;
  /** Finishes what was taken, and takes nothing more. */
  stop(): Promise<void>;
}

/** Starts handling events and due jobs; a commit wakes it, and so does the tick. */
export function start(options: EngageOptions): Engage {
  const desk = deskOf(options);
  const worker = new Worker(desk);
  const wake = (): void => worker.wake();
  const unsubscribe = options.store.outbox.onAppend(wake);
  const tick: ScheduledTask = schedule(options.tick ?? '*/15 * * * * *', wake);
  wake();
  return {
    idle: () => worker.round(),
    stop: async () => {
      unsubscribe();
      await tick.destroy();
      await worker.stop();
    },
  };
}

function deskOf(options: EngageOptions): Desk {
  const { store, rules, clock, log } = options;
  const channels = [inAppChannel(), logChannel(log), ...(options.channels ?? [])];
  return {
    store,
    rules,
    clock,
    log,
    share: options.share ?? loopShare(),
    zones: {
      ofFeed: options.zoneOf ?? (() => undefined),
      ofSite: rules.settings.zone ?? options.zone,
    },
    channels: new Map(channels.map((channel) => [channel.id, channel])),
  };
}

/**
 * One round at a time: events first, then due jobs, which an event may have taken back. What wakes it meanwhile makes it go
 * round once more, and so does what a round left.
 */
class Worker {
  readonly #desk: Desk;
  #running: Promise<void> | undefined;
  #again = false;
  #stopping = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  wake(): void {
    // A fault was logged by the round itself; the next wake tries again.
    this.round().catch(() => undefined);
  }

  round(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running?.catch(() => undefined);
  }

  async #work(): Promise<void> {
    const stopping = (): boolean => this.#stopping;
    try {
      while (this.#again && !this.#stopping) {
        this.#again = false;
        const left = [
          await drainOutbox(this.#desk, stopping),
          await runDueJobs(this.#desk, stopping),
        ];
        this.#again ||= left.includes('more');
      }
    } catch (error) {
      this.#desk.log.error({ err: error }, 'engage round failed');
      throw error;
    }
  }
}
