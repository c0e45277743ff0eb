import { limits } from '../../limits.ts';
import { CommitRefused } from '../../store/store.ts';
import type { Commit, CommitResult, Store } from '../../store/store.ts';
import { putWork, workKey } from './work.ts';
import type { Work } from './work.ts';

/** Somebody cancelled the work, or another process has it: whoever meets this stops. */
export class WorkLost extends Error {
  constructor() {
    super('The work is no longer ours');
    this.name = 'WorkLost';
  }
}

/** What goes into the commit that saves how far the work is. */
export type Alongside = Partial<Pick<Commit, 'changes' | 'state' | 'audit' | 'claims'>>;

/** Work that this process has under lease. Every save extends the lease; one that comes too late is refused. */
export class HeldWork {
  readonly #store: Store;
  readonly #clock: () => Date;
  /** Stops where it stands; another process, or this one after a restart, goes on from the last save. */
  readonly stopping: AbortSignal;
  #work: Work;
  #revision: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    { store, clock }: { readonly store: Store; readonly clock: () => Date },
    held: { readonly work: Work; readonly revision: number },
    stopping: AbortSignal,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#work = held.work;
    this.#revision = held.revision;
    this.stopping = stopping;
  }

  get work(): Work {
    return this.#work;
  }

  /** Commits a step together with the place from where to go on. Throws {@link WorkLost}. */
  async save(step: Partial<Work>, alongside: Alongside = {}): Promise<void> {
    const rest = { changes: [], ...alongside };
    await this.#inTurn(step, { now: this.#clock(), origin: 'rest', ...rest });
  }

  /** Commits what is done on behalf of the work, as long as that is ours. Throws {@link WorkLost}, CommitRefused. */
  commit(commit: Commit): Promise<CommitResult> {
    return this.#inTurn({}, commit);
  }

  /** The state change that goes with a commit of someone else's making, and what to call when it is through. */
  beat(): Promise<void> {
    return this.save({});
  }

  #inTurn(step: Partial<Work>, commit: Commit): Promise<CommitResult> {
    const committed = this.#saving.then(() => this.#commit(step, commit));
    this.#saving = committed.then(
      () => undefined,
      () => undefined,
    );
    return committed;
  }

  async #commit(step: Partial<Work>, commit: Commit): Promise<CommitResult> {
    const until = this.#clock().getTime() + limits.backgroundLeaseMs;
    const work: Work = { ...this.#work, until, ...step };
    const own = putWork(work, this.#revision);
    try {
      const result = await this.#store.commit({ ...commit, state: [own, ...(commit.state ?? [])] });
      this.#work = work;
      this.#revision = result.seq;
      return result;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      const { refusal } = error;
      if (refusal.kind === 'state' && refusal.index === 0) throw new WorkLost();
      throw error;
    }
  }

  /** Whether the work is still there and ours. */
  async isOurs(): Promise<boolean> {
    await this.#saving;
    const entry = await this.#store.state(workKey(this.#work.id));
    return entry?.revision === this.#revision;
  }
}
