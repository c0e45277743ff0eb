import type { AnyBulkWriteOperation, ClientSession, Collection, Document } from 'mongodb';
import { claimId } from './claim-id.ts';
import { frameOwner, progressUpdate } from './journal-document.ts';
import { noFields } from './index-fields.ts';
import type { Collections, ResourceDocument } from './layout.ts';
import { partIds, splitText } from './parts.ts';
import type { Present, WorkingSet } from './working-set.ts';

/** A write met something else than what was read before it in the same transaction: to be tried again. */
export class MissedWrite extends Error {
  constructor(collection: string) {
    super(`A row of "${collection}" was not as it had been read`);
    this.name = 'MissedWrite';
  }
}

interface Saving {
  readonly collections: Collections;
  readonly session: ClientSession;
}

/** Writes what a group changed: one bulk per collection. */
export async function saveWorkingSet(
  saving: Saving,
  set: WorkingSet,
  commit: { readonly id: string; readonly at: Date },
): Promise<void> {
  await saveParts(saving, set);
  await saveClaims(saving, set);
  await saveResources(saving, set);
  await saveVersions(saving, set);
  await saveSources(saving, set);
  await saveJournal(saving, set);
  await saveKeyed(saving, set);
  await saveTallies(saving, set);
  const { collections, session } = saving;
  await collections.commit.insertOne({ _id: commit.id, at: commit.at }, { session });
  const done = await collections.order.updateOne(
    { _id: 'order' },
    { $set: set.counters },
    { session },
  );
  if (done.matchedCount !== 1) throw new MissedWrite('order');
}

async function saveParts({ collections, session }: Saving, set: WorkingSet): Promise<void> {
  const parts = set.parts.changes().flatMap(({ now }) => now ?? []);
  // One at a time: several may be more than one message to the server takes.
  for (const part of parts) await collections.part.insertOne(part, { session });
}

/** A free key is taken by inserting it: of two that do so one fails, whatever the server. */
async function saveClaims(saving: Saving, set: WorkingSet): Promise<void> {
  const operations = set.claims.changes().map(({ key, before, now }): Operation => {
    const _id = claimId(key);
    if (before === undefined) return { insertOne: { document: { _id, key, owner: now ?? '' } } };
    const filter = { _id, owner: before };
    if (now === undefined) return { deleteOne: { filter } };
    return { updateOne: { filter, update: { $set: { owner: now } } } };
  });
  await write(saving, saving.collections.claim, operations);
}

async function saveResources(saving: Saving, set: WorkingSet): Promise<void> {
  const operations = set.resources.changes().flatMap(({ before, now }): Operation[] => {
    if (now === undefined) return [];
    const document = resourceDocument(now);
    if (before === undefined) return [{ insertOne: { document } }];
    const { _id, position } = before;
    return [{ replaceOne: { filter: { _id, position }, replacement: document } }];
  });
  await write(saving, saving.collections.resource, operations);
}

function resourceDocument({ body: _body, fields = noFields, ...rest }: Present): ResourceDocument {
  return { ...rest, ...fields };
}

async function saveVersions(saving: Saving, set: WorkingSet): Promise<void> {
  const { version, outbox } = saving.collections;
  const inserts = set.versions.changes().flatMap(({ key, now }): Operation[] => {
    if (now === undefined) return [];
    return [{ insertOne: { document: { ...now, ...set.replaced.get(key) } } }];
  });
  const updates = set.replaced.changes().flatMap(({ key, now }) => {
    if (now === undefined || set.versions.get(key) !== undefined) return [];
    return [{ updateOne: { filter: { _id: key, replacedBy: null }, update: { $set: now } } }];
  });
  await write(saving, version, [...inserts, ...updates]);
  await write(saving, outbox, [
    ...set.outbox.changes().map(({ key, now }) => {
      return now === undefined
        ? { deleteOne: { filter: { _id: key } } }
        : { insertOne: { document: now } };
    }),
  ]);
}

async function saveSources(saving: Saving, set: WorkingSet): Promise<void> {
  const { collections, session } = saving;
  const changes = set.sources.changes().flatMap(({ key, now }) => (now ? [{ key, ...now }] : []));
  if (changes.length === 0) return;
  const replaced = { _id: { $in: changes.map(({ key }) => key) }, parts: { $gt: 0 } };
  for (const { owner, parts = 0 } of await collections.source
    .find(replaced, { session })
    .toArray()) {
    await collections.part.deleteMany({ _id: { $in: partIds(owner, parts) } }, { session });
  }
  const operations: Operation[] = [];
  for (const { key, view, owner } of changes) {
    const { value, parts, documents } = splitText(view.view, owner);
    for (const piece of documents) await collections.part.insertOne(piece, { session });
    const { source, type, id, eventTime, receivedAt, controlId } = view;
    const replacement = {
      ...{ of: `${type}/${id}`, source, controlId, view: value, owner },
      ...{ eventTime: eventTime.getTime(), receivedAt: receivedAt.getTime() },
      ...(parts === undefined ? {} : { parts }),
    };
    operations.push({ replaceOne: { filter: { _id: key }, replacement, upsert: true } });
  }
  await write(saving, collections.source, operations);
}

async function saveJournal(saving: Saving, set: WorkingSet): Promise<void> {
  const operations = set.journal.changes().flatMap(({ key, before, now }): Operation[] => {
    if (now === undefined) return before ? [{ deleteOne: { filter: { _id: key } } }] : [];
    if (before !== undefined) {
      return [{ updateOne: { filter: { _id: key }, update: progressUpdate(now) } }];
    }
    const document = now.parts === undefined ? now : { ...now, bytes: new Uint8Array() };
    return [{ insertOne: { document } }];
  });
  await write(saving, saving.collections.journal, operations);
  const { collections, session } = saving;
  for (const { before, now } of set.journal.changes()) {
    if (now !== undefined || before?.parts === undefined) continue;
    const _id = { $in: partIds(frameOwner(before.row), before.parts) };
    await collections.part.deleteMany({ _id }, { session });
  }
}

async function saveKeyed(saving: Saving, set: WorkingSet): Promise<void> {
  const { job, state, audit } = saving.collections;
  await write(
    saving,
    job,
    set.jobs.changes().map(({ key, before, now }) => keyed(key, before, now)),
  );
  await write(
    saving,
    state,
    set.state.changes().map(({ key, before, now }) => {
      const document = now && { _id: key, value: now.value, revision: now.revision };
      return keyed(key, before, document);
    }),
  );
  const rows = set.audit.changes().flatMap(({ now }) => {
    if (now === undefined) return [];
    const { seq, at, event, previousHash, hash } = now;
    const document = { _id: seq, at: at.getTime(), event, previousHash, hash };
    return [{ insertOne: { document } }];
  });
  await write(saving, audit, rows);
}

function keyed(key: string, before: unknown, document: Document | undefined): Operation {
  if (document === undefined) return { deleteOne: { filter: { _id: key } } };
  if (before === undefined) return { insertOne: { document } };
  return { replaceOne: { filter: { _id: key }, replacement: document } };
}

/** Sums, by upsert: all who write them hold the order document. */
async function saveTallies(saving: Saving, set: WorkingSet): Promise<void> {
  const { typeTally, journalTally } = saving.collections;
  await write(
    saving,
    typeTally,
    set.types.changes().flatMap(({ key, now }) => {
      if (now === undefined) return [];
      const { live, versions } = now;
      return [increase(key, { live, versions })];
    }),
  );
  await write(
    saving,
    journalTally,
    set.journalCounts.changes().flatMap(({ key, now }) => {
      if (now === undefined || now.count === 0) return [];
      const { feed, state, ackCode, count } = now;
      return [increase(key, { count }, { feed, state, ackCode })];
    }),
  );
}

function increase(key: string, by: Document, first?: Document): Operation {
  const update = { $inc: by, ...(first === undefined ? {} : { $setOnInsert: first }) };
  return { updateOne: { filter: { _id: key }, update, upsert: true } };
}

type Operation = Record<string, Document>;

/** Each row at most once, in no order: that makes one command of each kind. Every operation must find its row. */
async function write<Row extends Document>(
  { session }: Saving,
  collection: Collection<Row>,
  operations: readonly Operation[],
): Promise<void> {
  if (operations.length === 0) return;
  const result = await collection.bulkWrite(operations as unknown as AnyBulkWriteOperation<Row>[], {
    session,
    ordered: false,
  });
  const { insertedCount, matchedCount, deletedCount, upsertedCount } = result;
  if (insertedCount + matchedCount + deletedCount + upsertedCount !== operations.length) {
    throw new MissedWrite(collection.collectionName);
  }
}
