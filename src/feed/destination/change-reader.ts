/**
 * From the change feed to the queues: every committed change is held against what destinations get, and what concerns one
 * is made into a message. The messages of a page and the place in the feed are one commit, so that each is queued once.
 */
import { extractIndex } from '../../fhir/search-extract.ts';
import { matches } from '../../fhir/search-match.ts';
import { feedOf } from '../../fhir/message-source.ts';
import type { IdentifiedResource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import type { ChangeEvent, StateChange, Store, StoredVersion } from '../../store/store.ts';
import { parseStored } from '../stored.ts';
import { Uncomposed, type Composed, type OutChange } from './compose.ts';
import { queued, unmade } from './delivery.ts';
import type { DestinationDesk } from './desk.ts';
import type { Destination, SendRule } from './destination.ts';
import type { FeedPlace } from './lease.ts';

export interface ReaderDesk extends DestinationDesk {
  /** The message that a map makes of a change; undefined where it makes none. Throws {@link Uncomposed} where it cannot be made. */
  readonly compose: (
    change: OutChange,
    wanted: { readonly destination: Destination; readonly rule: SendRule; readonly id: string },
  ) => Promise<Composed | undefined>;
}

/** What a page of the change feed comes to. */
export interface FeedPage {
  readonly place: FeedPlace;
  readonly state: readonly StateChange[];
  /** Whose queues it adds to. */
  readonly concerned: ReadonlySet<string>;
  readonly isMore: boolean;
}

/** Destinations that get resources. */
function receivers(destinations: readonly Destination[]): readonly Destination[] {
  return destinations.filter(({ sends }) => sends.length > 0);
}

/** Where reading begins: a destination gets what is written after it was first seen here. */
export async function beginning(desk: DestinationDesk, found: FeedPlace): Promise<FeedPlace> {
  const wanted = receivers(desk.destinations).map(({ name }) => name);
  const known = wanted.filter((name) => Object.hasOwn(found.since, name));
  const isNew = known.length < wanted.length;
  const end = isNew ? await endOfFeed(desk.store, found.cursor) : found.cursor;
  const since = Object.fromEntries(wanted.map((name) => [name, found.since[name] ?? end]));
  return { cursor: known.length === 0 ? end : found.cursor, since };
}

async function endOfFeed(store: Store, from: number): Promise<number> {
  let end = from;
  for (;;) {
    const events = await store.changes(end, limits.destinationPageMax * 10);
    const last = events.at(-1);
    if (last === undefined) return end;
    end = last.position;
  }
}

/** Holds the next changes against the destinations. */
export async function readPage(desk: ReaderDesk, place: FeedPlace): Promise<FeedPage> {
  const all = receivers(desk.destinations);
  const none = { place, state: [], concerned: new Set<string>(), isMore: false };
  if (all.length === 0) return none;
  const events = await desk.store.changes(place.cursor, limits.destinationPageMax);
  const state: StateChange[] = [];
  const concerned = new Set<string>();
  let { cursor } = place;
  for (const event of events) {
    // What documents come to may be far more than one commit should hold.
    if (charsOf(state) > limits.destinationPageChars) break;
    cursor = event.position;
    const asked = all.filter(
      ({ name, sends }) =>
        event.position > (place.since[name] ?? 0) && sends.some(({ type }) => type === event.type),
    );
    const change = asked.length > 0 ? await changeOf(desk.store, event) : undefined;
    if (change === undefined) continue;
    for (const destination of asked) {
      const rows = await owed(desk, destination, change);
      if (rows.length > 0) concerned.add(destination.name);
      state.push(...rows);
    }
  }
  return { place: { ...place, cursor }, state, concerned, isMore: events.length > 0 };
}

function charsOf(state: readonly StateChange[]): number {
  return state.reduce((sum, { value = '' }) => sum + value.length, 0);
}

async function owed(
  desk: ReaderDesk,
  destination: Destination,
  change: OutChange,
): Promise<readonly StateChange[]> {
  if (isEcho(destination, change)) return [];
  const { current, at, reference } = change;
  const target = { type: current.resourceType, id: current.id, lastUpdated: at.getTime() };
  const entries = extractIndex(current);
  const rows: StateChange[] = [];
  for (const rule of destination.sends) {
    if (rule.type !== current.resourceType || !matches(entries, target, rule.where)) continue;
    const id = desk.newId();
    const queuedAt = desk.clock().toISOString();
    const given = { id, destination: destination.name, cause: reference, queuedAt };
    try {
      const composed = await desk.compose(change, { destination, rule, id });
      if (composed !== undefined) rows.push(...queued({ ...given, ...composed }));
    } catch (err) {
      if (!(err instanceof Uncomposed)) throw err;
      const { map } = rule;
      desk.log.error({ destination: destination.name, map, reference, err }, 'no message was made');
      rows.push(unmade({ ...given, lastError: `${map}: ${err.message}` }));
    }
  }
  return rows;
}

/** What a system said is not told to it again. */
function isEcho({ feeds, echo }: Destination, { saidBy }: OutChange): boolean {
  return !echo && saidBy !== undefined && feeds.includes(saidBy);
}

/** Undefined for a deletion: there is no event of HL7 v2 that says it of these resources. */
async function changeOf(store: Store, event: ChangeEvent): Promise<OutChange | undefined> {
  const { type, id, versionId, method, at } = event;
  if (method === 'DELETE') return undefined;
  const current = resourceOf(await store.readVersion(type, id, versionId));
  if (current === undefined) return undefined;
  const earlier = await store.readVersion(type, id, String(Number(versionId) - 1));
  const before = resourceOf(earlier);
  const reference = `${type}/${id}/_history/${versionId}`;
  const saidBy = isSame(current, before) ? undefined : feedOf(current);
  return {
    current,
    at,
    reference,
    ...(before === undefined ? {} : { before }),
    ...(saidBy === undefined ? {} : { saidBy }),
  };
}

/** Whoever edits a resource may leave its source as it was: then the source did not say this. */
function isSame(current: IdentifiedResource, before: IdentifiedResource | undefined): boolean {
  return before !== undefined && before.meta?.source === current.meta?.source;
}

function resourceOf(version: StoredVersion | undefined): IdentifiedResource | undefined {
  if (version === undefined || version.deleted) return undefined;
  return parseStored(version) as IdentifiedResource;
}
