import { UUID, type ClientSession, type Db } from 'mongodb';
import { limits } from '../../limits.ts';
import type { Collections } from './layout.ts';

/** What shows whether anybody gets on: transactions begun, and the beats of the writers. */
interface Standing {
  readonly turn: number;
  readonly beats: ReadonlyMap<string, number>;
}

/**
 * The sessions that write. A process that dies in the middle of a transaction would hold the order document until
 * the server forgets it, a minute by default, and all others with it. So each writer shows that it lives; and one who
 * waits, while no transaction gets on, ends the session of a writer that has fallen silent. A writer that was only slow
 * loses nothing by that: its transaction is tried again.
 */
export class WriterSessions {
  readonly #db: Db;
  readonly #collections: Collections;
  readonly #own: string;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Db, collections: Collections, session: ClientSession) {
    const { id } = session.id ?? {};
    if (id === undefined) throw new Error('The session has no id');
    this.#db = db;
    this.#collections = collections;
    this.#own = id.toUUID().toHexString();
  }

  /** From now on this writer is seen. */
  async open(): Promise<void> {
    await this.#beat();
    this.#beatLater();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#collections.writer.deleteOne({ _id: this.#own }).catch(ignore);
  }

  /** How it stands; undefined where that cannot be read just now. */
  async standing(): Promise<Standing | undefined> {
    try {
      const writers = await this.#collections.writer.find({}).toArray();
      const order = await this.#collections.order.findOne({ _id: 'order' });
      const beats = new Map(writers.map(({ _id, beat }) => [_id, beat]));
      return { turn: order?.turn ?? 0, beats };
    } catch {
      return undefined;
    }
  }

  /** Ends the sessions of writers that were silent from one standing to the next, if nobody got on meanwhile. */
  async endSilent(before: Standing, now: Standing): Promise<void> {
    if (before.turn !== now.turn) return;
    for (const [_id, beat] of now.beats) {
      if (_id === this.#own || before.beats.get(_id) !== beat) continue;
      const ended = this.#db.admin().command({ killSessions: [{ id: new UUID(_id) }] });
      await ended.catch(ignore);
      await this.#collections.writer.deleteOne({ _id, beat }).catch(ignore);
    }
  }

  #beatLater(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.#beat()
        .catch(ignore)
        .finally(() => this.#beatLater());
    }, limits.mongoBeatMs);
    this.#timer.unref();
  }

  async #beat(): Promise<void> {
    await this.#collections.writer.updateOne(
      { _id: this.#own },
      { $inc: { beat: 1 } },
      { upsert: true },
    );
  }
}

/** A database that is away: the next beat or look comes soon. */
function ignore(): void {
  return undefined;
}
