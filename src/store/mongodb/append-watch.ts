import type { ChangeStream, Collection } from 'mongodb';
import { limits } from '../../limits.ts';
import { AppendSignal } from '../append-signal.ts';
import type { OrderDocument } from './layout.ts';

/**
 * Tells listeners that versions were added, by this process or another. Where the server offers a change stream on the
 * order document, that says so; where it does not, the document is read now and then while somebody listens.
 */
export class AppendWatch {
  readonly #order: Collection<OrderDocument>;
  readonly #signal = new AppendSignal();
  #announced: number;
  #listeners = 0;
  #stream: ChangeStream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(order: Collection<OrderDocument>, position: number) {
    this.#order = order;
    this.#announced = position;
  }

  listen(listener: () => void): () => void {
    const stop = this.#signal.listen(listener);
    this.#listeners += 1;
    if (this.#listeners === 1) this.#watch();
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

  #watch(): void {
    if (this.#stream !== undefined || this.#timer !== undefined || this.#closed) return;
    const stream = this.#order.watch([], { fullDocument: 'updateLookup' });
    this.#stream = stream;
    stream.on('change', (change) => {
      if ('fullDocument' in change && change.fullDocument) {
        this.announce(Number(change.fullDocument['position']));
      }
    });
    stream.on('error', () => {
      this.#stream = undefined;
      stream.close().catch(ignore);
      this.#pollLater();
    });
    // What was committed before the stream stood is found by one look.
    void this.#look();
  }

  #pollLater(): void {
    if (this.#closed || this.#listeners === 0) {
      this.#timer = undefined;
      return;
    }
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => this.#pollLater());
    }, limits.mongoPollMs);
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
