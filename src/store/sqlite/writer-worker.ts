/** The writer's thread: the one connection that writes, and nothing else. */
import { parentPort, workerData } from 'node:worker_threads';
import { openWriterConnection, type ConnectionOptions } from './connection.ts';
import { ContentIndex } from './content-words.ts';
import { openNames } from './dictionary.ts';
import { plainOutcomes, type GroupReply } from './group-reply.ts';
import { GroupWriter } from './group-writer.ts';
import { IndexRows } from './index-rows.ts';
import { toPlainError, type PlainError } from './plain-error.ts';
import type { WriteRequest } from './prepared.ts';
import { Statements } from './statements.ts';
import { limits } from '../../limits.ts';

export interface WriterTask extends ConnectionOptions {
  /** Length of the log past which commits wait until it can begin anew; limits.walBlockingBytes by default. */
  readonly walBlockingBytes?: number;
}

/** A group to write, or the wish to end. */
export type ToWriter = readonly WriteRequest[] | 'close';
export type FromWriter =
  | { readonly kind: 'open'; readonly position: number }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'reply'; readonly reply: GroupReply };

interface Indexing {
  noteGroup(): void;
  stop(): void;
}

/** Groups written between two looks at the log's length. */
const groupsPerLook = 32;

const port = parentPort;
if (port === null) throw new Error('This is a thread, not a program');
const say = (message: FromWriter): void => port.postMessage(message);

try {
  open(workerData as WriterTask);
} catch (error) {
  say({ kind: 'failed', error: toPlainError(error) });
}

function open(task: WriterTask): void {
  const db = openWriterConnection(task);
  const statements = new Statements(db);
  const names = openNames(statements);
  const index = new IndexRows(statements, names);
  const writer = new GroupWriter({ db, statements, names, index });
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  const fields = takingInFields(writer, () => db.inTransaction && db.exec('ROLLBACK'));
  let groups = 0;

  const blockingBytes = task.walBlockingBytes ?? limits.walBlockingBytes;

  /**
   * Length of the log that is not yet in the data file. A log begins anew only when all of it is there, which
   * a copy made beside commits never reaches while these go on: so a long log is copied to its end here.
   */
  const look = (): number | undefined => {
    try {
      const [state] = db.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
      if (state === undefined) return 0;
      if (state.log * pageBytes >= blockingBytes) db.pragma('wal_checkpoint(PASSIVE)');
      return (state.log - state.checkpointed) * pageBytes;
    } catch {
      // A full disk: the log stays, and the next look tries again. What is wrong, commits will say.
      return undefined;
    }
  };

  const words = startIndexing(new ContentIndex(db, statements), look);

  const write = (requests: readonly WriteRequest[]): void => {
    const outcome = writer.write(requests);
    groups += 1;
    const logBytes = groups % groupsPerLook === 0 ? look() : undefined;
    const reply: GroupReply = {
      outcomes: plainOutcomes(requests, outcome),
      position: writer.position,
      ...(outcome.fault === undefined ? {} : { fault: toPlainError(outcome.fault) }),
      ...(logBytes === undefined ? {} : { logBytes }),
    };
    say({ kind: 'reply', reply });
    fields.afterGroup();
    words.noteGroup();
  };

  const close = (): void => {
    fields.stop();
    words.stop();
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk: the log stays and is read at the next start; nothing is lost.
    }
    db.close();
    port?.close();
  };

  port?.on('message', (message: ToWriter) => {
    if (message === 'close') close();
    else write(message);
  });
  say({ kind: 'open', position: writer.position });
}

/**
 * Brings the index of words up to date between groups, a few versions at a time: slowly while others write, soon when
 * nobody does. A full disk ends it until the next group.
 */
function startIndexing(index: ContentIndex, look: () => void): Indexing {
  let steps = 0;
  let timer: NodeJS.Timeout | undefined;
  let isBusy = true;
  let isStopped = false;
  const later = (): void => {
    const pauseMs = isBusy ? limits.contentIndexBusyPauseMs : limits.contentIndexPauseMs;
    if (!isStopped) timer ??= setTimeout(step, pauseMs).unref();
  };
  const step = (): void => {
    timer = undefined;
    const most = isBusy ? limits.contentIndexBusyMax : limits.contentIndexIdleMax;
    isBusy = false;
    try {
      if (index.step(most)) later();
      steps += 1;
      if (steps % groupsPerLook === 0) look();
    } catch {
      // What is wrong, commits will say; searches read what is not indexed.
    }
  };
  later();
  return {
    noteGroup: () => {
      isBusy = true;
      later();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Messages go into the index of their fields when nobody writes; at the latest when too many wait. */
function takingInFields({ fields }: GroupWriter, rollback: () => unknown) {
  let pause: NodeJS.Timeout | undefined;
  /** What a full disk leaves undone is tried again after the next group: it ends neither the thread nor a commit. */
  const trying = (work: () => void): void => {
    try {
      work();
    } catch {
      try {
        rollback();
      } catch {
        // The next group leaves the transaction before it begins, or is refused.
      }
    }
  };
  const takeIn = (most: number): void => {
    while (fields.waiting > most) fields.takeIn();
  };
  const later = (): void => {
    clearTimeout(pause);
    if (fields.waiting < limits.journalIndexBatch) return;
    pause = setTimeout(() => trying(takeInSome), limits.journalIndexIdleMs);
  };
  const takeInSome = (): void => {
    takeIn(fields.waiting - 1);
    later();
  };
  return {
    afterGroup: (): void =>
      trying(() => {
        takeIn(limits.journalUnindexedMax);
        later();
      }),
    stop: (): void => clearTimeout(pause),
  };
}
