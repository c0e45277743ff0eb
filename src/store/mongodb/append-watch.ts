import type { ChangeStream, Collection } from 'mongodb';
import { limits } from '../../limits.ts';
import { AppendSignal } from '../append-signal.ts';
import type { OrderDocument } from './layout.ts';

/**
 * Tells listeners that versions were added, by this process or another. While somebody listens, the order document
 * is read now and then: often where the server offers no change stream, seldom where one says it at once.
 */
export class AppendWatch {
  readonly #order: Pick<Collection<OrderDocument>, 'watch' | 'findOne'>;
  readonly #signal = new AppendSignal();
  #announced: number;
  #listeners = 0;
  #stream: ChangeStream | undefined;
  #streams = true;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(order: Pick<Collection<OrderDocument>, 'watch' | 'findOne'>, position: number) {
    this.#order = order;
    this.#announced = position;
  }

  listen(listener: () => void): () => void {
    const stop = this.#signal.listen(listener);
    this.#listeners += 1;
    if (this.#timer === undefined && !this.#closed) this.#start();
    let stopped = false;
    return () => {
      if (stopped) return;
      stopped = true;
      this.#listeners -= 1;
      stop();
    };
  }

  /** The newest position, as far as is known. */
  announce(position: number): void {
    if (position <= this.#announced) return;
    this.#announced = position;
    this.#signal.notify();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#stream?.close().catch(ignore);
  }

  #start(): void {
    if (this.#streams) this.#openStream();
    this.#lookLater();
  }

  #openStream(): void {
    if (this.#stream !== undefined) return;
    const stream = this.#order.watch([{ $match: { [movedTo]: { $exists: true } } }]);
    this.#stream = stream;
    stream.on('change', (change) => {
      if (change.operationType !== 'update') return;
      this.announce(Number(change.updateDescription.updatedFields?.position ?? 0));
    });
    // What the driver cannot resume, or a server that has none: then it is looked at more often.
    stream.on('error', () => {
      if (this.#stream !== stream) return;
      this.#streams = false;
      this.#stream = undefined;
      stream.close().catch(ignore);
      clearTimeout(this.#timer);
      this.#lookLater();
    });
  }

  /** Also beside a stream: what came before it stood is found so, and a stream that fell silent does no harm. */
  #lookLater(): void {
    this.#timer = undefined;
    if (this.#closed || this.#listeners === 0) return;
    const pauseMs = this.#streams ? limits.mongoStreamCheckMs : limits.mongoPollMs;
    this.#timer = setTimeout(() => {
      const look = this.#listeners === 0 ? Promise.resolve() : this.#look();
      void look.finally(() => this.#lookLater());
    }, pauseMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      const order = await this.#order.findOne({ _id: 'order' }, { projection: { position: 1 } });
      this.announce(order?.position ?? 0);
    } catch {
      // The database is away; the next look finds what was missed.
    }
  }
}

/** A stream whose connection is gone cannot be closed in order, and need not be. */
function ignore(): void {
  return undefined;
}

/** Where a change of the order document has its new position, if that moved: other changes are not sent. */
const movedTo = 'updateDescription.updatedFields.position';
