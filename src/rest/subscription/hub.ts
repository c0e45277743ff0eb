/**
 * Those who listen: WebSockets and event streams. What they hear stands in the record of the subscription, which
 * whatever process serves it writes; it is looked at every so often, once for all who listen to the same.
 */
import { limits } from '../../limits.ts';
import type { Principal } from '../../security/principal.ts';
import { notificationBundle } from '../../subscription/notification.ts';
import { eventsBetween } from '../../subscription/recent-events.ts';
import { readRecord, recordKey } from '../../subscription/record.ts';
import type { SubscriptionRecord } from '../../subscription/record.ts';
import type { RestContext } from '../call.ts';
import { accessOf } from '../trace.ts';
import { notificationOf, seenBy } from './subscription-view.ts';
import type { SubscriptionView } from './subscription-view.ts';

export interface Listener {
  readonly principal: Principal;
  readonly requestId: string;
  readonly view: SubscriptionView;
  /** Events are told, the last of which has this number; `bundle` makes the notification. */
  readonly onEvents: (last: number, bundle: () => string) => void;
  /** The subscription is no more, or not active. */
  readonly onEnd: () => void;
}

interface Listening extends Listener {
  /** The last event that was told. */
  told: number;
}

export class Hub {
  readonly #context: RestContext;
  readonly #listening = new Map<string, Set<Listening>>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(context: RestContext) {
    this.#context = context;
  }

  /** Tells what comes after event `told`. Returns how to end it. */
  listen(listener: Listener, told: number): () => void {
    const { id } = listener.view;
    const all = this.#listening.get(id) ?? new Set();
    this.#listening.set(id, all);
    const one: Listening = { ...listener, told };
    all.add(one);
    this.#timer ??= setInterval(() => void this.#look(), limits.listenerPollMs);
    return () => this.#end(one);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#listening.clear();
  }

  #end(one: Listening): void {
    const all = this.#listening.get(one.view.id);
    all?.delete(one);
    if (all?.size === 0) this.#listening.delete(one.view.id);
    if (this.#listening.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const [id, listening] of [...this.#listening]) await this.#lookAt(id, [...listening]);
    } catch (err) {
      this.#context.log.error({ err }, 'Those who listen could not be told');
    } finally {
      this.#looking = false;
    }
  }

  async #lookAt(id: string, listening: readonly Listening[]): Promise<void> {
    const entry = await this.#context.store.state(recordKey(id));
    const record = entry === undefined ? undefined : readRecord(entry.value);
    for (const one of listening) {
      // The owner has another name now, or it has ended.
      const isOver = record === undefined || record.status === 'error';
      if (isOver) one.onEnd();
      else if (record.events > one.told) await this.#tell(one, record);
    }
  }

  async #tell(one: Listening, record: SubscriptionRecord): Promise<void> {
    const { principal, requestId, view } = one;
    const from = one.told + 1;
    one.told = record.events;
    const events = await eventsBetween(this.#context.store, record, { from, to: record.events });
    const notified = seenBy(principal, events);
    const shown = notified.flatMap(({ version }) => version ?? []);
    const who = { principal, requestId, path: `Subscription/${view.id}/$events` };
    if (shown.length > 0) {
      await this.#context.recordAccess(
        accessOf(this.#context, who, { interaction: 'read', shown }),
      );
    }
    one.onEvents(record.events, () => {
      const said = { type: 'event-notification', notified, events: record.events } as const;
      return notificationBundle(notificationOf(this.#context, { ...view, status: 'active' }, said));
    });
  }
}
