import type { Document, Filter } from 'mongodb';
import { limits } from '../../limits.ts';
import { readListCursor, writeListCursor } from '../cursor.ts';
import { refuseTooMany } from '../read-many.ts';
import { storedVersion } from '../stored-version.ts';
import type {
  ChangeEvent,
  HistoryPage,
  HistoryQuery,
  ResourceKey,
  StoredVersion,
} from '../store.ts';
import type { Collections, VersionDocument } from './layout.ts';
import type { Parts } from './parts.ts';

type Row = Omit<VersionDocument, 'sort'>;

/** Reads by identity, history and the change feed. */
export class Reads {
  readonly #collections: Collections;
  readonly #parts: Parts;

  constructor(collections: Collections, parts: Parts) {
    this.#collections = collections;
    this.#parts = parts;
  }

  /** The newest version's position. */
  async position(): Promise<number> {
    const order = await this.#collections.order.findOne(
      { _id: 'order' },
      { projection: { position: 1 } },
    );
    return order?.position ?? 0;
  }

  async read(type: string, id: string): Promise<StoredVersion | undefined> {
    const [row] = await this.#rows({ of: `${type}/${id}` }, { sort: { version: -1 }, limit: 1 });
    return row && this.#stored(row);
  }

  async readVersion(
    type: string,
    id: string,
    versionId: string,
  ): Promise<StoredVersion | undefined> {
    if (!/^[1-9]\d{0,14}$/.test(versionId)) return undefined;
    const [row] = await this.#rows(
      { of: `${type}/${id}`, version: Number(versionId) },
      { limit: 1 },
    );
    return row && this.#stored(row);
  }

  async readMany(keys: readonly ResourceKey[]): Promise<(StoredVersion | undefined)[]> {
    refuseTooMany(keys);
    const wanted = keys.map(({ type, id }) => `${type}/${id}`);
    const present = await this.#collections.resource
      .find(
        { _id: { $in: wanted } },
        { projection: { position: 1 }, batchSize: limits.mongoBatchMax },
      )
      .toArray();
    const positions = new Map(present.map(({ _id, position }) => [_id, position]));
    const versions = await this.versions([...positions.values()]);
    const byKey = new Map(versions.map((version) => [`${version.type}/${version.id}`, version]));
    return wanted.map((key) => byKey.get(key));
  }

  /** The versions at these positions, in this order. */
  async versions(positions: readonly number[]): Promise<StoredVersion[]> {
    if (positions.length === 0) return [];
    const rows = await this.#rows({ _id: { $in: positions } }, { batchSize: limits.mongoBatchMax });
    const byPosition = new Map(rows.map((row) => [row._id, row]));
    const ordered = positions.flatMap((position) => byPosition.get(position) ?? []);
    return Promise.all(ordered.map((row) => this.#stored(row)));
  }

  /** Positions are given under the order document, so none appears after a higher one (law 13). */
  async changes(after: number, limit: number): Promise<ChangeEvent[]> {
    if (limit <= 0) return [];
    const rows = await this.#rows(
      { _id: { $gt: after } },
      { sort: { _id: 1 }, limit, projection: { body: 0, sort: 0 } },
    );
    return rows.map(({ _id, seq, type, id, version, method, updated }) => {
      const versionId = String(version);
      return { position: _id, seq, type, id, versionId, method, at: new Date(updated) };
    });
  }

  async counts(): Promise<ReadonlyMap<string, number>> {
    const tallies = await this.#collections.typeTally
      .find({ live: { $gt: 0 } }, { sort: { _id: 1 } })
      .toArray();
    return new Map(tallies.map(({ _id, live }) => [_id, live]));
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    const cursor = query.cursor === undefined ? undefined : readListCursor(query.cursor);
    const scope = historyScope(query);
    const total = cursor?.total ?? (await this.#total(query, scope));
    const conditions = cursor === undefined ? scope : [...scope, { _id: { $lt: cursor.before } }];
    const limit = query.count + 1;
    // The order is the same; each has its index.
    const sort = query.id === undefined ? { _id: -1 } : { version: -1 };
    const rows = await this.#rows(together(conditions), { sort, limit });
    const page = rows.slice(0, query.count);
    const versions = await Promise.all(page.map((row) => this.#stored(row)));
    const last = page.at(-1);
    if (rows.length <= query.count || last === undefined) return { versions, total };
    return { versions, total, next: writeListCursor({ before: last._id, total }) };
  }

  /** The whole count; by the tally where nothing narrows it. */
  async #total({ type, id, since, at }: HistoryQuery, scope: readonly Document[]): Promise<number> {
    if (id !== undefined || since !== undefined || at !== undefined) {
      return this.#collections.version.countDocuments(together(scope), {
        maxTimeMS: limits.mongoSearchTimeoutMs,
      });
    }
    const tallies = await this.#collections.typeTally
      .find(type === undefined ? {} : { _id: type })
      .toArray();
    return tallies.reduce((sum, { versions }) => sum + versions, 0);
  }

  async #rows(filter: Filter<VersionDocument>, options: Document): Promise<Row[]> {
    return this.#collections.version
      .find(filter, {
        ...{ projection: { sort: 0 }, maxTimeMS: limits.mongoSearchTimeoutMs },
        ...options,
      })
      .toArray();
  }

  async #stored(row: Row): Promise<StoredVersion> {
    return storedVersion(row, await this.#parts.text(row.body, `v${row._id}`, row.parts));
  }
}

function historyScope({ type, id, since, at }: HistoryQuery): Document[] {
  const scope: Document[] = [];
  if (type !== undefined) scope.push(id === undefined ? { type } : { of: `${type}/${id}` });
  if (since !== undefined) scope.push({ updated: { $gte: since.getTime() } });
  if (at === undefined) return scope;
  const [from, to] = [at.from.getTime(), at.to.getTime()];
  if (from >= to) return [...scope, { _id: { $in: [] } }];
  // Current at its own instant, however soon the next version came, and until that.
  const within = [{ updated: { $gte: from } }, { until: null }, { until: { $gt: from } }];
  return [...scope, { updated: { $lt: to } }, { $or: within }];
}

function together(conditions: readonly Document[]): Filter<VersionDocument> {
  return conditions.length === 0 ? {} : { $and: [...conditions] };
}
