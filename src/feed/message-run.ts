import { elementOf } from '../fhir/difference.ts';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { limits } from '../limits.ts';
import { auditEvent } from '../security/audit-event.ts';
import type { AuditRecord, JournalEntry, Store } from '../store/store.ts';
import type { Log } from './log.ts';
import type { MessageQuery } from './message-query.ts';
import type { Doing } from './doing.ts';
import type { Rework, Shadow } from './rework.ts';

/**
 * `retry`: what was not taken is processed. `replay`: what was taken is processed once more. `shadow`: nothing is
 * written; what a replay would change is told.
 */
export type RunKind = 'retry' | 'replay' | 'shadow';

/** How far a run over many messages is, as JSON. */
export interface MessageRun {
  readonly id: string;
  readonly kind: RunKind;
  /** Who began it. */
  readonly by: string;
  /** Instants. */
  readonly startedAt: string;
  readonly updatedAt: string;
  /** `stopped`: its process ended before it did; to begin it anew does no harm. */
  readonly state: 'running' | 'done' | 'cancelled' | 'failed' | 'stopped';
  /** Messages looked at. */
  readonly done: number;
  /** Arrival of the last of them, an instant. */
  readonly reached?: string;
  /**
   * By outcome: states of retried messages; `changed`, `same` and `refused` of replayed ones; `passed` are those that
   * somebody else settled meanwhile.
   */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Messages that are refused, with why; at most so many. */
  readonly refused: readonly { readonly id: string; readonly error: string }[];
  /** Of a shadow run: how many messages would change an element, such as `Patient.gender`. */
  readonly elements: Readonly<Record<string, number>>;
  /** Of a shadow run: messages with what they would change; at most so many. */
  readonly samples: readonly ({ readonly id: string } & Pick<Shadow, 'resources'>)[];
  /** Why it failed. */
  readonly error?: string;
}

export interface RunRequest {
  readonly kind: RunKind;
  readonly query: MessageQuery;
  readonly doing: Doing;
}

export interface MessageRuns {
  /** Begins one; it goes on by itself. Throws `throttled` where too many are under way. */
  readonly start: (request: RunRequest) => Promise<MessageRun>;
  readonly find: (id: string) => Promise<MessageRun | undefined>;
  /** Newest first. */
  readonly list: () => Promise<readonly MessageRun[]>;
  /** Ends one after the messages that are under way. */
  readonly cancel: (id: string) => Promise<MessageRun | undefined>;
  /** Ends all of them. */
  readonly stop: () => Promise<void>;
}

interface RunOptions {
  readonly store: Store;
  readonly rework: Rework;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly log: Log;
}

const prefix = 'message-run|';
/** A state entry by which any process asks the one that runs it to end. */
const cancelPrefix = 'message-run-cancel|';

/** Runs over many messages: oldest first, so that each person's come in their order; bounded, and told of as they go. */
export function startMessageRuns(options: RunOptions): MessageRuns {
  const { store, clock } = options;
  const running = new Map<string, { readonly run: Run; readonly ended: Promise<void> }>();

  const find = async (id: string): Promise<MessageRun | undefined> => {
    const entry = await store.state(prefix + id);
    return entry && shown(JSON.parse(entry.value) as MessageRun, clock());
  };
  return {
    find,
    start: async (request) => {
      if (running.size >= limits.runsMax) {
        fail('throttled', `${String(limits.runsMax)} runs are under way; cancel one, or wait`);
      }
      const run = new Run(options, request);
      // Before anything is awaited: of two that begin at once both count.
      const begun = run.begin();
      const ended = begun.then(() => run.toEnd()).finally(() => running.delete(run.told.id));
      running.set(run.told.id, { run, ended });
      ended.catch(() => undefined);
      await begun;
      return run.told;
    },
    list: async () => {
      const entries = await store.states(prefix);
      return entries.map(({ value }) => shown(JSON.parse(value) as MessageRun, clock())).reverse();
    },
    cancel: async (id) => {
      const told = await find(id);
      if (told?.state !== 'running') return told;
      const here = running.get(id);
      if (here === undefined) {
        const state = [{ key: cancelPrefix + id, value: clock().toISOString() }];
        await store.commit({ now: clock(), origin: 'feed', changes: [], state });
        return told;
      }
      here.run.cancel();
      await here.ended;
      return here.run.told;
    },
    stop: async () => {
      for (const { run } of running.values()) run.cancel('stopped');
      await Promise.allSettled([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** Of one whose process ended without a word the last word is old. */
function shown(run: MessageRun, now: Date): MessageRun {
  const silentMs = now.getTime() - Date.parse(run.updatedAt);
  if (run.state !== 'running' || silentMs < limits.runBeatMs * 10) return run;
  return { ...run, state: 'stopped' };
}

class Run {
  readonly #options: RunOptions;
  readonly #request: RunRequest;
  readonly #underWay = new Set<Promise<void>>();
  /** The people whose data a shadow run looked at since it last said so. */
  readonly #patients = new Set<string>();
  #ending: 'cancelled' | 'stopped' | undefined;
  #savedAt = 0;
  #fault: Error | undefined;
  told: MessageRun;

  constructor(options: RunOptions, request: RunRequest) {
    this.#options = options;
    this.#request = request;
    const now = options.clock().toISOString();
    this.told = {
      ...{ id: options.newId(), kind: request.kind, by: request.doing.principal.id },
      ...{ startedAt: now, updatedAt: now, state: 'running', done: 0 },
      ...{ outcomes: {}, refused: [], elements: {}, samples: [] },
    };
  }

  async begin(): Promise<void> {
    const { store } = this.#options;
    const old = (await store.states(prefix)).slice(0, -limits.runsKeptMax);
    await this.#save(
      [this.#event()],
      old.map(({ key }) => ({ key })),
    );
  }

  cancel(as: 'cancelled' | 'stopped' = 'cancelled'): void {
    this.#ending ??= as;
  }

  async toEnd(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#walk();
      this.#tell({ state: this.#ending ?? 'done' });
    } catch (error) {
      log.error({ err: error, run: this.told.id }, 'A run over messages failed');
      const why = error instanceof OutcomeError ? error.message : 'A fault of ours; the log has it';
      this.#tell({ state: 'failed', error: why });
    }
    await Promise.allSettled(this.#underWay);
    await this.#save(this.#looks());
    const { id, kind, state, done, outcomes } = this.told;
    log.info({ run: id, kind, state, done, outcomes }, 'A run over messages ended');
  }

  async #walk(): Promise<void> {
    const { store, clock } = this.#options;
    // What comes meanwhile is not part of it, nor what it makes itself.
    const query = { to: clock(), ...this.#request.query, oldestFirst: true, bare: true };
    let cursor: string | undefined;
    do {
      const page = await store.journal.list({
        ...query,
        count: limits.runPageMax,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { id } of page.entries) {
        if (await this.#isEnding()) break;
        const entry = await store.journal.read(id);
        // Taken up in the order of arrival: each takes its place among its person's before the next is read.
        if (entry !== undefined) await this.#begin(entry);
      }
      cursor = page.next;
    } while (cursor !== undefined && this.#ending === undefined);
    await Promise.all(this.#underWay);
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #isEnding(): Promise<boolean> {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#options.clock().getTime() - this.#savedAt >= limits.runBeatMs) {
      const asked = await this.#options.store.state(cancelPrefix + this.told.id);
      if (asked !== undefined) this.#ending ??= 'cancelled';
      await this.#save(this.#looks());
    }
    return this.#ending !== undefined;
  }

  async #begin(entry: JournalEntry): Promise<void> {
    const work = this.#take(entry)
      .catch((error: unknown) => {
        this.#fault ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    if (this.#underWay.size >= limits.runParallelMax) await Promise.race(this.#underWay);
  }

  async #take(entry: JournalEntry): Promise<void> {
    const { rework } = this.#options;
    const { kind, doing } = this.#request;
    try {
      if (kind === 'shadow') this.#tellShadow(entry, await rework.shadow(entry));
      else if (kind === 'retry') {
        const { state, lastError } = await rework.retry(entry, doing);
        this.#count(entry, state, state === 'processed' ? undefined : lastError);
      } else {
        const { changed, refused } = await rework.replay(entry, doing);
        this.#count(entry, outcomeOf(changed, refused), refused);
      }
    } catch (error) {
      const isPassed =
        error instanceof OutcomeError &&
        error.issues.every(({ code }) => code === 'message-state' || code === 'not-found');
      if (!isPassed) throw error;
      this.#count(entry, 'passed');
    }
  }

  #tellShadow(entry: JournalEntry, { resources, refused }: Shadow): void {
    if (entry.patient !== undefined) this.#patients.add(entry.patient);
    const touched = resources.flatMap(({ reference, isNew, differences }) => {
      const [type = ''] = reference.split('/');
      return isNew ? [type] : differences.map(({ path }) => `${type}.${elementOf(path)}`);
    });
    const elements = { ...this.told.elements };
    for (const element of new Set(touched)) elements[element] = (elements[element] ?? 0) + 1;
    const samples =
      resources.length === 0 || this.told.samples.length >= limits.runSamplesMax
        ? this.told.samples
        : [...this.told.samples, { id: entry.id, resources }];
    this.#tell({ elements, samples });
    this.#count(entry, outcomeOf(resources.length > 0, refused), refused);
  }

  #count({ id, receivedAt }: JournalEntry, outcome: string, error?: string): void {
    const { done, outcomes, refused, reached = '' } = this.told;
    const at = receivedAt.toISOString();
    this.#tell({
      done: done + 1,
      reached: at > reached ? at : reached,
      outcomes: { ...outcomes, [outcome]: (outcomes[outcome] ?? 0) + 1 },
      ...(error !== undefined && refused.length < limits.runSamplesMax
        ? { refused: [...refused, { id, error }] }
        : {}),
    });
  }

  #tell(change: Partial<MessageRun>): void {
    this.told = { ...this.told, ...change };
  }

  async #save(
    audit: readonly AuditRecord[] = [],
    forgotten: readonly { readonly key: string }[] = [],
  ): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock();
    this.#savedAt = now.getTime();
    this.#tell({ updatedAt: now.toISOString() });
    const { id, state } = this.told;
    const over = state === 'running' ? [] : [{ key: cancelPrefix + id }];
    await store.commit({
      ...{ now, origin: 'feed', changes: [], audit },
      state: [{ key: prefix + id, value: JSON.stringify(this.told) }, ...over, ...forgotten],
    });
  }

  /** That a shadow run looked at these people's data; what writes says so with each message. */
  #looks(): readonly AuditRecord[] {
    if (this.#patients.size === 0) return [];
    const patients = [...this.#patients];
    this.#patients.clear();
    return [this.#event(patients)];
  }

  #event(patients: readonly string[] = []): AuditRecord {
    const { principal, requestId, reason } = this.#request.doing;
    const event = auditEvent({
      ...{ at: this.#options.clock(), interaction: 'operation', principal, requestId, patients },
      ...{ resources: [], status: 200, query: `api/messages/runs/${this.told.id}` },
      ...(reason === undefined ? {} : { reason }),
    });
    return { event: JSON.stringify(event) };
  }
}

function outcomeOf(changed: boolean, refused: string | undefined): string {
  if (refused !== undefined) return 'refused';
  return changed ? 'changed' : 'same';
}
