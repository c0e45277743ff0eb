import { limits } from '../limits.ts';
import type { Store } from '../store/store.ts';
import { accessText } from './audit-event.ts';
import type { AccessEvent } from './audit-event.ts';

export interface AccessRecorder {
  /** A promise where more wait than memory is for: whoever reads on waits until they are written. */
  readonly record: (event: AccessEvent) => Promise<void> | undefined;
  /** Writes what is waiting; what cannot be written waits on. */
  readonly flush: () => Promise<void>;
  /** Writes what is waiting for the last time. */
  readonly close: () => Promise<void>;
}

interface RecorderOptions {
  readonly store: Store;
  readonly clock: () => Date;
  readonly onFault: (error: unknown) => void;
  /** How long an event may wait for others, so that reads do not pay for a disk sync each. */
  readonly delayMs: number;
}

/** Puts the audit events of reads into the chain, many at a time. Writes carry theirs in their own commit. */
export function accessRecorder(options: RecorderOptions): AccessRecorder {
  let waiting: AccessEvent[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  async function write(events: readonly AccessEvent[]): Promise<void> {
    if (events.length === 0) return;
    const audit = events.map((event) => ({ event: accessText(event) }));
    await options.store.commit({ now: options.clock(), origin: 'audit', changes: [], audit });
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(async () => {
      const events = waiting;
      waiting = [];
      underWay = events.length;
      await write(events).catch((error: unknown) => keep(events, error));
      underWay = 0;
    });
    return writing;
  }

  /** A store that fails for a while loses no event; one that fails for long takes no memory without end. */
  function keep(events: readonly AccessEvent[], error: unknown): void {
    waiting = [...events, ...waiting].slice(0, limits.auditWaitingMax);
    options.onFault(error);
    if (!closed) schedule();
  }

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), options.delayMs);
  }

  return {
    record: (event) => {
      waiting.push(event);
      if (waiting.length + underWay >= limits.auditWaitingMax) return flush();
      if (waiting.length === limits.auditBatchMax) void flush();
      else schedule();
      return undefined;
    },
    flush,
    close: () => {
      closed = true;
      return flush();
    },
  };
}
