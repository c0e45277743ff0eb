import type { Store } from '../store/store.ts';
import { auditEvent } from './audit-event.ts';
import type { AccessEvent } from './audit-event.ts';

export interface AccessRecorder {
  readonly record: (event: AccessEvent) => void;
  /** Writes what is waiting. */
  readonly flush: () => Promise<void>;
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
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(events: readonly AccessEvent[]): Promise<void> {
    if (events.length === 0) return;
    const audit = events.map((event) => ({ event: auditEvent(event) }));
    await options.store.commit({ now: options.clock(), origin: 'audit', changes: [], audit });
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const events = waiting;
    waiting = [];
    writing = writing.then(() => write(events)).catch(options.onFault);
    return writing;
  }

  return {
    record: (event) => {
      waiting.push(event);
      timer ??= setTimeout(() => void flush(), options.delayMs);
    },
    flush,
  };
}
