import type Database from 'better-sqlite3-multiple-ciphers';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppendSignal } from '../append-signal.ts';
import type { Commit, CommitResult, Store } from '../store.ts';
import { openAudit } from './audit.ts';
import { Checkpoints, type CheckpointOptions } from './checkpoints.ts';
import { openClaims } from './claims.ts';
import { CommitQueue } from './commit-queue.ts';
import { openConnection, openFault, type ConnectionOptions } from './connection.ts';
import { openNames, openTerms } from './dictionary.ts';
import { translateFault } from './fault.ts';
import { GroupWriter } from './group-writer.ts';
import { IndexRows } from './index-rows.ts';
import { openJobs } from './jobs.ts';
import { openJournal } from './journal.ts';
import { lockDataFile } from './lock.ts';
import { openOutbox } from './outbox.ts';
import { prepareCommit } from './prepared.ts';
import { Reads } from './reads.ts';
import { Searches } from './search.ts';
import { openSourceViews } from './source-views.ts';
import { openState } from './state.ts';
import { Statements } from './statements.ts';

interface SqliteOptions extends ConnectionOptions, CheckpointOptions {
  /** Makes lease tokens; each must be given once. */
  readonly idSource?: () => string;
}

/**
 * Opens a data file as a store, making it (and its folder) where there is none. One process at a time
 * writes a file; a second is refused with `StoreOpenError`, as are files that are damaged, of
 * another program, or of a newer layout.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const lock = lockDataFile(options.file);
  let db: Database | undefined;
  try {
    db = openConnection(options);
    return assemble(db, options, lock.release);
  } catch (error) {
    db?.close();
    lock.release();
    throw openFault(error, options);
  }
}

function assemble(db: Database, options: SqliteOptions, releaseLock: () => void): Store {
  const statements = new Statements(db);
  const names = openNames(statements);
  const terms = openTerms(statements);
  const index = new IndexRows(statements, names, terms);
  const nextLease = options.idSource ?? randomUUID;
  const writer = new GroupWriter({ db, statements, names, terms, index, nextLease });
  const checkpoints = new Checkpoints(db, options);
  const appended = new AppendSignal();
  let announced = writer.position;
  const queue = new CommitQueue(writer, () => {
    if (writer.position > announced) appended.notify();
    announced = writer.position;
    checkpoints.afterGroup();
  });
  const reads = new Reads(statements, names);
  const searches = new Searches(statements, names, terms, reads);
  const tables = openReadTables(statements, nextLease);
  // The lock says that no other process has the file: whoever held these leases is gone.
  db.exec('UPDATE job SET lease = NULL, leased_until = 0 WHERE leased_until > 0');
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await queue.close();
    await checkpoints.close();
    db.close();
    releaseLock();
  };

  return {
    commit: (commit: Commit): Promise<CommitResult> =>
      queue.write({ kind: 'commit', commit: prepareCommit(commit) }),
    read: answering((type: string, id: string) => reads.read(type, id)),
    readVersion: answering((type: string, id: string, version: string) =>
      reads.readVersion(type, id, version),
    ),
    readMany: answering((keys) => reads.readMany(keys)),
    changes: answering((after: number, limit: number) => reads.changes(after, limit)),
    history: answering((query) => reads.history(query)),
    search: answering((query) => searches.page(query, writer.position)),
    claimOwners: answering((keys) => tables.claims.owners(keys)),
    journal: {
      append: (entry) => queue.write({ kind: 'append', entry }),
      read: answering((id) => tables.journal.read(id)),
      find: answering((feed, controlId) => tables.journal.find(feed, controlId)),
      list: answering((query) => tables.journal.list(query)),
      counts: answering(() => tables.journal.counts()),
    },
    outbox: {
      pending: answering((limit) => tables.outbox.pending(limit)),
      onAppend: (listener) => appended.listen(listener),
    },
    jobs: {
      lease: (now, leaseMs, limit) => queue.write({ kind: 'lease', now, leaseMs, limit }),
      list: answering((prefix, limit) => tables.jobs.list(prefix, limit)),
    },
    audit: {
      rows: answering((after, limit) => tables.audit.rows(after, limit)),
      head: answering(() => tables.audit.head()),
    },
    sourceView: answering((source, type, id) => tables.sources.read(source, type, id)),
    sourceViews: answering((type, id) => tables.sources.list(type, id)),
    state: answering((key) => tables.state.read(key)),
    states: answering((prefix) => tables.state.list(prefix)),
    counts: answering(() => reads.counts()),
    check: answering(() => queue.check()),
    close: () => (closing ??= close()),
  };
}

function openReadTables(statements: Statements, nextLease: () => string) {
  return {
    claims: openClaims(statements),
    journal: openJournal(statements),
    outbox: openOutbox(statements),
    jobs: openJobs(statements, nextLease),
    audit: openAudit(statements),
    sources: openSourceViews(statements),
    state: openState(statements),
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
