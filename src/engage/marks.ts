import { limits } from '../limits.ts';
import { CommitRefused, type OutboxDone, type Store } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { Draft } from './draft.ts';

/**
 * Marks events done that had no effect, many in one commit, while the next are handled: a commit takes some turns of the
 * loop, and on a busy thread those are long.
 */
export class Marks {
  readonly #desk: Pick<Desk, 'store' | 'clock'>;
  readonly #underWay = new Set<Promise<void>>();
  #waiting: OutboxDone[] = [];
  #fault: { readonly error: unknown } | undefined;

  constructor(desk: Pick<Desk, 'store' | 'clock'>) {
    this.#desk = desk;
  }

  add({ position }: OutboxDone): void {
    this.#waiting.push({ position });
  }

  /** Begins to mark what was added; waits where limits.marksParallelMax are under way. Rejects with what became of earlier ones. */
  async begin(): Promise<void> {
    while (this.#underWay.size >= limits.marksParallelMax) await Promise.race(this.#underWay);
    this.#tell();
    const quiet = this.#waiting;
    this.#waiting = [];
    const marking = mark(this.#desk, quiet)
      .catch((error: unknown) => void (this.#fault ??= { error }))
      .finally(() => this.#underWay.delete(marking));
    this.#underWay.add(marking);
  }

  /** Resolves when all that was begun is marked. */
  async done(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#tell();
  }

  #tell(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }
}

/** In one commit; where another process was faster with some, the others. */
async function mark(
  desk: Pick<Desk, 'store' | 'clock'>,
  quiet: readonly OutboxDone[],
): Promise<void> {
  if (quiet.length === 0) return;
  try {
    await desk.store.commit(new Draft(desk.store).commit(desk.clock(), 'engage', quiet));
  } catch (error) {
    if (!(error instanceof CommitRefused)) throw error;
    const others = await stillPending(desk.store, quiet);
    // Refused although all are pending: they come again when the outbox is next looked at.
    if (others.length < quiet.length) await mark(desk, others);
  }
}

async function stillPending(
  store: Store,
  quiet: readonly OutboxDone[],
): Promise<readonly OutboxDone[]> {
  const positions = quiet.map(({ position }) => position);
  const last = Math.max(...positions);
  const pending = new Set<number>();
  let after = Math.min(...positions) - 1;
  while (after < last) {
    const page = await store.outbox.pending(limits.outboxBatchMax, after);
    for (const { position } of page) pending.add(position);
    after = page.at(-1)?.position ?? last;
  }
  return quiet.filter(({ position }) => pending.has(position));
}
