import { isResourceType, resourceTypes } from '../../fhir/definitions.ts';
import { fail, OutcomeError } from '../../fhir/issue.ts';
import { isUnconditional, type SearchNode, type SearchQuery } from '../../fhir/search-ast.ts';
import { containedIssues } from '../../fhir/search-contained.ts';
import type { ParsedSearch } from '../../fhir/search-parse.ts';
import { allowed } from '../../security/policy.ts';
import { authorize } from '../authorize.ts';
import { bundleText, containedEntry, outcomeEntries, searchEntry } from '../bundle/bundle-text.ts';
import type { Link } from '../bundle/bundle-text.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { containersOf, type ContainedMatch } from '../contained.ts';
import { confinedTypes, parseCriteria } from '../criteria.ts';
import { findPage, type PageStart } from '../found.ts';
import { included } from '../include.ts';
import { closePage, openedPage, type PlaceInWalk } from '../page-link.ts';
import { typeOf } from '../place.ts';
import { parsePrefer } from '../prefer.ts';
import { formatQuery, parseQuery } from '../query-string.ts';
import { subsetText, type View } from '../subset.ts';
import { unfinishedWarning } from '../unfinished.ts';

/** `GET Type?...` and `POST Type/_search`: http://hl7.org/fhir/R4/http.html#search. */
export async function searchType(context: RestContext, call: Call): Promise<Answer> {
  const type = typeOf(call);
  return runSearch(context, call, { types: [type], path: type });
}

/**
 * `GET [base]?...` and `POST _search`, of the types in `_type`, or of all that the caller may search: then there must be
 * a condition, so that no call reads everything by accident.
 */
export async function searchSystem(context: RestContext, call: Call): Promise<Answer> {
  const page = openPage(context, call, '');
  const listed = typesListed(page?.params ?? searchParams(call));
  for (const type of listed) authorize(call.principal, 'search-type', { type });
  const all = resourceTypes().filter((type) => allowed(call.principal, 'search-type', type));
  const [first, ...more] = listed.length > 0 ? listed : all;
  if (first === undefined) fail('forbidden', `The role ${call.principal.role} searches nothing`);
  const types: SearchQuery['types'] = [first, ...more];
  return runSearch(context, call, { types, path: '', isConditional: listed.length === 0 });
}

/** The types of `_type`, each once. Throws `search-value` for what is none. */
export function typesListed(params: Params): readonly string[] {
  const listed = paramOf(params, '_type') ?? '';
  const types = listed.split(',').filter((type) => type !== '');
  if (!types.every(isResourceType)) {
    fail('search-value', '_type names a type that FHIR R4 has not');
  }
  return [...new Set(types)];
}

/** Which resources a search is among. */
export interface Scope {
  readonly types: SearchQuery['types'];
  /** Address below the base, without `_search`. */
  readonly path: string;
  readonly within?: SearchNode;
  /** Whether it is refused where it has no condition. */
  readonly isConditional?: boolean;
}

/** What a page link carries, sealed. */
export interface PageState extends PlaceInWalk, PageStart {
  readonly params: Params;
}

/** One page of a search, as its parameters say. */
export async function runSearch(context: RestContext, call: Call, scope: Scope): Promise<Answer> {
  const opened = openPage(context, call, scope.path);
  const params = opened?.params ?? searchParams(call);
  const parsed = await parseCriteria(context, call, {
    types: scope.types,
    params,
    strict: parsePrefer(call.headers['prefer']).handling === 'strict',
    contained: scope.within === undefined,
  });
  refuseUnbound(scope, parsed);
  const alone = { ...parsed.query, where: whereOf(call, scope, parsed.query.where) };
  const containers = parsed.contained === 'false' ? undefined : containersOf(call, alone.types);
  const found = await findPage(context, { parsed, alone, containers }, opened ?? {});
  const versions = found.matches.map(({ version }) => version);
  const others = await included(context, call, versions, parsed.includes);
  const next = parsed.summary === 'count' ? undefined : found.next;
  const closeAt = (start: PageStart): string => {
    const state: PageState = { path: scope.path, params: parsed.used, ...start };
    return closePage(context, call, state);
  };
  const searched = containers === undefined ? [alone] : [alone, containers];
  const unfinished = searched.flatMap((q) => unfinishedWarning(context, q, parsed.includes));
  const warnings = [...parsed.issues.filter(({ code }) => code === 'limit'), ...unfinished];
  const body = bundleText({
    type: 'searchset',
    total: found.total,
    links: links(context, scope, parsed, next && closeAt(next)),
    entries: [
      ...found.matches.map((match) => matchEntry(context.baseUrl, match, parsed)),
      ...others.map((o) => searchEntry(context.baseUrl, o, 'include', subsetText(o.body, parsed))),
      ...outcomeEntries(warnings),
    ],
  });
  return { status: 200, body, shown: [...versions, ...others] };
}

function matchEntry(baseUrl: string, { version, inner }: ContainedMatch, view: View): string {
  if (inner === undefined) {
    return searchEntry(baseUrl, version, 'match', subsetText(version.body, view));
  }
  return containedEntry(baseUrl, version, { ...inner, body: subsetText(inner.body, view) });
}

function refuseUnbound({ isConditional }: Scope, parsed: ParsedSearch): void {
  const { query, summary, includes } = parsed;
  if (isConditional === true && isUnconditional(query.where)) {
    fail('search-value', 'A search of the whole system needs _type or a condition');
  }
  if (summary === 'text' && includes.length > 0) {
    fail('search-value', '_summary=text does not go with _include and _revinclude');
  }
  const [first, ...others] = containedIssues(parsed);
  if (first !== undefined) throw new OutcomeError([first, ...others]);
}

/** The parameters of the address and, for POST, of the form. */
export function searchParams(call: Call): Params {
  const form = call.method === 'POST' && typeof call.body === 'string' ? call.body.trim() : '';
  return form === '' ? call.params : [...call.params, ...parseQuery(form)];
}

function whereOf(call: Call, { types, within }: Scope, where: SearchNode): SearchNode {
  const inScope: SearchNode = within === undefined ? where : { op: 'and', nodes: [within, where] };
  return confinedTypes(call.principal, types, inScope);
}

/** The state of a page link; undefined for a first page. Throws `cursor-invalid`. */
export function openPage(context: RestContext, call: Call, path: string): PageState | undefined {
  return openedPage(context, call, path) as PageState | undefined;
}

/** `self` says what was executed, after defaults; `next` says nothing. */
function links(
  context: RestContext,
  { path }: Scope,
  { used, query }: ParsedSearch,
  page: string | undefined,
): readonly Link[] {
  const counted = used.some(([name]) => name === '_count');
  const executed: Params = counted ? used : [...used, ['_count', String(query.count)]];
  const address = path === '' ? context.baseUrl : `${context.baseUrl}/${path}`;
  const self: Link = { relation: 'self', url: `${address}?${formatQuery(executed)}` };
  if (page === undefined) return [self];
  return [self, { relation: 'next', url: `${address}?_page=${page}` }];
}
