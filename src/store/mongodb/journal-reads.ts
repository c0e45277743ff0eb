import type { Document, Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import { readJournalCursor, writeJournalCursor } from '../cursor.ts';
import type { Journal, JournalEntry, JournalPage, JournalQuery, JournalRemoval } from '../store.ts';
import { frameOwner, toEntry } from './journal-document.ts';
import type { Collections, JournalDocument } from './layout.ts';
import type { Parts } from './parts.ts';

/** The journal's rows, read. */
export class JournalReads {
  readonly #collections: Pick<Collections, 'journal' | 'journalTally'>;
  readonly #parts: Parts;

  constructor(collections: Pick<Collections, 'journal' | 'journalTally'>, parts: Parts) {
    this.#collections = collections;
    this.#parts = parts;
  }

  async read(id: string): Promise<JournalEntry | undefined> {
    const document = await this.#collections.journal.findOne({ _id: id });
    return document === null ? undefined : this.#entry(document);
  }

  async find(feed: string, controlId: string): Promise<readonly JournalEntry[]> {
    return this.#entries(
      { feed, controlId },
      { sort: { row: 1 }, limit: limits.journalFindMax, batchSize: limits.journalFindMax },
    );
  }

  async list(query: JournalQuery): Promise<JournalPage> {
    const limit = query.count + 1;
    const way = query.oldestFirst === true ? 1 : -1;
    const documents = await this.#collections.journal
      .find(filterOf(query), {
        sort: { receivedAt: way, row: way },
        ...{ limit, batchSize: Math.min(limit, limits.mongoBatchMax) },
        ...(query.bare === true ? { projection: { bytes: 0, parts: 0 } } : {}),
      })
      .toArray();
    const page = documents.slice(0, query.count);
    const entries =
      query.bare === true
        ? page.map((document) => toEntry(document, new Uint8Array()))
        : await Promise.all(page.map((document) => this.#entry(document)));
    const last = page.at(-1);
    if (documents.length <= query.count || last === undefined) return { entries };
    return { entries, next: writeJournalCursor({ at: last.receivedAt, row: last.row }) };
  }

  /** The rows that a removal may take, oldest first. */
  async removable({ states, before, count }: JournalRemoval): Promise<readonly string[]> {
    if (count <= 0) return [];
    const documents = await this.#collections.journal
      .find(filterOf({ state: states, to: before, count }), {
        sort: { receivedAt: 1, row: 1 },
        ...{ limit: count, batchSize: count, projection: { _id: 1 } },
      })
      .toArray();
    return documents.map(({ _id }) => _id);
  }

  async counts(): ReturnType<Journal['counts']> {
    const tallies = await this.#collections.journalTally
      .find({ count: { $gt: 0 } }, { sort: { feed: 1, state: 1, ackCode: 1 } })
      .toArray();
    return tallies.map(({ feed, state, ackCode, count }) => ({ feed, state, ackCode, count }));
  }

  async #entries(filter: Filter<JournalDocument>, options: Document): Promise<JournalEntry[]> {
    const documents = await this.#collections.journal.find(filter, options).toArray();
    return Promise.all(documents.map((document) => this.#entry(document)));
  }

  async #entry(document: JournalDocument): Promise<JournalEntry> {
    const { bytes, row, parts } = document;
    return toEntry(document, await this.#parts.bytes(bytes, frameOwner(row), parts));
  }
}

/** Plain operators alone: one condition of an array per value that it must have. */
function filterOf(query: JournalQuery): Filter<JournalDocument> {
  const { state, fields = [], from, to, oldestFirst } = query;
  const conditions: Record<string, unknown>[] = fields.map((field) => ({ fields: field }));
  for (const name of ['feed', 'messageType', 'controlId', 'patient'] as const) {
    if (query[name] !== undefined) conditions.push({ [name]: query[name] });
  }
  if (state !== undefined) {
    conditions.push({ state: typeof state === 'string' ? state : { $in: [...state] } });
  }
  if (from !== undefined) conditions.push({ receivedAt: { $gte: from.getTime() } });
  if (to !== undefined) conditions.push({ receivedAt: { $lt: to.getTime() } });
  if (query.cursor !== undefined) {
    const { at, row } = readJournalCursor(query.cursor);
    const beyond = oldestFirst === true ? '$gt' : '$lt';
    // The first of these lets an index be entered at the place, the second is what is meant.
    conditions.push({ receivedAt: { [`${beyond}e`]: at } });
    conditions.push({
      $or: [{ receivedAt: { [beyond]: at } }, { receivedAt: at, row: { [beyond]: row } }],
    });
  }
  return conditions.length === 0 ? {} : { $and: conditions };
}
