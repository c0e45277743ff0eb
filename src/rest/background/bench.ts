/**
 * Where background work is carried out: takes what is new, what an earlier process left, and what another process
 * that has fallen silent held; at most limits.backgroundParallelMax at once. Takes away what has expired.
 */
import { errorIssue, fail, OutcomeError } from '../../fhir/issue.ts';
import type { Issue } from '../../fhir/issue.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import { limits } from '../../limits.ts';
import { accessText } from '../../security/audit-event.ts';
import { CommitRefused } from '../../store/store.ts';
import type { StateChange, StateEntry } from '../../store/store.ts';
import type { Call, RestContext } from '../call.ts';
import { HeldWork, WorkLost } from './held-work.ts';
import { partKey, partPrefix, putWork, readWork, workKey, workPrefix } from './work.ts';
import type { NewWork, Work, WorkKind } from './work.ts';

/** Carries a kind of work to its end. Throws what is wrong with the work, which then counts as failed. */
export type Worker = (context: RestContext, held: HeldWork) => Promise<void>;

export class WorkBench {
  readonly #context: RestContext;
  readonly #workers: Readonly<Record<WorkKind, Worker>>;
  readonly #holder: string;
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(context: RestContext, workers: Readonly<Record<WorkKind, Worker>>) {
    this.#context = context;
    this.#workers = workers;
    this.#holder = context.newId();
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), limits.backgroundPollMs);
    this.#timer.unref();
    this.wake();
  }

  /** Leaves what is under way where it stands, free to be taken up. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#looking;
    await Promise.all(this.#running.values());
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    await this.#look();
    while (this.#running.size > 0) {
      await Promise.all(this.#running.values());
      await this.#look();
    }
  }

  wake(): void {
    this.#look().catch((err: unknown) => {
      this.#context.log.error({ err }, 'Background work could not be looked for');
    });
  }

  /** Takes work on, durably; the audit event of the request is in the same commit. Throws `throttled`. */
  async take(call: Call, { kind, interaction, task, parts = [] }: NewWork): Promise<Work> {
    const { store, clock, baseUrl } = this.#context;
    const kept = (await store.states(workPrefix)).map(({ value }) => readWork(value));
    const waiting = kept.filter(({ status }) => status === 'running').length;
    const own = kept.filter(({ owner }) => owner.id === call.principal.id).length;
    const isFull =
      waiting >= limits.backgroundWaitingMax || kept.length >= limits.backgroundKeptMax;
    if (isFull || own >= limits.backgroundOwnMax) {
      fail(
        'throttled',
        'Too many exports, imports and asynchronous requests are kept; DELETE some',
      );
    }
    const now = clock();
    const query = call.params.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const asked = `${call.path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
    const work: Work = {
      id: this.#context.newId(),
      kind,
      owner: call.principal,
      requestId: call.requestId,
      request: `${baseUrl}/${asked}`,
      startedAt: now.getTime(),
      expiresAt: now.getTime() + limits.backgroundKeptMs,
      status: 'running',
      // Nobody begins before all pieces are there.
      holder: parts.length === 0 ? '' : this.#holder,
      until: parts.length === 0 ? 0 : now.getTime() + limits.backgroundLeaseMs,
      faults: 0,
      progress: 'Waiting for its turn',
      task,
    };
    const event = accessText({
      at: now,
      interaction,
      principal: call.principal,
      requestId: call.requestId,
      resources: [],
      patients: [],
      query: asked,
      status: 202,
    });
    const state = [putWork(work, 0), { key: partKey(work.id, 'start'), value: '' }];
    const audit = [{ event }];
    const { seq } = await store.commit({ now, origin: 'rest', changes: [], state, audit });
    if (parts.length > 0) await this.#keepParts({ work, revision: seq }, parts);
    this.wake();
    return work;
  }

  /** One commit each, as a body may be longer than one takes; then the work may begin. */
  async #keepParts(
    held: { readonly work: Work; readonly revision: number },
    parts: NonNullable<NewWork['parts']>,
  ): Promise<void> {
    const { store, clock } = this.#context;
    const taking = new HeldWork({ store, clock }, held, this.#stopping.signal);
    for (const [name, value] of parts) {
      await taking.save({}, { state: [{ key: partKey(held.work.id, name), value }] });
    }
    await taking.save({ holder: '', until: 0 });
  }

  async #look(): Promise<void> {
    this.#again = true;
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #lookOnce(): Promise<void> {
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      const entries = await this.#context.store.states(workPrefix);
      for (const entry of entries) {
        if (this.#stopping.signal.aborted) return;
        await this.#consider(entry);
      }
    }
  }

  async #consider(entry: StateEntry): Promise<void> {
    const work = readWork(entry.value);
    const now = this.#context.clock().getTime();
    if (this.#running.has(work.id)) return;
    if (work.expiresAt <= now) {
      await dropWork(this.#context, work.id);
      return;
    }
    if (work.status !== 'running' || work.until > now) return;
    if (this.#running.size >= limits.backgroundParallelMax) return;
    const held = await this.#acquire(work, entry.revision);
    if (held === undefined) return;
    const done = this.#carry(held).finally(() => {
      this.#running.delete(work.id);
      if (!this.#stopping.signal.aborted) this.wake();
    });
    this.#running.set(work.id, done);
  }

  async #acquire(work: Work, revision: number): Promise<HeldWork | undefined> {
    const { store, clock } = this.#context;
    const held = new HeldWork({ store, clock }, { work, revision }, this.#stopping.signal);
    try {
      await held.save({ holder: this.#holder });
      return held;
    } catch (error) {
      if (error instanceof WorkLost) return undefined;
      throw error;
    }
  }

  async #carry(held: HeldWork): Promise<void> {
    const { log } = this.#context;
    const { id, kind } = held.work;
    const beat = setInterval(() => {
      held.beat().catch(() => undefined);
    }, limits.backgroundLeaseMs / 3);
    try {
      await this.#workers[kind](this.#context, held);
      if (held.work.status === 'running') await held.save({ holder: '', until: 0 });
    } catch (error) {
      if (error instanceof WorkLost) log.info({ id, kind }, 'Background work was cancelled');
      else await this.#broken(held, error);
    } finally {
      clearInterval(beat);
    }
  }

  /** What is wrong with the work ends it; a fault of ours is tried again, a bounded number of times. */
  async #broken(held: HeldWork, error: unknown): Promise<void> {
    const { log, clock } = this.#context;
    const { id, kind, faults } = held.work;
    const issues = error instanceof OutcomeError ? error.issues : undefined;
    if (issues === undefined) log.error({ id, kind, err: error }, 'Background work failed');
    const again = issues === undefined && faults + 1 < limits.backgroundAttemptsMax;
    const until = clock().getTime() + (again ? limits.backgroundPollMs * 2 ** faults : 0);
    const step = again
      ? { faults: faults + 1, holder: '', until }
      : { status: 'failed' as const, holder: '', result: outcomeOf(issues ?? [ours(held)]) };
    await held.save(step).catch((err: unknown) => {
      if (!(err instanceof WorkLost)) log.error({ id, kind, err }, 'Background work was not saved');
    });
  }
}

function ours({ work }: HeldWork): Issue {
  return errorIssue('exception', `A fault of the server; its log has it under ${work.id}`);
}

function outcomeOf(issues: readonly Issue[]): unknown {
  return toOperationOutcome(issues);
}

/** Takes a work away with all its pieces; whoever is at it is refused at the next save. */
export async function dropWork(context: RestContext, id: string): Promise<void> {
  const { store, clock } = context;
  const drop = async (keys: readonly string[]): Promise<void> => {
    const state = keys.map((key): StateChange => ({ key }));
    await store.commit({ now: clock(), origin: 'rest', changes: [], state });
  };
  try {
    await drop([workKey(id)]);
    for (;;) {
      const parts = await store.states(partPrefix(id));
      if (parts.length === 0) return;
      await drop(parts.slice(0, 500).map(({ key }) => key));
    }
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
  }
}
