import type { Collection, Document, Filter, WithId } from 'mongodb';
import { archivePage, type ArchiveRecord, type StoreArchive } from '../archive.ts';
import { frameOwner, toEntry } from './journal-document.ts';
import { toAuditRow, toView } from './keyed-reads.ts';
import type { Collections, VersionDocument } from './layout.ts';
import type { Parts } from './parts.ts';
import { prepareReplay, type WriteRequest } from './request.ts';

/** Reads every collection in the order of its `_id`, the journal in that of its rows. */
export function openArchive(
  collections: Collections,
  parts: Parts,
  queue: ReplayQueue,
): StoreArchive {
  const sections = openSections(collections, parts);
  return {
    counters: async () => {
      const order = await collections.order.findOne({ _id: 'order' });
      return { seq: order?.seq ?? 0, position: order?.position ?? 0 };
    },
    export: async (section, after, limit) => {
      const rows = await sections[section](after, limit + 1);
      return archivePage(rows, limit, { record: ({ record }) => record, key: ({ key }) => key });
    },
    replay: async (commits) => queue.write({ kind: 'replay', commits: commits.map(prepareReplay) }),
  };
}

/** The store's way in. */
interface ReplayQueue {
  write(request: Extract<WriteRequest, { kind: 'replay' }>): Promise<undefined>;
}

interface Row {
  readonly key: string | number;
  readonly record: ArchiveRecord;
}
type ReadRows = (after: string | number | undefined, limit: number) => Promise<readonly Row[]>;

function openSections(
  collections: Collections,
  parts: Parts,
): Readonly<Record<ArchiveRecord['section'], ReadRows>> {
  const { version, outbox, claim, source, journal, job, audit, state } = collections;
  return {
    version: async (after, limit) => {
      const documents = await page(version, '_id', after, limit);
      const pending = await outbox
        .find({ _id: { $in: documents.map(({ _id }) => _id) } }, { batchSize: limit })
        .toArray();
      const origins = new Map(pending.map(({ _id, origin }) => [_id, origin]));
      return all(documents, async (document) => {
        const body = await parts.text(document.body, `v${document._id}`, document.parts);
        return row(document._id, versionRecord(document, body, origins.get(document._id)));
      });
    },
    claim: async (after, limit) =>
      (await page(claim, '_id', after, limit)).map(({ _id, key, owner }) =>
        row(_id, { section: 'claim', key, owner }),
      ),
    source: async (after, limit) =>
      all(await page(source, '_id', after, limit), async (document) =>
        row(document._id, { section: 'source', view: await toView(document, parts) }),
      ),
    journal: async (after, limit) =>
      all(await page(journal, 'row', after, limit), async (document) => {
        const owner = frameOwner(document.row);
        const bytes = await parts.bytes(document.bytes, owner, document.parts);
        return row(document.row, { section: 'journal', entry: toEntry(document, bytes) });
      }),
    job: async (after, limit) =>
      (await page(job, '_id', after, limit)).map(({ _id: key, kind, due, payload, attempts }) =>
        row(key, { section: 'job', job: { key, kind, dueAt: new Date(due), payload, attempts } }),
      ),
    audit: async (after, limit) =>
      (await page(audit, '_id', after, limit)).map((document) =>
        row(document._id, { section: 'audit', row: toAuditRow(document) }),
      ),
    state: async (after, limit) =>
      (await page(state, '_id', after, limit)).map(({ _id: key, value, revision }) =>
        row(key, { section: 'state', entry: { key, value, revision } }),
      ),
  };
}

function versionRecord(
  document: VersionDocument,
  body: string,
  origin: string | undefined,
): ArchiveRecord {
  const { type, id, seq, method } = document;
  return {
    section: 'version',
    version: {
      ...{ type, id, seq, method, body },
      position: document._id,
      versionId: String(document.version),
      lastUpdated: new Date(document.updated),
      current: document.replacedBy === undefined && method !== 'DELETE',
      ...(origin === undefined ? {} : { pending: origin }),
    },
  };
}

function page<Stored extends Document>(
  collection: Collection<Stored>,
  key: '_id' | 'row',
  after: string | number | undefined,
  limit: number,
): Promise<WithId<Stored>[]> {
  const filter = after === undefined ? {} : { [key]: { $gt: after } };
  return collection
    .find(filter as Filter<Stored>, { sort: { [key]: 1 }, limit, batchSize: limit })
    .toArray();
}

function row(key: string | number, record: ArchiveRecord): Row {
  return { key, record };
}

function all<Stored>(
  documents: readonly Stored[],
  read: (document: Stored) => Promise<Row>,
): Promise<Row[]> {
  return Promise.all(documents.map(read));
}
