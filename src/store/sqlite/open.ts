import type Database from 'better-sqlite3-multiple-ciphers';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { limits } from '../../limits.ts';
import { AppendSignal } from '../append-signal.ts';
import type { ArchivedStore } from '../archive.ts';
import type { Commit, CommitResult } from '../store.ts';
import { openArchive } from './archive.ts';
import { Checkpoints, type CheckpointOptions } from './checkpoints.ts';
import { CommitQueue } from './commit-queue.ts';
import { openConnection, openFault, type ConnectionOptions } from './connection.ts';
import { translateFault } from './fault.ts';
import { lockDataFile } from './lock.ts';
import { prepareCommit, prepareEntry } from './prepared.ts';
import { openReader } from './reader.ts';
import { WriterThread } from './writer-thread.ts';

export interface SqliteOptions extends ConnectionOptions, CheckpointOptions {
  /** Makes lease tokens; each must be given once. */
  readonly idSource?: () => string;
  /** Told of what no caller is told: that the thread that writes has ended. */
  readonly onFault?: (fault: Error) => void;
  /** Heap of the thread that writes; limits.writerHeapMiB by default. */
  readonly writerHeapMiB?: number;
}

/**
 * Opens a data file as a store, making it (and its folder) where there is none. One process at a time
 * writes a file; a second is refused with `StoreOpenError`, as are files that are damaged, of
 * another program, or of a newer layout.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<ArchivedStore> {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const lock = lockDataFile(options.file);
  let db: Database | undefined;
  let writer: WriterThread | undefined;
  try {
    db = openConnection(options);
    // The lock says that no other process has the file: whoever held these leases is gone.
    db.exec('UPDATE job SET lease = NULL, leased_until = 0 WHERE leased_until > 0');
    db.pragma('query_only = ON');
    writer = startWriter(options);
    const store = assemble({ db, writer, options, releaseLock: lock.release });
    await writer.open();
    return store;
  } catch (error) {
    await writer?.close();
    db?.close();
    lock.release();
    throw openFault(error, options);
  }
}

/** How many times longer than at the first copy the log is when commits wait for the last. */
const blockingFactor = limits.walBlockingBytes / limits.walCheckpointBytes;

function startWriter(options: SqliteOptions): WriterThread {
  const { file, key, maxBytes, walBytes, writerHeapMiB, onFault = () => undefined } = options;
  return new WriterThread({
    task: {
      file,
      ...(key === undefined ? {} : { key }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(walBytes === undefined ? {} : { walBlockingBytes: walBytes * blockingFactor }),
    },
    onFault,
    ...(writerHeapMiB === undefined ? {} : { heapMiB: writerHeapMiB }),
  });
}

interface Parts {
  readonly db: Database;
  readonly writer: WriterThread;
  readonly options: SqliteOptions;
  readonly releaseLock: () => void;
}

/** Commits go to the writer's thread; point reads are answered here, on a connection that cannot write. */
function assemble({ db, writer, options, releaseLock }: Parts): ArchivedStore {
  const reader = openReader(db);
  const nextLease = options.idSource ?? randomUUID;
  const checkpoints = new Checkpoints(options);
  const appended = new AppendSignal();
  let announced = reader.position();
  const queue = new CommitQueue(writer, ({ position = announced, logBytes }) => {
    if (position > announced) appended.notify();
    announced = position;
    checkpoints.afterGroup(logBytes);
  });
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await queue.close();
    await checkpoints.close();
    db.close();
    await writer.close();
    releaseLock();
  };

  return {
    commit: (commit: Commit): Promise<CommitResult> =>
      queue.write({ kind: 'commit', commit: prepareCommit(commit) }),
    read: answering(reader.read),
    readVersion: answering(reader.readVersion),
    readMany: answering(reader.readMany),
    changes: answering(reader.changes),
    history: answering(reader.history),
    search: answering(reader.search),
    claimOwners: answering(reader.claimOwners),
    journal: {
      append: (entry) => queue.write({ kind: 'append', entry: prepareEntry(entry) }),
      read: answering(reader.journalEntry),
      find: answering(reader.journalEntries),
      list: answering(reader.journal),
      counts: answering(reader.journalCounts),
    },
    outbox: {
      pending: answering(reader.outbox),
      onAppend: (listener) => appended.listen(listener),
    },
    jobs: {
      lease: (now, leaseMs, limit) =>
        queue.write({ kind: 'lease', now, leaseMs, limit, token: nextLease() }),
      list: answering(reader.jobs),
    },
    audit: {
      rows: answering(reader.auditRows),
      head: answering(reader.auditHead),
    },
    sourceView: answering(reader.sourceView),
    sourceViews: answering(reader.sourceViews),
    state: answering(reader.state),
    states: answering(reader.states),
    counts: answering(reader.counts),
    archive: openArchive(db, queue),
    check: answering(() => {
      queue.check();
      writer.check();
    }),
    close: () => (closing ??= close()),
  };
}

/** A read as the port has it: asynchronous, and with faults that other rooms understand. */
function answering<Values extends readonly unknown[], Answer>(
  read: (...values: Values) => Answer,
): (...values: Values) => Promise<Answer> {
  return async (...values) => {
    try {
      return read(...values);
    } catch (error) {
      throw translateFault(error);
    }
  };
}
