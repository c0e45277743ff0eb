/**
 * ONE DESTINATION'S QUEUE, one message at a time and in order: claim the head, say durably that it is on its way, send,
 * wait for the answer to it, and settle it in one commit. Killed before the second step, the message was not sent;
 * killed after it, what became of it is not known, and it is sent again with the same MSH-10.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../limits.ts';
import type { AuditRecord } from '../../store/store.ts';
import { disclosure } from './audit.ts';
import { putControl, readControl, tryCommit, type Control, type KeptControl } from './control.ts';
import {
  bytesOf,
  deliveriesOf,
  put,
  readDelivery,
  remove,
  removeBytes,
  type KeptDelivery,
} from './delivery.ts';
import type { DestinationDesk } from './desk.ts';
import type { Destination } from './destination.ts';
import { trimDone } from './done.ts';
import { Line } from './line.ts';
import { maintenanceEnd } from './maintenance.ts';
import type { Verdict } from './verdict.ts';
import { afterSending, beforeSending, type Sent, type Settled } from './outcome.ts';

/** The head of the queue with the control document, as they are stored. */
interface Turn {
  readonly kept: KeptControl;
  readonly head: KeptDelivery;
}

interface Asked {
  readonly controlId: string;
  readonly elsewhere: PromiseWithResolvers<Verdict>;
  readonly isSettled: Promise<void>;
}

export class Sender {
  readonly destination: Destination;
  readonly #desk: DestinationDesk;
  readonly #holder: string;
  readonly #line: Line;
  readonly #stopping = new AbortController();
  /** What was read of the queue and is not yet settled. */
  #queue: KeptDelivery[] = [];
  #control: KeptControl | undefined;
  #wake = Promise.withResolvers<void>();
  #isIdle = false;
  /** The message whose answer is waited for. */
  #asked: Asked | undefined;
  #running: Promise<void> | undefined;

  /** `holder` names this process in its present turn. */
  constructor(desk: DestinationDesk, destination: Destination, holder: string) {
    this.#desk = desk;
    this.destination = destination;
    this.#holder = holder;
    this.#line = new Line(destination);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks at the store anew: something was queued, or a person changed something. */
  wake(): void {
    this.#isIdle = false;
    this.#wake.resolve();
  }

  /** Whether there is nothing that could be sent now. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** The message on its way may still get its answer, but not for long. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    const cut = setTimeout(() => this.#line.close(), limits.destinationGraceMs);
    await this.#running;
    clearTimeout(cut);
    this.#line.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      let restMs: number;
      try {
        restMs = await this.#step();
      } catch (err) {
        this.#desk.log.error({ destination: this.destination.name, err }, 'destination failed');
        this.#forget();
        restMs = limits.destinationPollMs;
      }
      if (restMs > 0) await this.#rest(restMs);
    }
  }

  /** Does the next thing; how long to wait before the one after it, in milliseconds. */
  async #step(): Promise<number> {
    const now = this.#desk.clock();
    const turn = await this.#turn();
    const from = turn && sendFrom(turn, this.destination, now);
    const waitMs = from === undefined ? Infinity : from.getTime() - now.getTime();
    if (turn !== undefined && waitMs <= 0) {
      await this.#send(turn);
      return 0;
    }
    // Whoever waits looks at the store again after it: people may have acted. And a clock may be set.
    this.#forget();
    return Math.min(waitMs, limits.destinationPollMs);
  }

  /** Undefined where nothing is to be sent, or another process sends. */
  async #turn(): Promise<Turn | undefined> {
    const { store } = this.#desk;
    const { name } = this.destination;
    this.#control ??= await this.#own();
    if (this.#queue.length === 0) this.#queue = [...(await deliveriesOf(store, name, 'queue'))];
    const [head] = this.#queue;
    if (this.#control !== undefined && head !== undefined) return { kept: this.#control, head };
    this.#forget();
    return undefined;
  }

  /** The control document, with this process in it as the one that sends. */
  async #own(): Promise<KeptControl | undefined> {
    const { name } = this.destination;
    const { store, clock } = this.#desk;
    const kept = await readControl(store, name);
    if (kept.control.holder === this.#holder) return kept;
    const control = { ...kept.control, holder: this.#holder };
    const state = [putControl(name, kept, control)];
    const done = await tryCommit(store, { now: clock(), state });
    return done && { control, revision: done.seq };
  }

  async #send(turn: Turn): Promise<void> {
    const { kept, head } = turn;
    const bytes = await bytesOf(this.#desk.store, head.delivery);
    const begun = beforeSending({ control: kept.control, delivery: head.delivery });
    const audit = [disclosure(begun.delivery, this.#desk.clock())];
    const sending = await this.#save(turn, begun, audit);
    if (sending === undefined) return;
    const { controlId } = head.delivery;
    const elsewhere = Promise.withResolvers<Verdict>();
    const isSettled = Promise.withResolvers<void>();
    this.#asked = { controlId, elsewhere, isSettled: isSettled.promise };
    try {
      const sent = await Promise.race([this.#line.send(bytes, controlId), elsewhere.promise]);
      await this.#settle(sending, sent);
    } finally {
      this.#asked = undefined;
      isSettled.resolve();
    }
  }

  /** An answer that came another way: whether it was waited for. Resolves when what follows from it is written. */
  async answered(controlId: string, verdict: Verdict): Promise<boolean> {
    const asked = this.#asked;
    if (asked?.controlId !== controlId) return false;
    asked.elsewhere.resolve(verdict);
    // What may still come on the connection would be taken for the answer to the next message.
    this.#line.close();
    await asked.isSettled;
    return true;
  }

  /** Commits what became of it; works it out anew where a person changed something meanwhile. */
  async #settle(sending: Turn, sent: Sent): Promise<void> {
    const { store, clock } = this.#desk;
    const { destination } = this;
    for (let turn: Turn | undefined = sending; turn !== undefined; turn = await this.#again(turn)) {
      const standing = { control: turn.kept.control, delivery: turn.head.delivery };
      const settled = afterSending(standing, sent, { destination, now: clock() });
      if ((await this.#save(turn, settled)) === undefined) continue;
      this.#tell(turn.kept.control, settled.control);
      if (settled.list === 'done') await trimDone(store, { ...settled, now: clock() });
      return;
    }
  }

  /** Undefined where another process has taken over, or somebody has taken the message out. */
  async #again({ head }: Turn): Promise<Turn | undefined> {
    const { store } = this.#desk;
    const kept = await readControl(store, this.destination.name);
    const found = await readDelivery(store, head.delivery, 'queue');
    if (kept.control.holder !== this.#holder || found === undefined) return undefined;
    return { kept, head: found };
  }

  /** Undefined where control or delivery were changed by others: both are then read anew. */
  async #save(
    { kept, head }: Turn,
    settled: Settled,
    audit: readonly AuditRecord[] = [],
  ): Promise<Turn | undefined> {
    const { store, clock } = this.#desk;
    const { control, delivery, list } = settled;
    const others = this.#queue.slice(1);
    this.#forget();
    const placed =
      list === 'queue'
        ? [{ ...put('queue', delivery), expectRevision: head.revision }]
        : [remove('queue', head), put(list, delivery)];
    const freed = list === 'done' ? removeBytes(delivery) : [];
    const state = [putControl(this.destination.name, kept, control), ...placed, ...freed];
    const done = await tryCommit(store, { now: clock(), state, audit });
    if (done === undefined) return undefined;
    const turn = {
      kept: { control, revision: done.seq },
      head: { delivery, revision: done.seq },
    };
    this.#control = turn.kept;
    this.#queue = list === 'queue' ? [turn.head, ...others] : others;
    return turn;
  }

  #forget(): void {
    this.#control = undefined;
    this.#queue = [];
  }

  /** One line when it goes and one when it comes back, not one for each try. */
  #tell(before: Control, { breaker, failures, lastError }: Control): void {
    const destination = this.destination.name;
    const { log } = this.#desk;
    if (failures === 1 && before.failures === 0) {
      log.warn({ destination, reason: lastError }, 'destination does not answer');
    }
    if (breaker === 'open' && before.failures + 1 === this.destination.retry.breakAfter) {
      log.error({ destination, failures, reason: lastError }, 'destination is away');
    }
    if (failures === 0 && before.failures > 0) log.info({ destination }, 'destination is back');
  }

  async #rest(restMs: number): Promise<void> {
    this.#isIdle = true;
    const due = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, due.signal]);
    const timer = sleep(restMs, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.#wake.promise, timer]);
    due.abort();
    this.#isIdle = false;
  }
}

/** When the head may be sent; undefined where somebody has to act first. */
function sendFrom({ kept, head }: Turn, destination: Destination, now: Date): Date | undefined {
  const { control } = kept;
  const { state, nextRetryAt } = head.delivery;
  if (control.paused !== undefined || state === 'held') return undefined;
  const times = [
    maintenanceEnd(destination.maintenance, now)?.getTime(),
    Date.parse(control.retryAt ?? ''),
    Date.parse(nextRetryAt ?? ''),
  ].filter((time) => time !== undefined && !Number.isNaN(time));
  return new Date(Math.max(now.getTime(), ...(times as number[])));
}
