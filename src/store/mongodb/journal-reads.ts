import type { Document, Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import { readListCursor, writeListCursor } from '../cursor.ts';
import type { Journal, JournalEntry, JournalPage, JournalQuery } from '../store.ts';
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
    const filter: Record<string, unknown> = {};
    for (const name of ['feed', 'state', 'messageType', 'controlId', 'patient'] as const) {
      if (query[name] !== undefined) filter[name] = query[name];
    }
    if (query.cursor !== undefined) filter['row'] = { $lt: readListCursor(query.cursor).before };
    const limit = query.count + 1;
    const documents = await this.#collections.journal
      .find(filter as Filter<JournalDocument>, { sort: { row: -1 }, limit, batchSize: limit })
      .toArray();
    const page = documents.slice(0, query.count);
    const entries = await Promise.all(page.map((document) => this.#entry(document)));
    const last = page.at(-1);
    if (documents.length <= query.count || last === undefined) return { entries };
    return { entries, next: writeListCursor({ before: last.row, total: 0 }) };
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
