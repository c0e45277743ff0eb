import { fail } from '../fhir/issue.ts';
import type { SearchQuery } from '../fhir/search-ast.ts';
import type { ParsedSearch } from '../fhir/search-parse.ts';
import type { RestContext } from './call.ts';
import { containedCount, containedPage } from './contained.ts';
import type { ContainedMatch, ContainedPlace } from './contained.ts';

/** Where a page begins: at a cursor of the store, or, after what stands alone, among contained resources. */
export interface PageStart {
  readonly cursor?: string;
  readonly contained?: ContainedPlace;
}

/** One page of what was found, and where the next one begins. */
export interface Found {
  readonly matches: readonly ContainedMatch[];
  readonly total?: number | undefined;
  readonly next?: PageStart | undefined;
}

/** What is looked through. */
export interface Searched {
  readonly parsed: ParsedSearch;
  /** What stands alone, as the caller may see it. */
  readonly alone: SearchQuery;
  /** What contains others, where that is asked for and the caller may search any. */
  readonly containers?: SearchQuery | undefined;
}

/** The page of a search that begins at `start`. With `_contained=both` what stands alone comes first. */
export async function findPage(
  context: RestContext,
  searched: Searched,
  start: PageStart,
): Promise<Found> {
  const { parsed } = searched;
  if (parsed.contained === 'false') return findAlone(context, searched, start);
  if (parsed.summary === 'count') return { matches: [], total: await countAll(context, searched) };
  const isAlone = parsed.contained === 'both' && start.contained === undefined;
  const alone = isAlone ? await findAlone(context, searched, start) : { matches: [] };
  if (alone.next !== undefined) {
    return { ...alone, total: await toldTotal(context, searched, start) };
  }
  const { matches, next } = await findContained(context, searched, {
    place: start.contained ?? firstPlace,
    room: parsed.query.count - alone.matches.length,
  });
  const all = [...alone.matches, ...matches];
  if (next !== undefined) {
    const total = await toldTotal(context, searched, start);
    return { matches: all, total, next: { contained: next } };
  }
  const isWhole = isFirst(start) && parsed.query.total !== 'none';
  return { matches: all, total: isWhole ? all.length : undefined };
}

const firstPlace: ContainedPlace = { given: 0 };

function isFirst({ cursor, contained }: PageStart): boolean {
  return cursor === undefined && contained === undefined;
}

async function findAlone(
  { store }: RestContext,
  { alone, parsed: { summary } }: Searched,
  { cursor }: PageStart,
): Promise<Found> {
  const page = await store.search({
    ...alone,
    ...(summary === 'count' ? { total: 'accurate' as const } : {}),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const next = page.next === undefined ? undefined : { cursor: page.next };
  return { matches: page.matches.map((version) => ({ version })), total: page.total, next };
}

function findContained(
  context: RestContext,
  { containers, parsed }: Searched,
  from: { readonly place: ContainedPlace; readonly room: number },
): ReturnType<typeof containedPage> {
  if (containers === undefined) return Promise.resolve({ matches: [] });
  return containedPage(context, containers, parsed, from);
}

/** Counting looks into every container: on a page that does not hold all, only where it was asked for by name. */
async function toldTotal(
  context: RestContext,
  searched: Searched,
  start: PageStart,
): Promise<number | undefined> {
  const isAsked = searched.parsed.used.some(
    ([name, value]) => name === '_total' && value !== 'none',
  );
  return isAsked && isFirst(start) ? countAll(context, searched) : undefined;
}

async function countAll(context: RestContext, searched: Searched): Promise<number> {
  const { alone, containers, parsed } = searched;
  const inside =
    containers === undefined ? 0 : await containedCount(context, containers, parsed, firstPlace);
  if (parsed.contained !== 'both') return inside;
  const page = await context.store.search({ ...alone, sort: [], count: 0, total: 'accurate' });
  return inside + (page.total ?? fail('exception', 'A store counts what is asked to be counted'));
}
