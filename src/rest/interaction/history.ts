import { dateInterval } from '../../fhir/date-interval.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { HistoryQuery, StoredVersion } from '../../store/store.ts';
import { canSee } from '../authorize.ts';
import { bundleText, historyEntry } from '../bundle/bundle-text.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { closePage, openedPage, type PlaceInWalk } from '../page-link.ts';
import { formatQuery } from '../query-string.ts';
import { subsetText, viewOf, type View } from '../subset.ts';
import { visible } from './read.ts';

/**
 * `GET [Type[/id]]/_history`: http://hl7.org/fhir/R4/http.html#history, newest first, with `_count`,
 * `_since` and `_at`. A principal who is confined to a patient sees the history of single resources, and of those the
 * versions that lie in the compartment.
 */
export async function history(context: RestContext, call: Call): Promise<Answer> {
  refuseUnoffered(call.params);
  const opened = openPage(context, call);
  const view = opened?.view ?? viewOf(call.params);
  const query = { ...pageQuery(call, opened), ...(view.summary === 'count' ? { count: 0 } : {}) };
  const confined = call.principal.patient !== undefined;
  if (confined) visible(call, await context.store.read(call.at.type ?? '', call.at.id ?? ''));
  const page = await context.store.history(query);
  if (page.total === 0 && call.at.id !== undefined) await requireKnown(context, call);
  const versions = page.versions.filter((version) => canSee(call.principal, version));
  const during = opened?.at ?? paramOf(call.params, '_at');
  const self = [...selfParams(query, during), ...viewParams(view)];
  const address = `${context.baseUrl}/${call.path}`;
  const state: PageState = {
    path: call.path,
    since: query.since?.toISOString(),
    at: paramOf(self, '_at'),
    count: query.count,
    cursor: page.next,
    view,
  };
  const body = bundleText({
    type: 'history',
    total: confined ? undefined : page.total,
    links: [
      { relation: 'self', url: `${address}?${formatQuery(self)}` },
      ...(page.next === undefined
        ? []
        : [
            {
              relation: 'next',
              url: `${address}?_page=${closePage(context, call, state)}`,
            } as const,
          ]),
    ],
    entries: versions.map((version) => {
      const part = version.deleted ? version.body : subsetText(version.body, view);
      return historyEntry(context.baseUrl, version, part);
    }),
  });
  return { status: 200, body, shown: versions };
}

interface PageState extends PlaceInWalk {
  readonly since: string | undefined;
  /** As it was given. */
  readonly at: string | undefined;
  readonly count: number;
  readonly cursor: string | undefined;
  readonly view: View;
}

/** The state of a page link; undefined for a first page. Throws `cursor-invalid`. */
function openPage(context: RestContext, call: Call): PageState | undefined {
  return openedPage(context, call, call.path) as PageState | undefined;
}

function pageQuery(call: Call, opened: PageState | undefined): HistoryQuery {
  const { type, id } = call.at;
  const place = { ...(type === undefined ? {} : { type }), ...(id === undefined ? {} : { id }) };
  if (opened === undefined) {
    const since = sinceOf(paramOf(call.params, '_since'));
    const at = atOf(paramOf(call.params, '_at'));
    return { ...place, ...since, ...at, count: countOf(paramOf(call.params, '_count')) };
  }
  const { since, at, count, cursor } = opened;
  const page = { count, ...(cursor === undefined ? {} : { cursor }) };
  return { ...place, ...sinceOf(since), ...atOf(at), ...page };
}

/** The time that a FHIR date, dateTime or instant stands for: a day from midnight to midnight. Throws `search-value`. */
function atOf(text: string | undefined): Pick<HistoryQuery, 'at'> {
  if (text === undefined || text === '') return {};
  // A plus that was not percent-encoded arrives as a blank.
  const interval = dateInterval(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (interval === undefined) {
    return fail('search-value', '_at takes a date or time such as 2026-03-01 or 2026-03-01T12:00Z');
  }
  return { at: { from: new Date(interval.lo), to: new Date(interval.hi) } };
}

/** An instant as `_since` takes it. Throws `search-value`. */
export function sinceOf(text: string | undefined): { since?: Date } {
  if (text === undefined || text === '') return {};
  const isInstant = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text);
  const interval = isInstant ? dateInterval(text) : undefined;
  if (interval === undefined) {
    return fail('search-value', '_since takes an instant such as 2026-03-01T12:00:00Z');
  }
  return { since: new Date(interval.lo) };
}

/** 1..limits.searchPageMax; more is cut to that. Throws `search-value`. */
export function countOf(text: string | undefined): number {
  if (text === undefined || text === '') return limits.searchPageDefault;
  if (!/^\d{1,18}$/.test(text)) fail('search-value', '_count takes a whole number from 0');
  return Math.min(Number(text), limits.searchPageMax);
}

function selfParams(query: HistoryQuery, at: string | undefined): Params {
  const since = query.since === undefined ? [] : [['_since', query.since.toISOString()] as const];
  const during = at === undefined || at === '' ? [] : [['_at', at] as const];
  return [...since, ...during, ['_count', String(query.count)]];
}

function viewParams({ summary, elements }: View): Params {
  return [
    ...(summary === undefined ? [] : [['_summary', summary] as const]),
    ...(elements === undefined ? [] : [['_elements', elements.join(',')] as const]),
  ];
}

function refuseUnoffered(params: Params): void {
  for (const name of ['_sort', '_list']) {
    if (paramOf(params, name) !== undefined) {
      fail('not-supported', `${name} is not offered on history; _since, _at and _count are`);
    }
  }
}

/** The history of what never was is not empty: there is none. */
async function requireKnown(context: RestContext, call: Call): Promise<void> {
  const { type = '', id = '' } = call.at;
  const known: StoredVersion | undefined = await context.store.read(type, id);
  if (known === undefined) fail('not-found', `There is no ${type}/${id}`);
}
