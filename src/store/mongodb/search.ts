import type { Document } from 'mongodb';
import type { SearchQuery } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { readSearchCursor, writeSearchCursor, type SearchCursor } from '../cursor.ts';
import { comparePlaces, type Place } from '../order.ts';
import type { SearchPage } from '../store.ts';
import { never, resourceFilter } from './filter.ts';
import type { Collections, ResourceDocument } from './layout.ts';
import type { Reads } from './reads.ts';
import { Resolver } from './resolve.ts';
import { afterCursor, placeOf, sortSpecification } from './sort-order.ts';

/** A resource on a page: its place in the walk, and where its current body is. */
interface Match extends Place {
  readonly position: number;
}

/**
 * One page of a search.
 *
 * A walk is pinned to the newest version's position at its first page (`snapshot`). It returns what was live
 * then, is live now and matches now: in creation order, or by sort values. Creation order never changes, so a
 * cursor into it is enough. Sort values change, so a resource written since the snapshot stands where it stood
 * then: what it was sorted by is kept with the version that was replaced.
 */
export class Searches {
  readonly #collections: Collections;
  readonly #resolver: Resolver;
  readonly #reads: Reads;

  constructor(collections: Collections, reads: Reads) {
    this.#collections = collections;
    this.#resolver = new Resolver(collections.resource);
    this.#reads = reads;
  }

  async page(query: SearchQuery): Promise<SearchPage> {
    const cursor =
      query.cursor === undefined ? undefined : readSearchCursor(query.cursor, query.sort.length);
    // Before anything else is read: what is committed later belongs to no page of this walk.
    const newest = await this.#reads.position();
    if (cursor !== undefined && query.sort.length > 0) refuseDrift(newest - cursor.snapshot);
    const filter = resourceFilter(
      query.types,
      await this.#resolver.resolve(query.types, query.where),
    );
    const total = cursor === undefined ? await this.#total(query, filter) : cursor.total;
    const counted = total === null ? {} : { total };
    if (query.count === 0 || filter === never) return { matches: [], ...counted };
    const snapshot = cursor?.snapshot ?? newest;
    const found = await this.#matches(query, filter, { snapshot, cursor });
    const page = found.slice(0, query.count);
    const matches = await this.#reads.versions(page.map(({ position }) => position));
    const last = page.at(-1);
    if (found.length <= query.count || last === undefined) return { matches, ...counted };
    const { values, ordinal } = last;
    return { matches, ...counted, next: writeSearchCursor({ snapshot, total, values, ordinal }) };
  }

  /** Up to one more than the page takes. */
  async #matches(
    query: SearchQuery,
    filter: Document,
    { snapshot, cursor }: { snapshot: number; cursor: SearchCursor | undefined },
  ): Promise<Match[]> {
    const { sort, count } = query;
    const conditions = [filter, { liveSince: { $lte: snapshot } }];
    if (cursor !== undefined) conditions.push(afterCursor(sort, cursor));
    if (sort.length === 0) return this.#find(query, conditions, count + 1);
    const inPlace = await this.#find(
      query,
      [...conditions, { position: { $lte: snapshot } }],
      count + 1,
    );
    // Asked second: what is written between the two is then in both, and not in neither.
    const moved = await this.#moved(query, filter, snapshot);
    const places = new Map([...inPlace, ...moved].map((place) => [place.ordinal, place]));
    return [...places.values()]
      .filter((place) => cursor === undefined || comparePlaces(sort, place, cursor) > 0)
      .sort((a, b) => comparePlaces(sort, a, b))
      .slice(0, count + 1);
  }

  async #find(
    { sort }: SearchQuery,
    conditions: readonly Document[],
    limit: number,
  ): Promise<Match[]> {
    const found = await this.#collections.resource
      .find({ $and: conditions } as object, {
        projection: { id: 1, ordinal: 1, position: 1, updated: 1, sort: 1 },
        sort: sortSpecification(sort),
        ...{ limit, batchSize: limit, maxTimeMS: limits.mongoSearchTimeoutMs },
      })
      .toArray();
    return found.map((resource) => ({ ...placeOf(resource, sort), position: resource.position }));
  }

  /** Resources of the walk that were written since its snapshot and still match, where they stood then. */
  async #moved(query: SearchQuery, filter: Document, snapshot: number): Promise<Match[]> {
    const written = await this.#collections.resource
      .find(
        {
          $and: [filter, { position: { $gt: snapshot } }, { liveSince: { $lte: snapshot } }],
        } as object,
        {
          projection: { ordinal: 1, position: 1 },
          ...{ batchSize: limits.mongoBatchMax, maxTimeMS: limits.mongoSearchTimeoutMs },
        },
      )
      .toArray();
    const places: Match[] = [];
    for (let at = 0; at < written.length; at += limits.mongoBatchMax) {
      places.push(
        ...(await this.#pastPlaces(written.slice(at, at + limits.mongoBatchMax), query, snapshot)),
      );
    }
    return places;
  }

  async #pastPlaces(
    resources: readonly Pick<ResourceDocument, '_id' | 'ordinal' | 'position'>[],
    { sort }: SearchQuery,
    snapshot: number,
  ): Promise<Match[]> {
    const now = new Map(resources.map((resource) => [resource._id, resource]));
    const then = await this.#collections.version
      .find(
        { of: { $in: [...now.keys()] }, _id: { $lte: snapshot }, replacedBy: { $gt: snapshot } },
        { projection: { of: 1, id: 1, updated: 1, sort: 1 }, batchSize: limits.mongoBatchMax },
      )
      .toArray();
    return then.flatMap((version) => {
      const resource = now.get(version.of);
      if (resource === undefined) return [];
      const { ordinal, position } = resource;
      return [{ ...placeOf({ ...version, ordinal }, sort), position }];
    });
  }

  /** Null where it is not asked for. */
  async #total({ types, where, total }: SearchQuery, filter: Document): Promise<number | null> {
    if (total === 'none') return null;
    if (filter === never) return 0;
    if (where.op === 'and' && where.nodes.length === 0) {
      const counts = await this.#reads.counts();
      return types.reduce((sum, type) => sum + (counts.get(type) ?? 0), 0);
    }
    return this.#collections.resource.countDocuments(filter, {
      maxTimeMS: limits.mongoSearchTimeoutMs,
    });
  }
}

function refuseDrift(versions: number): void {
  if (versions <= limits.searchDriftMax) return;
  fail('cursor-invalid', 'Too much was written since this search began; begin it anew');
}
