import { limits } from '../limits.ts';
import type { Precedence } from '../ops/precedence.ts';
import type { JournalEntry } from '../store/store.ts';
import { backlog, isDue } from './backlog.ts';
import { KeptRows } from './kept-rows.ts';
import type { Pipeline } from './pipeline.ts';
import type { TakeUp } from './take-up.ts';

interface Working extends Pick<Pipeline, 'store' | 'clock' | 'log'> {
  readonly precedence: Pick<Precedence, 'begin'>;
  /** Rows that are known here; default: limits.keptRowsMax. */
  readonly keptMax?: number;
}

/** A row that was begun. */
export interface Begun {
  /** It has its place among those about the same people: a row that is begun then comes after it. */
  readonly placed: Promise<void>;
  readonly done: Promise<void>;
}

/**
 * What the journal holds and nobody waits for, worked off in the order of arrival behind those who wait for answers.
 * Messages that this process answered for it knows by itself; where there are more than it wants to remember, and at a
 * start, it walks through the journal.
 */
export class Line {
  readonly #options: Working;
  readonly #process: TakeUp;
  readonly #kept = new KeptRows();
  /** By row. */
  readonly #underWay = new Map<string, Begun>();
  /** Rows that were done since the page that is walked through was read. */
  readonly #lately = new Set<string>();
  /** Whether the journal has some that are not kept here and that no walk has met. */
  #owesWalk = false;
  #isWalking = false;
  #isWorking = false;
  #isStopped = false;
  #work: Promise<void> = Promise.resolve();

  /** `process` does not reject. */
  constructor(options: Working, process: TakeUp) {
    this.#options = options;
    this.#process = process;
  }

  /** Whether nothing waits to be begun. */
  get isEmpty(): boolean {
    return this.#kept.size === 0 && this.isComplete;
  }

  /** Whether nothing waits, and nothing that was begun is under way. */
  get isAtRest(): boolean {
    return this.isEmpty && this.#underWay.size === 0;
  }

  /** Whether all that waits is known here; else some of it is in the journal alone. */
  get isComplete(): boolean {
    return !this.#owesWalk && !this.#isWalking;
  }

  /** A row that was just put into the journal, behind those before. */
  add(row: Pick<JournalEntry, 'id' | 'fields'>): void {
    const { keptMax = limits.keptRowsMax } = this.#options;
    if (this.#owesWalk || this.#kept.size >= keptMax) this.#owesWalk = true;
    else this.#kept.add(row);
    this.goOn();
  }

  /** All that the journal holds now is to be worked off. */
  walk(): void {
    this.#owesWalk = true;
    this.goOn();
  }

  /** Goes on where a fault of the store broke it off. */
  goOn(): void {
    if (this.#isWorking || this.#isStopped || this.isEmpty) return;
    this.#isWorking = true;
    this.#work = this.#workOff().catch((err: unknown) => {
      const text = 'What waits in the journal could not be worked off; it is tried again';
      this.#options.log.error({ err }, text);
      // Those that are known here may be younger than what a walk has left.
      this.#kept.clear();
      this.#owesWalk = true;
      this.#isWorking = false;
    });
  }

  /** Begins a row out of its turn; once, however often it is asked. */
  takeUp(row: JournalEntry): Begun {
    const known = this.#underWay.get(row.id);
    if (known !== undefined) return known;
    const { promise: placed, resolve } = Promise.withResolvers<undefined>();
    // Until then it is found by those who must not overtake it.
    const isPlaced = (): void => {
      this.#kept.delete(row.id);
      resolve(undefined);
    };
    const done = this.#process(row, { placed: isPlaced }).finally(() => {
      isPlaced();
      this.#underWay.delete(row.id);
      if (this.#isWalking) this.#lately.add(row.id);
    });
    const begun = { placed, done };
    this.#underWay.set(row.id, begun);
    return begun;
  }

  /** Resolves when all that was begun so far has its place. */
  async placed(): Promise<void> {
    await Promise.all(this.#begun('placed'));
  }

  /** Of those that are known here, the ones that take turns with such a message, oldest first. */
  sharing(turns: readonly string[]): readonly string[] {
    return this.#kept.sharing(turns);
  }

  /** Takes up what arrived before and is due: what a passing fault left, and other processes. */
  async sweep(before: Date, stopping?: AbortSignal): Promise<void> {
    for await (const rows of backlog(this.#options.store, { bare: true })) {
      await this.#options.precedence.begin();
      for (const { id, receivedAt } of rows) {
        if (receivedAt >= before || this.#kept.has(id)) continue;
        await this.#room();
        if (stopping?.aborted === true || this.#isStopped) return;
        await this.#begin(id);
      }
    }
    await Promise.all(this.#begun('done'));
  }

  /** Leaves the rest to the next start. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when it is worked off, or broken off. */
  async idle(): Promise<void> {
    await this.#work;
    await Promise.all(this.#begun('done'));
    if (this.#isWorking) await this.idle();
  }

  async #workOff(): Promise<void> {
    while (!this.isEmpty && !this.#isStopped) {
      if (this.#kept.size === 0) await this.#walkOff();
      else await this.#beginFirst();
    }
    this.#isWorking = false;
  }

  async #beginFirst(): Promise<void> {
    await this.#room();
    const id = this.#kept.first();
    if (id === undefined || this.#isStopped) return;
    await this.#begin(id);
    this.#kept.delete(id);
  }

  async #begin(id: string): Promise<void> {
    const row = await this.#options.store.journal.read(id);
    if (row !== undefined && isDue(row, this.#options.clock())) await this.takeUp(row).placed;
  }

  async #walkOff(): Promise<void> {
    this.#owesWalk = false;
    this.#isWalking = true;
    try {
      for await (const rows of backlog(this.#options.store)) {
        this.#lately.clear();
        for (const row of rows) {
          if (!isDue(row, this.#options.clock())) continue;
          await this.#room();
          if (this.#isStopped) return;
          if (!this.#lately.has(row.id)) await this.takeUp(row).placed;
        }
      }
    } finally {
      this.#isWalking = false;
    }
  }

  /** One at a time, so many side by side, and whoever waits for an answer first. */
  async #room(): Promise<void> {
    while (this.#underWay.size >= limits.backlogUnderWayMax) {
      await Promise.race(this.#begun('done'));
    }
    await this.#options.precedence.begin();
  }

  #begun(until: keyof Begun): readonly Promise<void>[] {
    return [...this.#underWay.values()].map((begun) => begun[until]);
  }
}
