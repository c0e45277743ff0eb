import { MongoServerError, type ClientSession } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { ArchivedStore } from '../archive.ts';
import { GroupQueue } from '../group-queue.ts';
import type { Commit, CommitResult } from '../store.ts';
import { withoutPassword } from './address.ts';
import { AppendWatch } from './append-watch.ts';
import { openArchive } from './archive.ts';
import {
  openConnection,
  openFault,
  type Connection,
  type ConnectionOptions,
} from './connection.ts';
import { translateFault } from './fault.ts';
import { GroupWriter, type GroupOutcome } from './group-writer.ts';
import { JournalReads } from './journal-reads.ts';
import { KeyedReads } from './keyed-reads.ts';
import type { Collections } from './layout.ts';
import { Parts } from './parts.ts';
import { prepareDatabase } from './prepare-database.ts';
import { Reads } from './reads.ts';
import { prepareCommit, weightOf, type WriteAnswers, type WriteRequest } from './request.ts';
import { Searches } from './search.ts';
import { WriterSessions } from './writer-sessions.ts';

export interface MongoOptions extends ConnectionOptions {
  /** Makes lease tokens and ids of transactions; each must be given once. */
  readonly idSource?: () => string;
  /** How long a commit is tried again before it is answered `transient`; limits.mongoCommitTimeoutMs by default. */
  readonly commitTimeoutMs?: number;
}

/**
 * Opens a MongoDB database as a store, making its collections and indexes where they are missing. Any number of
 * processes may have it open. A server without transactions, one that does not answer or does not let us in, and
 * a database of a newer layout are refused with `StoreOpenError`.
 */
export async function openMongoStore(options: MongoOptions): Promise<ArchivedStore> {
  const connection = await openConnection(options);
  try {
    const collections = await prepareDatabase(connection.db);
    const parts = new Parts(collections.part);
    const reads = new Reads(collections, parts);
    const watch = new AppendWatch(collections.order, await reads.position());
    const session = connection.client.startSession();
    const sessions = new WriterSessions(connection.db, collections, session);
    await sessions.open();
    return assemble(options, connection, { collections, parts, reads, watch, session, sessions });
  } catch (error) {
    await connection.client.close();
    if (isUnauthorized(error)) throw openFault(error, withoutPassword(options.url));
    throw translateFault(error);
  }
}

/** The user reads, and may not make a collection. */
function isUnauthorized(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 13;
}

interface OpenParts {
  readonly collections: Collections;
  readonly parts: Parts;
  readonly reads: Reads;
  readonly watch: AppendWatch;
  readonly session: ClientSession;
  readonly sessions: WriterSessions;
}

function assemble(options: MongoOptions, connection: Connection, open: OpenParts): ArchivedStore {
  const { client, db } = connection;
  const { collections, parts, reads, watch, session, sessions } = open;
  const searches = new Searches(collections, reads);
  const journal = new JournalReads(collections, parts);
  const keyed = new KeyedReads(collections, parts);
  const writer = new GroupWriter({
    ...{ session, sessions, collections, parts },
    nextId: options.idSource ?? randomUUID,
    timeoutMs: options.commitTimeoutMs ?? limits.mongoCommitTimeoutMs,
  });
  const queue = new GroupQueue<WriteRequest, WriteAnswers, GroupOutcome>({
    write: (requests) => writer.write(requests),
    afterGroup: ({ position }) => watch.announce(position ?? 0),
    weightOf,
    weightMax: limits.mongoGroupBytesMax,
  });
  let closing: Promise<void> | undefined;
  return {
    commit: async (commit: Commit): Promise<CommitResult> =>
      queue.write({ kind: 'commit', commit: prepareCommit(commit) }),
    read: answering((type: string, id: string) => reads.read(type, id)),
    readVersion: answering((type: string, id: string, version: string) =>
      reads.readVersion(type, id, version),
    ),
    readMany: answering((keys) => reads.readMany(keys)),
    changes: answering((after: number, limit: number) => reads.changes(after, limit)),
    history: answering((query) => reads.history(query)),
    search: answering((query) => searches.page(query)),
    claimOwners: answering((keys) => keyed.claimOwners(keys)),
    journal: {
      append: (entry) => queue.write({ kind: 'append', entry }),
      read: answering((id) => journal.read(id)),
      find: answering((feed: string, controlId: string) => journal.find(feed, controlId)),
      list: answering((query) => journal.list(query)),
      counts: answering(() => journal.counts()),
      remove: answering(async (removal) =>
        queue.write({ kind: 'remove', ids: await journal.removable(removal), removal }),
      ),
    },
    outbox: {
      pending: answering((limit, after) => keyed.pending(limit, after)),
      onAppend: (listener) => watch.listen(listener),
    },
    jobs: {
      lease: answering(async (now: Date, leaseMs: number, limit: number) => {
        if (!(await keyed.hasDueJobs(now))) return [];
        return queue.write({ kind: 'lease', now, leaseMs, limit });
      }),
      list: answering((prefix: string, limit: number) => keyed.jobs(prefix, limit)),
    },
    audit: {
      rows: answering((after: number, limit: number) => keyed.auditRows(after, limit)),
      head: answering(() => keyed.auditHead()),
    },
    sourceView: answering((source: string, type: string, id: string) =>
      keyed.sourceView(source, type, id),
    ),
    sourceViews: answering((type: string, id: string) => keyed.sourceViews(type, id)),
    state: answering((key) => keyed.state(key)),
    states: answering((prefix) => keyed.states(prefix)),
    counts: answering(() => reads.counts()),
    archive: openArchive(collections, parts, queue),
    check: answering(async () => {
      queue.check();
      await answers(db);
    }),
    close: () => (closing ??= closeAll(queue, client, open)),
  };
}

async function closeAll(
  queue: { readonly close: () => Promise<void> },
  client: Connection['client'],
  { watch, session, sessions }: OpenParts,
): Promise<void> {
  await queue.close();
  await watch.close();
  await sessions.close();
  await session.endSession();
  await client.close();
}

async function answers(db: Connection['db']): Promise<void> {
  const patience = new AbortController();
  const late = setTimeout(limits.mongoCheckTimeoutMs, undefined, { signal: patience.signal }).then(
    () => fail('transient', 'The database does not answer'),
  );
  try {
    await Promise.race([db.command({ ping: 1 }), late]);
  } finally {
    patience.abort();
    await late.catch(() => undefined);
  }
}

/** A read as the port has it, with faults that other rooms understand. */
function answering<Values extends readonly unknown[], Answer>(
  read: (...values: Values) => Promise<Answer>,
): (...values: Values) => Promise<Answer> {
  return async (...values) => {
    try {
      return await read(...values);
    } catch (error) {
      throw translateFault(error);
    }
  };
}
