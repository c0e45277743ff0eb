/**
 * The subscriptions of a site: every committed change, in the order of the change feed, is held against those that are
 * active, and what concerns one is owed to it. One process at a time does this for all (reader-state.ts).
 */
import { OutcomeError } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { Principal } from '../../security/principal.ts';
import type { ChangeEvent, StoredVersion } from '../../store/store.ts';
import { happening, isConcerned, kindOf } from '../../subscription/match.ts';
import { planOf } from '../../subscription/plan.ts';
import type { SubscriptionPlan } from '../../subscription/plan.ts';
import { ownerKey, readRecord, recordKey, recordPrefix } from '../../subscription/record.ts';
import type { SubscriptionRecord } from '../../subscription/record.ts';
import type { SubscriptionDesk } from './desk.ts';
import { Gate } from './gate.ts';
import { Runner } from './runner.ts';
import { saveRecord, saveStatus, subscriptionOf } from './status.ts';
import type { KeptRecord } from './status.ts';

export class Engine {
  readonly #desk: SubscriptionDesk;
  readonly #gate = new Gate(limits.subscriptionParallelMax);
  readonly #runners = new Map<string, Runner>();
  #cursor: number;

  /** `cursor`: positions up to there are done with. */
  constructor(desk: SubscriptionDesk, cursor: number) {
    this.#desk = desk;
    this.#cursor = cursor;
  }

  /** No event up to here is owed to anybody. */
  get settled(): number {
    const owed = [...this.#runners.values()].map(({ owedFrom }) => owedFrom - 1);
    return Math.min(this.#cursor, ...owed);
  }

  /** Takes up the subscriptions that an earlier process served. */
  async load(): Promise<void> {
    for (const { value, revision } of await this.#desk.store.states(recordPrefix)) {
      await this.#serve({ record: readRecord(value), revision });
    }
  }

  /** Holds the next changes against the subscriptions; false where there are none. */
  async advance(): Promise<boolean> {
    const events = await this.#desk.store.changes(this.#cursor, limits.subscriptionPageMax);
    for (const event of events) {
      if (event.type === 'Subscription') await this.#meet(event);
      await this.#tell(event);
      this.#cursor = event.position;
    }
    return events.length > 0;
  }

  /** Ends those whose time is over. */
  async sweep(): Promise<void> {
    const now = this.#desk.clock().getTime();
    for (const [id, runner] of this.#runners) {
      const { end } = runner.plan;
      if (end === undefined || end > now) continue;
      await this.#drop(id);
      await saveStatus(this.#desk, runner.kept, { status: 'off' });
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }

  /** Resolves when no event is owed that could be delivered. */
  async idle(): Promise<void> {
    for (;;) {
      const working = [...this.#runners.values()].flatMap((runner) => runner.working ?? []);
      if (working.length === 0) return;
      await Promise.all(working);
    }
  }

  async #tell(event: ChangeEvent): Promise<void> {
    const kind = kindOf(event);
    const asked = [...this.#runners.values()].filter((runner) => {
      const { plan, record, isOver } = runner;
      if (isOver || event.position <= record.cursor) return false;
      return plan.type === event.type && plan.kinds.has(kind);
    });
    if (asked.length === 0) return;
    // Reads of an embedded store may answer at once: others get their turn.
    await this.#desk.share.turn();
    const told = await happening(this.#desk.store, event);
    if (told === undefined) return;
    for (const runner of asked) {
      const { plan, record } = runner;
      const isTold = await isConcerned(this.#desk.store, plan, record.owner, told);
      if (isTold) runner.offer(event.position);
    }
  }

  /** A Subscription was written: it begins, goes on as changed, or ends. */
  async #meet({ id, versionId, position }: ChangeEvent): Promise<void> {
    // Our own writing of its status.
    if (Number(versionId) <= Number((await this.#recordOf(id))?.record.versionId ?? 0)) return;
    const current = await this.#desk.store.read('Subscription', id);
    // A later version will be met.
    if (current?.versionId !== versionId) return;
    const owed = this.#runners.get(id)?.owed ?? [];
    await this.#drop(id);
    const owner = isWanted(current) ? await this.#ownerOf(id) : undefined;
    if (owner === undefined) await this.#forget(id);
    else await this.#begin({ id, versionId, owner, position }, owed);
  }

  async #begin(
    {
      position,
      ...begun
    }: Pick<SubscriptionRecord, 'id' | 'versionId' | 'owner'> & {
      readonly position: number;
    },
    owed: readonly number[],
  ): Promise<void> {
    const known = await this.#recordOf(begun.id);
    const { events, recent } = known?.record ?? { events: 0, recent: [] };
    // What was owed before it was changed still is.
    const cursor = owed.length > 0 ? (known?.record.cursor ?? position) : position;
    const record: SubscriptionRecord = {
      ...begun,
      events,
      recent,
      cursor,
      status: 'requested',
      failures: 0,
      retryAt: 0,
    };
    const kept = await saveRecord(this.#desk, { revision: known?.revision ?? 0 }, record);
    if (kept !== undefined) await this.#serve(kept);
    for (const one of owed) this.#runners.get(begun.id)?.offer(one);
  }

  async #recordOf(id: string): Promise<KeptRecord | undefined> {
    const entry = await this.#desk.store.state(recordKey(id));
    return entry && { record: readRecord(entry.value), revision: entry.revision };
  }

  async #ownerOf(id: string): Promise<Principal | undefined> {
    const entry = await this.#desk.store.state(ownerKey(id));
    return entry === undefined ? undefined : (JSON.parse(entry.value) as Principal);
  }

  async #serve(kept: KeptRecord): Promise<void> {
    const { record } = kept;
    if (record.status === 'error') return;
    const plan = await this.#planOf(kept);
    if (plan === undefined) return;
    const runner = new Runner(this.#desk, this.#gate, plan, kept);
    this.#runners.set(record.id, runner);
    runner.wake();
  }

  /** Undefined where the resource is gone, or asks for what cannot be done: then it says so. */
  async #planOf(kept: KeptRecord): Promise<SubscriptionPlan | undefined> {
    const { store, clock, baseUrl, outbound, conformance: topics } = this.#desk;
    const current = await store.read('Subscription', kept.record.id);
    if (current === undefined || current.deleted) return undefined;
    const objection = (url: string): string | undefined => outbound.objection(url);
    try {
      const now = clock().getTime();
      return planOf(subscriptionOf(current), { now, baseUrl, topics, objection });
    } catch (error) {
      if (!(error instanceof OutcomeError)) throw error;
      await saveStatus(this.#desk, kept, { status: 'error', error: error.message });
      return undefined;
    }
  }

  async #drop(id: string): Promise<void> {
    const runner = this.#runners.get(id);
    this.#runners.delete(id);
    await runner?.stop();
  }

  async #forget(id: string): Promise<void> {
    const state = [{ key: recordKey(id) }];
    const now = this.#desk.clock();
    await this.#desk.store.commit({ now, origin: 'subscription', changes: [], state });
  }
}

/** Whether its client wants it to be served. */
function isWanted(version: StoredVersion): boolean {
  if (version.deleted) return false;
  const { status } = subscriptionOf(version);
  return status === 'requested' || status === 'active';
}
