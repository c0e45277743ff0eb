import { resourceTypes } from '../fhir/definitions.ts';
import { fail } from '../fhir/issue.ts';
import { stringify } from '../fhir/json.ts';
import { containedMatches, containsOneOf, matchesItself } from '../fhir/search-contained.ts';
import type { SearchQuery } from '../fhir/search-ast.ts';
import type { ParsedSearch } from '../fhir/search-parse.ts';
import { limits } from '../limits.ts';
import { allowed } from '../security/policy.ts';
import type { StoredVersion } from '../store/store.ts';
import { jsonOf, resourceOf } from './body.ts';
import type { Call, RestContext } from './call.ts';
import { confinedTypes } from './criteria.ts';

/** Where a walk through containers stands: at the store's cursor, or its beginning, and so many matches after it. */
export interface ContainedPlace {
  readonly cursor?: string;
  readonly given: number;
}

/** What matches: a container, or a resource that it contains. */
export interface ContainedMatch {
  readonly version: StoredVersion;
  /** The contained resource, where that is what is shown. */
  readonly inner?: { readonly id: string; readonly body: string };
}

export interface ContainedPage {
  readonly matches: readonly ContainedMatch[];
  /** Undefined at the end. */
  readonly next?: ContainedPlace;
}

/** The containers that the caller may search, by what they contain; undefined where it may search none. */
export function containersOf(
  { principal }: Call,
  types: SearchQuery['types'],
): SearchQuery | undefined {
  const [first, ...more] = resourceTypes().filter((t) => allowed(principal, 'search-type', t));
  if (first === undefined) return undefined;
  const containers: SearchQuery['types'] = [first, ...more];
  const where = confinedTypes(principal, containers, containsOneOf(types));
  return { types: containers, where, sort: [], count: stepCount, total: 'none' };
}

/** Containers that are read at once. The step is part of a place: `given` counts within one. */
const stepCount = 100;

/**
 * Up to `room` matches from a place on. An index leads to what contains a resource of the type, the rest is judged by its
 * body; so that no call looks at everything, a page ends after limits.containedLookedAtMax containers, with fewer
 * matches or none, and the next one goes on from there.
 */
export async function containedPage(
  context: RestContext,
  containers: SearchQuery,
  asked: ParsedSearch,
  { place, room }: { readonly place: ContainedPlace; readonly room: number },
): Promise<ContainedPage> {
  const matches: ContainedMatch[] = [];
  let { cursor, given } = place;
  for (let looked = 0; looked < limits.containedLookedAtMax; looked += stepCount) {
    const at = cursor === undefined ? {} : { cursor };
    const step = await context.store.search({ ...containers, ...at });
    const found = step.matches.flatMap((version) => matchesIn(version, asked)).slice(given);
    const left = room - matches.length;
    matches.push(...found.slice(0, left));
    if (found.length > left) return { matches, next: { ...at, given: given + left } };
    if (step.next === undefined) return { matches };
    cursor = step.next;
    given = 0;
    if (found.length === left) break;
  }
  return { matches, next: { cursor: cursor ?? '', given } };
}

/** How many there are from a place on. Throws `limit` past limits.containedLookedAtMax. */
export async function containedCount(
  context: RestContext,
  containers: SearchQuery,
  asked: ParsedSearch,
  place: ContainedPlace,
): Promise<number> {
  const all = await containedPage(context, containers, asked, { place, room: Infinity });
  if (all.next !== undefined) {
    const most = `${limits.containedLookedAtMax} resources (containedLookedAtMax)`;
    fail('limit', `Contained resources are counted among at most ${most}; ask for _total=none`);
  }
  return all.matches.length;
}

function matchesIn(
  version: StoredVersion,
  { query, contained, containedType }: ParsedSearch,
): readonly ContainedMatch[] {
  const resource = resourceOf(jsonOf(version.body));
  const lastUpdated = version.lastUpdated.getTime();
  const container = { resource, id: version.id, lastUpdated };
  const inside = containedMatches(container, query);
  if (containedType === 'contained') {
    return inside.map((inner) => {
      return { version, inner: { id: String(inner['id']), body: stringify(inner) } };
    });
  }
  if (inside.length === 0) return [];
  // Among those that stand alone it was found already.
  return contained === 'both' && matchesItself(container, query) ? [] : [{ version }];
}
