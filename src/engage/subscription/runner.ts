/**
 * Serves one subscription: handshake, then its events in their order, each batch saved before the next begins, so that
 * after a crash the batch under way is sent again and nothing is passed over. A receiver that fails is waited for, with
 * growing pauses; in the end the subscription is in error and says why.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import { OutboundRefused } from '../../ops/outbound.ts';
import { accessText } from '../../security/audit-event.ts';
import { happening, patientsOf } from '../../subscription/match.ts';
import type { NotifiedEvent } from '../../subscription/notification.ts';
import type { SubscriptionPlan } from '../../subscription/plan.ts';
import { eventAt, withEvents } from '../../subscription/recent-events.ts';
import { withoutError } from '../../subscription/record.ts';
import type { SubscriptionRecord } from '../../subscription/record.ts';
import type { SubscriptionDesk } from './desk.ts';
import type { Gate } from './gate.ts';
import { callHook } from './send.ts';
import type { Delivery } from './send.ts';
import { saveRecord, saveStatus } from './status.ts';
import type { KeptRecord } from './status.ts';

export class Runner {
  readonly plan: SubscriptionPlan;
  readonly #desk: SubscriptionDesk;
  readonly #gate: Gate;
  #kept: KeptRecord;
  /** Positions of events that are owed, in their order. */
  readonly #owed: number[] = [];
  readonly #stopping = new AbortController();
  /** Cuts the call under way. */
  readonly #cutting = new AbortController();
  #working: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Another process serves it now, or its client has written it, and it is met anew: with what is owed until then. */
  #isStale = false;

  constructor(desk: SubscriptionDesk, gate: Gate, plan: SubscriptionPlan, kept: KeptRecord) {
    this.#desk = desk;
    this.#gate = gate;
    this.plan = plan;
    this.#kept = kept;
  }

  get record(): SubscriptionRecord {
    return this.#kept.record;
  }

  get kept(): KeptRecord {
    return this.#kept;
  }

  /** Positions of events that are owed, in their order. */
  get owed(): readonly number[] {
    return this.#isOver ? [] : [...this.#owed];
  }

  /** The first position that is owed; Infinity where nothing is. */
  get owedFrom(): number {
    return this.#isOver ? Infinity : (this.#owed[0] ?? Infinity);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when nothing more can be done now. */
  get working(): Promise<void> | undefined {
    return this.#working;
  }

  offer(position: number): void {
    if (this.#isOver || position <= this.record.cursor) return;
    this.#owed.push(position);
    this.wake();
  }

  wake(): void {
    if (!this.#goesOn()) return;
    this.#working ??= this.#work()
      .catch((err: unknown) => {
        this.#desk.log.error({ subscription: this.plan.id, err }, 'subscription failed');
        // The store was away: what is owed still is.
        setTimeout(() => this.wake(), limits.subscriptionPollMs).unref();
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** What is under way may come to its end, so that it need not be repeated; but not for long. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#heartbeat);
    const cut = setTimeout(() => this.#cutting.abort(), limits.subscriptionGraceMs);
    await this.#working;
    clearTimeout(cut);
  }

  async #work(): Promise<void> {
    if (this.record.status === 'requested') await this.#begin();
    while (this.#goesOn() && this.record.status === 'active' && this.#owed.length > 0) {
      await this.#deliverSome();
    }
    this.#scheduleHeartbeat();
  }

  #goesOn(): boolean {
    return !this.#isOver && !this.#isStale && !this.#stopping.signal.aborted;
  }

  /** A rest-hook by topic must take a handshake first; the others begin at once. */
  async #begin(): Promise<void> {
    const { plan } = this;
    const isHook = plan.channel.type === 'rest-hook' && plan.topic !== undefined;
    const handshake = { type: 'handshake', events: this.record.events, notified: [] } as const;
    while (isHook && this.#goesOn()) {
      if (await this.#call(handshake)) break;
    }
    if (this.#goesOn()) this.#take(await saveStatus(this.#desk, this.#kept, { status: 'active' }));
  }

  async #deliverSome(): Promise<void> {
    if (this.#owed.length > limits.subscriptionBacklogMax) {
      await this.#giveUp('More events wait for the receiver than are kept');
      return;
    }
    const { channel, topic } = this.plan;
    const isHook = channel.type === 'rest-hook';
    const most = isHook
      ? topic === undefined
        ? 1
        : channel.eventsMax
      : limits.subscriptionBatchMax;
    const positions = this.#owed.slice(0, most);
    const notified: NotifiedEvent[] = [];
    for (const [i, position] of positions.entries()) {
      notified.push(...(await eventAt(this.#desk.store, this.record.events + i + 1, position)));
    }
    const events = this.record.events + positions.length;
    const delivery = { type: 'event-notification', events, notified } as const;
    if (isHook && !(await this.#call(delivery))) return;
    const next = {
      ...this.record,
      ...withEvents(this.record, positions),
      cursor: positions.at(-1) ?? this.record.cursor,
    };
    const audit = [{ event: await this.#disclosure(notified) }];
    this.#take(await saveRecord(this.#desk, this.#kept, next, { audit }));
    if (!this.#isStale) this.#owed.splice(0, positions.length);
  }

  /** False where it failed, and has been waited for. */
  async #call(delivery: Delivery): Promise<boolean> {
    await this.#pause(this.record.retryAt - this.#desk.clock().getTime());
    const { signal } = this.#cutting;
    if (!this.#goesOn()) return false;
    try {
      await this.#gate.pass(() => callHook(this.#desk, this.plan, delivery, signal));
      const record = { ...withoutError(this.record), failures: 0, retryAt: 0 };
      this.#kept = { ...this.#kept, record };
      return true;
    } catch (error) {
      if (this.#goesOn()) await this.#failed(error);
      return false;
    }
  }

  async #failed(error: unknown): Promise<void> {
    const why = error instanceof Error ? error.message : 'The receiver cannot be reached';
    const { failures } = this.record;
    const pause = error instanceof OutboundRefused ? undefined : this.#desk.pauses[failures];
    if (pause === undefined) {
      await this.#giveUp(why);
      return;
    }
    const { id } = this.plan;
    this.#desk.log.warn({ subscription: id, failures: failures + 1 }, 'receiver failed');
    const retryAt = this.#desk.clock().getTime() + pause;
    const next = { ...this.record, failures: failures + 1, retryAt, error: why };
    this.#take(await saveRecord(this.#desk, this.#kept, next));
    await this.#pause(pause);
  }

  async #giveUp(error: string): Promise<void> {
    this.#desk.log.warn({ subscription: this.plan.id }, 'subscription is in error');
    this.#take(await saveStatus(this.#desk, this.#kept, { status: 'error', error }));
    this.#isOver = !this.#isStale;
  }

  #take(kept: KeptRecord | undefined): void {
    if (kept === undefined) this.#isStale = true;
    else this.#kept = kept;
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    const { signal } = this.#stopping;
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }

  /** Where nothing has been sent for so long, a word that all is well. */
  #scheduleHeartbeat(): void {
    clearTimeout(this.#heartbeat);
    const { type, heartbeatMs } = this.plan.channel;
    const { topic } = this.plan;
    if (type !== 'rest-hook' || heartbeatMs === undefined || topic === undefined) return;
    if (!this.#goesOn() || this.record.status !== 'active') return;
    this.#heartbeat = setTimeout(() => void this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  async #beat(): Promise<void> {
    if (this.#working !== undefined || !this.#goesOn()) return;
    const beat = { type: 'heartbeat', events: this.record.events, notified: [] } as const;
    this.#working = this.#call(beat)
      .then(() => undefined)
      .catch((err: unknown) => {
        this.#desk.log.error({ subscription: this.plan.id, err }, 'heartbeat failed');
      })
      .finally(() => {
        this.#working = undefined;
      });
    await this.#working;
    this.wake();
  }

  /** The audit event of what went out. */
  async #disclosure(notified: readonly NotifiedEvent[]): Promise<string> {
    const patients = new Set<string>();
    for (const { event } of notified) {
      const told = await happening(this.#desk.store, event);
      for (const patient of told === undefined ? [] : patientsOf(told)) patients.add(patient);
    }
    return accessText({
      at: this.#desk.clock(),
      interaction: 'notification',
      principal: this.record.owner,
      requestId: `subscription:${this.plan.id}`,
      resources: notified.map(({ event: { type, id, versionId } }) => {
        return `${type}/${id}/_history/${versionId}`;
      }),
      patients: [...patients],
      status: 200,
    });
  }
}
