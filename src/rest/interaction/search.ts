import { compartmentParameters, isResourceType } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import type { ParsedSearch } from '../../fhir/search-parse.ts';
import { authorize } from '../authorize.ts';
import { bundleText, outcomeEntries, searchEntry } from '../bundle/bundle-text.ts';
import type { Link } from '../bundle/bundle-text.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { confined, parseCriteria } from '../criteria.ts';
import { included } from '../include.ts';
import { placeOf, typeOf } from '../place.ts';
import { parsePrefer } from '../prefer.ts';
import { formatQuery, parseQuery } from '../query-string.ts';
import { subsetText } from '../subset.ts';
import { unfinishedWarning } from '../unfinished.ts';
import { visible } from './read.ts';

/** `GET Type?...` and `POST Type/_search`: http://hl7.org/fhir/R4/http.html#search. */
export async function searchType(context: RestContext, call: Call): Promise<Answer> {
  const type = typeOf(call);
  return runSearch(context, call, { types: [type], path: type });
}

/** `GET [base]?_type=A,B`; `_type` is required, so that no call reads everything by accident. */
export async function searchSystem(context: RestContext, call: Call): Promise<Answer> {
  const page = openPage(context, call, '');
  const listed = paramOf(page?.params ?? call.params, '_type') ?? '';
  const [first, ...more] = listed.split(',').filter((type) => type !== '');
  if (first === undefined) fail('search-value', 'A search of the whole system needs _type');
  const types: SearchQuery['types'] = [first, ...new Set(more)];
  for (const type of types) {
    if (!isResourceType(type)) fail('search-value', '_type names a type that FHIR R4 has not');
    authorize(call.principal, 'search-type', { type });
  }
  if (call.principal.patient !== undefined && types.length > 1) {
    fail('not-supported', 'A token for one patient searches one type at a time');
  }
  return runSearch(context, call, { types, path: '' });
}

/** `GET Patient/1/Observation?...`: a search within a compartment. */
export async function searchCompartment(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const member = call.at.member ?? '';
  const params = compartmentParameters(type, member);
  if (params.length === 0) fail('unknown-route', `No ${member} is in a ${type} compartment`);
  visible(call, await context.store.read(type, id));
  const nodes = params.map((param): SearchNode => ({ op: 'reference', param, type, id }));
  const within: SearchNode = { op: 'or', nodes };
  return runSearch(context, call, { types: [member], path: `${type}/${id}/${member}`, within });
}

interface Scope {
  readonly types: SearchQuery['types'];
  /** Address below the base, without `_search`. */
  readonly path: string;
  readonly within?: SearchNode;
}

/** What a page link carries, sealed. */
interface PageState {
  readonly path: string;
  readonly params: Params;
  readonly cursor: string;
}

async function runSearch(context: RestContext, call: Call, scope: Scope): Promise<Answer> {
  const opened = openPage(context, call, scope.path);
  const params = opened?.params ?? allParams(call);
  const strict = parsePrefer(call.headers['prefer']).handling === 'strict';
  const parsed = parseCriteria(context, scope.types, params, strict);
  const query = { ...parsed.query, where: whereOf(call, scope, parsed.query.where) };
  const warnings = unfinishedWarning(context, query, parsed.includes);
  const page = await context.store.search({
    ...query,
    ...(parsed.summary === 'count' ? { total: 'accurate' as const } : {}),
    ...(opened === undefined ? {} : { cursor: opened.cursor }),
  });
  const others = await included(context, call, page.matches, parsed.includes);
  const baseUrl = context.baseUrl;
  const shape = (body: string): string => subsetText(body, parsed);
  const next = parsed.summary === 'count' ? undefined : page.next;
  const body = bundleText({
    type: 'searchset',
    total: page.total,
    links: links(context, scope, parsed, next),
    entries: [
      ...page.matches.map((match) => searchEntry(baseUrl, match, 'match', shape(match.body))),
      ...others.map((other) => searchEntry(baseUrl, other, 'include', shape(other.body))),
      ...outcomeEntries(warnings),
    ],
  });
  return { status: 200, body, shown: [...page.matches, ...others] };
}

/** The parameters of the address and, for POST, of the form. */
function allParams(call: Call): Params {
  const form = call.method === 'POST' && typeof call.body === 'string' ? call.body.trim() : '';
  return form === '' ? call.params : [...call.params, ...parseQuery(form)];
}

function whereOf(call: Call, { types, within }: Scope, where: SearchNode): SearchNode {
  const [type] = types;
  const inScope: SearchNode = within === undefined ? where : { op: 'and', nodes: [within, where] };
  return confined(call.principal, type, inScope);
}

/** The state of a page link; undefined for a first page. Throws `cursor-invalid`. */
function openPage(context: RestContext, call: Call, path: string): PageState | undefined {
  const token = paramOf(call.params, '_page');
  if (token === undefined) return undefined;
  const state = context.seal.open(token) as PageState;
  if (state.path !== path || typeof state.cursor !== 'string') {
    fail('cursor-invalid', 'The page link belongs to another search');
  }
  return state;
}

/** `self` says what was executed, after defaults; `next` says nothing. */
function links(
  context: RestContext,
  { path }: Scope,
  { used, query }: ParsedSearch,
  cursor: string | undefined,
): readonly Link[] {
  const counted = used.some(([name]) => name === '_count');
  const executed: Params = counted ? used : [...used, ['_count', String(query.count)]];
  const address = path === '' ? context.baseUrl : `${context.baseUrl}/${path}`;
  const self: Link = { relation: 'self', url: `${address}?${formatQuery(executed)}` };
  if (cursor === undefined) return [self];
  const state: PageState = { path, params: used, cursor };
  return [self, { relation: 'next', url: `${address}?_page=${context.seal.close(state)}` }];
}
