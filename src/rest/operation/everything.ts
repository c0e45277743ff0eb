import { dateInterval } from '../../fhir/date-interval.ts';
import { compartmentParameters, resourceTypes, searchParameters } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { SearchNode } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import { allowed } from '../../security/policy.ts';
import type { ResourceKey, StoredVersion } from '../../store/store.ts';
import { canSee } from '../authorize.ts';
import { bundleText, searchEntry } from '../bundle/bundle-text.ts';
import type { Link } from '../bundle/bundle-text.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { confined } from '../criteria.ts';
import { sinceOf } from '../interaction/history.ts';
import { visible } from '../interaction/read.ts';
import { closePage, openedPage, type PlaceInWalk } from '../page-link.ts';
import { typeOf } from '../place.ts';
import { formatQuery } from '../query-string.ts';
import { inputOf } from './input.ts';
import type { OperationInput } from './input.ts';
import { typesAtHand } from './person.ts';

/** What is asked for; the walk's links carry it, sealed. */
interface Wanted {
  readonly types: readonly string[];
  readonly since?: number;
  /** Care dates, in epoch milliseconds. */
  readonly start?: number;
  readonly end?: number;
  readonly count: number;
}

/** How far a walk has come: the type, and within it the page. */
interface PageState extends PlaceInWalk {
  readonly wanted: Wanted;
  readonly at: number;
  readonly cursor?: string;
}

/**
 * `Patient/id/$everything` and `Encounter/id/$everything` with `_type`, `_since`, `start`, `end`, `_count`
 * (http://hl7.org/fhir/R4/operation-patient-everything.html): the resource, what of its compartment the caller may see,
 * type by type, each newest first, and as includes what those refer to outside of the compartment. What does not fit into
 * one page has a next link. `Patient/$everything` is the same of all Patients that the caller may see, with them as the first type.
 */
export async function everything(context: RestContext, call: Call): Promise<Answer> {
  const type = typeOf(call);
  const subject = await subjectOf(context, call);
  const opened = openPage(context, call);
  const state = opened ?? { path: call.path, wanted: await wantedOf(context, call, type), at: 0 };
  const found = opened === undefined ? [...subject] : [];
  const next = await walk(context, call, state, found);
  const others = await referredTo(context, call, type, found);
  const { baseUrl } = context;
  const self = call.params.filter(([name]) => name !== '_page');
  const query = self.length === 0 ? '' : `?${formatQuery(self)}`;
  const links: Link[] = [{ relation: 'self', url: `${baseUrl}/${call.path}${query}` }];
  if (next) {
    const page = closePage(context, call, next);
    links.push({ relation: 'next', url: `${baseUrl}/${call.path}?_page=${page}` });
  }
  const body = bundleText({
    type: 'searchset',
    total: opened === undefined && next === undefined ? found.length : undefined,
    links,
    entries: [
      ...found.map((version) => searchEntry(baseUrl, version, 'match')),
      ...others.map((version) => searchEntry(baseUrl, version, 'include')),
    ],
  });
  return { status: 200, body, shown: [...found, ...others] };
}

/** The resource that the address names; none where it is the whole type. Throws `not-found`, `gone`. */
async function subjectOf(context: RestContext, call: Call): Promise<readonly StoredVersion[]> {
  const { id } = call.at;
  return id === undefined ? [] : [visible(call, await context.store.read(typeOf(call), id))];
}

/** The state of a page link; undefined for a first page. Throws `cursor-invalid`. */
function openPage(context: RestContext, call: Call): PageState | undefined {
  return openedPage(context, call, call.path) as PageState | undefined;
}

async function wantedOf(context: RestContext, call: Call, type: string): Promise<Wanted> {
  const input = inputOf(call);
  const asked = input.texts('_type').flatMap((listed) => listed.split(','));
  const others = resourceTypes().filter(
    (member) => member !== type && compartmentParameters(type, member).length > 0,
  );
  const members = (call.at.id === undefined ? [type, ...others] : others).filter(
    (member) => asked.length === 0 || asked.includes(member),
  );
  const { since } = sinceOf(input.text('_since'));
  const count = input.whole('_count') ?? limits.everythingMax;
  if (count === 0) fail('search-value', '_count takes a whole number from 1');
  return {
    types: await typesAtHand(context, call, members),
    ...(since === undefined ? {} : { since: since.getTime() }),
    ...dateOf(input, 'start'),
    ...dateOf(input, 'end'),
    count: Math.min(count, limits.everythingMax),
  };
}

/** A date stands for all of it: `start` from where it begins, `end` to where it ends. */
function dateOf(input: OperationInput, name: 'start' | 'end'): { start?: number; end?: number } {
  const text = input.text(name);
  if (text === undefined) return {};
  const interval = dateInterval(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (!interval) return fail('search-value', `${name} takes a date such as 2026-03-01`);
  return { [name]: name === 'start' ? interval.lo : interval.hi };
}

/** Appends a page to `found`; answers where the next one begins. */
async function walk(
  context: RestContext,
  call: Call,
  { path, wanted, at, cursor }: PageState,
  found: StoredVersion[],
): Promise<PageState | undefined> {
  let position = cursor;
  for (let index = at; index < wanted.types.length; index++) {
    const member = wanted.types[index] ?? '';
    // A page that is full looks one further, so that a walk does not end on an empty page.
    while (allowed(call.principal, 'search-type', member)) {
      const room = wanted.count - found.length;
      const page = await context.store.search({
        types: [member],
        where: confined(call.principal, member, membersOf(call, member, wanted)),
        sort: [{ param: '_lastUpdated', kind: 'lastUpdated', descending: true }],
        count: Math.min(Math.max(room, 1), limits.searchPageMax),
        total: 'none',
        ...(position === undefined ? {} : { cursor: position }),
      });
      if (room <= 0) {
        if (page.matches.length === 0) break;
        return { path, wanted, at: index, ...(position === undefined ? {} : { cursor: position }) };
      }
      found.push(...page.matches);
      position = page.next;
      if (position === undefined) break;
    }
    position = undefined;
  }
  return undefined;
}

function membersOf(call: Call, member: string, { since, start, end }: Wanted): SearchNode {
  const type = typeOf(call);
  const { id } = call.at;
  const subject = id === undefined ? { type } : { type, id };
  const refers = compartmentParameters(type, member).map((param): SearchNode => {
    return { op: 'reference', param, ...subject };
  });
  const nodes: SearchNode[] = member === type ? [] : [{ op: 'or', nodes: refers }];
  if (since !== undefined) {
    nodes.push({ op: 'lastUpdated', prefix: 'ge', lo: since, hi: since + 1 });
  }
  const param = careDate(member);
  if (param !== undefined && (start !== undefined || end !== undefined)) {
    const within: SearchNode[] = [];
    if (start !== undefined) {
      within.push({ op: 'date', param, prefix: 'ge', lo: start, hi: start + 1 });
    }
    if (end !== undefined) within.push({ op: 'date', param, prefix: 'le', lo: end - 1, hi: end });
    const undated: SearchNode = { op: 'missing', param, missing: true };
    nodes.push({ op: 'or', nodes: [undated, { op: 'and', nodes: within }] });
  }
  return { op: 'and', nodes };
}

/** In this order, the parameter that says when care took place. */
const careDates = [
  'date',
  'onset-date',
  'effective-time',
  'occurrence',
  'period',
  'started',
  'sent',
  'collected',
  'authored',
  'authoredon',
  'authored-on',
  'issued',
  'created',
  'recorded',
  'whenhandedover',
];

function careDate(type: string): string | undefined {
  const parameters = searchParameters(type);
  return careDates.find((code) => parameters.get(code)?.type === 'date');
}

/** Types outside of the compartment that resources of the page refer to, as far as the caller may read them. */
async function referredTo(
  context: RestContext,
  call: Call,
  type: string,
  found: readonly StoredVersion[],
): Promise<readonly StoredVersion[]> {
  const wanted = new Map<string, ResourceKey>();
  for (const { body } of found) {
    for (const [, target = '', id = ''] of body.matchAll(relativeReference)) {
      if (target === type || compartmentParameters(type, target).length > 0) continue;
      if (!allowed(call.principal, 'read', target)) continue;
      wanted.set(`${target}/${id}`, { type: target, id });
    }
  }
  const keys = [...wanted.values()];
  const others: StoredVersion[] = [];
  for (let at = 0; at < keys.length; at += limits.readManyMax) {
    const versions = await context.store.readMany(keys.slice(at, at + limits.readManyMax));
    for (const version of versions) {
      if (version === undefined || version.deleted) continue;
      if (canSee(call.principal, version)) others.push(version);
    }
  }
  return others;
}

/** Bodies are what JSON.stringify wrote, so a reference has one form. */
const relativeReference = /"reference":"([A-Z][A-Za-z]{1,40})\/([A-Za-z0-9\-.]{1,64})["/]/g;
