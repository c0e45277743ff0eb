import { limits } from '../limits.ts';
import { loopTurn } from './loop-turn.ts';

export interface ShareOptions {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Resolves when everybody else who waits for the thread has had a turn. */
  readonly others: () => Promise<unknown>;
}

/**
 * A fair share of a thread for work that is done beside others: a turn lasts for a part of what the others took before
 * it. Where they take nothing it is short, so that whoever comes waits a few ms; while they keep the thread busy it is
 * longer, so that the work gets on. All who hold the same share have their turns together.
 */
export class Share {
  /** The work is late: until that is over it has the larger part. */
  isLate = false;
  readonly #options: ShareOptions;
  #end = -Infinity;
  #isNew = false;
  #next: Promise<void> | undefined;

  constructor(options: ShareOptions) {
    this.#options = options;
  }

  /** To be called between two steps of the work: goes on at once while the turn lasts, else with the next. */
  async turn(): Promise<void> {
    // Of those who waited together the first goes on; it may use the turn up for the next.
    while (!this.#isNew && this.#options.now() >= this.#end) {
      await (this.#next ??= this.#yield());
    }
    this.#isNew = false;
  }

  async #yield(): Promise<void> {
    const { now, others } = this.#options;
    const part = this.isLate ? limits.shareOfOthersLate : limits.shareOfOthers;
    const most = this.isLate ? limits.shareMsMaxLate : limits.shareMsMax;
    const left = now();
    await others();
    const back = now();
    this.#end = back + Math.min(Math.max((back - left) * part, limits.shareMsMin), most);
    this.#isNew = true;
    this.#next = undefined;
  }
}

/** The share of this thread's event loop. */
export function loopShare(): Share {
  return new Share({ now: () => performance.now(), others: loopTurn });
}
