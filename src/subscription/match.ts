import { extractIndex } from '../fhir/search-extract.ts';
import { matches } from '../fhir/search-match.ts';
import { parseJson } from '../fhir/json.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import type { IndexEntry } from '../fhir/search-ast.ts';
import { allowed, compartmentFilter } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import type { ChangeEvent, Store, StoredVersion } from '../store/store.ts';
import { withoutLinks } from './links.ts';
import type { SubscriptionPlan } from './plan.ts';
import type { ChangeKind } from './topic.ts';

/** One change, with what is to be held against criteria: the new version, or of a deletion the last before it. */
export interface Happening {
  readonly event: ChangeEvent;
  readonly kind: ChangeKind;
  readonly version: StoredVersion;
  readonly entries: readonly IndexEntry[];
}

const kindByMethod = { POST: 'create', PUT: 'update', DELETE: 'delete' } as const;

export function kindOf({ method }: ChangeEvent): ChangeKind {
  return kindByMethod[method];
}

/** Undefined where there is nothing to hold against anything. */
export async function happening(store: Store, event: ChangeEvent): Promise<Happening | undefined> {
  const { type, id, versionId } = event;
  const kind = kindOf(event);
  const number = kind === 'delete' ? String(Number(versionId) - 1) : versionId;
  const version = await store.readVersion(type, id, number);
  if (version === undefined || version.deleted) return undefined;
  const resource = parseJson(version.body).value as unknown as IdentifiedResource;
  return { event, kind, version, entries: extractIndex(resource) };
}

/**
 * Whether a subscription is told of a change: it asks for it, and its owner would find the resource by a search. The
 * resource is judged as the change left it, what its criteria link it to as that stands now.
 */
export async function isConcerned(
  store: Store,
  { type, kinds, where }: SubscriptionPlan,
  owner: Principal,
  { event, kind, version, entries }: Happening,
): Promise<boolean> {
  if (event.type !== type || !kinds.has(kind) || !allowed(owner, 'search-type', type)) return false;
  const { id, lastUpdated } = version;
  const target = { type, id, lastUpdated: lastUpdated.getTime(), body: version.body };
  const confined = compartmentFilter(owner, type);
  if (confined !== undefined && !matches(entries, target, confined)) return false;
  const judged = await withoutLinks(store, owner, where, { type, id, entries });
  return matches(entries, target, judged);
}

/** The people that a happening speaks of, as `Patient/id`. */
export function patientsOf({ event, entries }: Happening): readonly string[] {
  const found = new Set(event.type === 'Patient' ? [`Patient/${event.id}`] : []);
  for (const entry of entries) {
    if (entry.kind === 'reference' && entry.type === 'Patient' && entry.id !== null) {
      found.add(`Patient/${entry.id}`);
    }
  }
  return [...found];
}
