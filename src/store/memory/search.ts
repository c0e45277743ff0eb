import {
  matches,
  sortValue,
  type Matchable,
  type MatchTarget,
  type MatchWorld,
  type SortValue,
} from '../../fhir/search-match.ts';
import type { SearchQuery } from '../../fhir/search-ast.ts';
import { readSearchCursor, writeSearchCursor } from '../cursor.ts';
import { comparePlaces, type Place } from '../order.ts';
import type { SearchPage } from '../store.ts';
import { resourceKey, type MemoryData, type MemoryResource, type MemoryVersion } from './data.ts';

/**
 * One page of a search, by reading everything. A walk is pinned to the commit that was newest at its first
 * page: it returns what was live then, is live now and matches now, where it stood then.
 */
export function searchPage(data: MemoryData, query: SearchQuery): SearchPage {
  const cursor =
    query.cursor === undefined ? undefined : readSearchCursor(query.cursor, query.sort.length);
  const snapshot = cursor?.snapshot ?? data.seq;
  const world = worldOf(data);
  const found = [...data.resources.values()]
    .filter((resource) => isFound(resource, query, { snapshot, world }))
    .map((resource) => ({ resource, ...placeAt(resource, query, snapshot) }))
    .sort((a, b) => comparePlaces(query.sort, a, b));
  const counted = query.total === 'accurate' ? found.length : null;
  const total = cursor === undefined ? counted : cursor.total;
  const rest =
    cursor === undefined
      ? found
      : found.filter((place) => comparePlaces(query.sort, place, cursor) > 0);
  const page = rest.slice(0, query.count);
  const matched = page.flatMap(({ resource }) => resource.versions.at(-1)?.stored ?? []);
  const answer = {
    matches: matched,
    ...(total === null ? {} : { total }),
  };
  const last = page.at(-1);
  if (rest.length <= query.count || last === undefined) return answer;
  const { values, ordinal } = last;
  return { ...answer, next: writeSearchCursor({ snapshot, values, ordinal, total }) };
}

function isFound(
  resource: MemoryResource,
  query: SearchQuery,
  { snapshot, world }: { readonly snapshot: number; readonly world: MatchWorld },
): boolean {
  const current = live(resource);
  if (current === undefined || resource.liveSince > snapshot) return false;
  if (!query.types.includes(current.resource.type)) return false;
  return matches(current.entries, current.resource, query.where, world);
}

/** What chains lead to: everything that is live now. */
function worldOf(data: MemoryData): MatchWorld {
  return {
    target: (type, id) => {
      const resource = data.resources.get(resourceKey(type, id));
      return resource && live(resource);
    },
    *referrers(type, param, to) {
      for (const resource of data.resources.values()) {
        const current = live(resource);
        if (current?.resource.type !== type) continue;
        const points = current.entries.some(
          (entry) =>
            entry.kind === 'reference' &&
            entry.param === param &&
            entry.type === to.type &&
            entry.id === to.id,
        );
        if (points) yield current;
      }
    },
  };
}

function live(resource: MemoryResource): Matchable | undefined {
  const current = resource.versions.at(-1);
  if (current === undefined || current.stored.deleted) return undefined;
  return { entries: current.entries, resource: target(current) };
}

function placeAt(resource: MemoryResource, query: SearchQuery, snapshot: number): Place {
  const then = resource.versions.findLast(({ stored }) => stored.seq <= snapshot);
  const values = query.sort.map((key): SortValue => {
    if (then === undefined) return null;
    return finite(sortValue(then.entries, target(then), key));
  });
  return { values, ordinal: resource.ordinal };
}

function target({ stored }: MemoryVersion): MatchTarget {
  const { type, id, lastUpdated, body } = stored;
  return { type, id, lastUpdated: lastUpdated.getTime(), body };
}

/** Open ends of dates as numbers that a cursor can carry. */
function finite(value: SortValue): SortValue {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  return Math.sign(value) * Number.MAX_SAFE_INTEGER;
}
