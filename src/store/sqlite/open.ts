import type Database from 'better-sqlite3-multiple-ciphers';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { limits } from '../../limits.ts';
import { AppendSignal } from '../append-signal.ts';
import type { ArchivedStore } from '../archive.ts';
import { GroupQueue } from '../group-queue.ts';
import type { Commit, CommitResult } from '../store.ts';
import { openArchive } from './archive.ts';
import { Checkpoints, type CheckpointOptions } from './checkpoints.ts';
import { openConnection, openFault, type ConnectionOptions } from './connection.ts';
import { Damage } from './damage.ts';
import { lockDataFile } from './lock.ts';
import { prepareCommit, prepareEntry, type WriteAnswers, type WriteRequest } from './prepared.ts';
import { ReaderPool } from './reader-pool.ts';
import { openReader } from './reader.ts';
import { storeReads } from './store-reads.ts';
import { WriterThread, type WrittenGroup } from './writer-thread.ts';

export interface SqliteOptions extends ConnectionOptions, CheckpointOptions {
  /** Makes lease tokens; each must be given once. */
  readonly idSource?: () => string;
  /** Told of what no caller is told: the thread that writes has ended, the file is damaged. */
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
  /** Why the last group was not written as a whole. */
  let fault: Error | undefined;
  const queue = new GroupQueue<WriteRequest, WriteAnswers, WrittenGroup>({
    write: (requests) => writer.write(requests),
    afterGroup: (written) => {
      const { position = announced, logBytes } = written;
      if (position > announced) appended.notify();
      announced = position;
      ({ fault } = written);
      checkpoints.afterGroup(logBytes);
    },
  });
  const { file, key, onFault = () => undefined } = options;
  const damage = new Damage(file, onFault);
  const pool = new ReaderPool({ task: { file, ...(key === undefined ? {} : { key }) } });
  const { removable, ...reads } = storeReads({ reader, pool, damage });
  let closing: Promise<void> | undefined;

  const write = async <Kind extends WriteRequest['kind']>(
    request: Extract<WriteRequest, { kind: Kind }>,
  ): Promise<WriteAnswers[Kind]> => {
    damage.check();
    try {
      return await queue.write<Kind>(request);
    } catch (error) {
      throw damage.note(error);
    }
  };

  const close = async (): Promise<void> => {
    await queue.close();
    await checkpoints.close();
    await pool.close();
    db.close();
    await writer.close();
    releaseLock();
  };

  return {
    ...reads,
    commit: async (commit: Commit): Promise<CommitResult> =>
      write({ kind: 'commit', commit: prepareCommit(commit) }),
    journal: {
      ...reads.journal,
      append: async (entry) => write({ kind: 'append', entry: prepareEntry(entry) }),
      remove: async (removal) => write({ kind: 'remove', rows: await removable(removal), removal }),
    },
    outbox: { ...reads.outbox, onAppend: (listener) => appended.listen(listener) },
    jobs: {
      ...reads.jobs,
      lease: async (now, leaseMs, limit) =>
        write({ kind: 'lease', now, leaseMs, limit, token: nextLease() }),
    },
    archive: openArchive(db, queue),
    check: async () => {
      damage.check();
      queue.check();
      if (fault !== undefined) throw fault;
      writer.check();
    },
    close: () => (closing ??= close()),
  };
}
