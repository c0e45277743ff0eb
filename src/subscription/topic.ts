/**
 * Topics of subscriptions. Weir offers the changes of each resource type of itself: a canonical is
 * `https://weir.dev/fhir/SubscriptionTopic/<Type>`, or the same with `-create`, `-update` or `-delete`. A site adds its
 * own as SubscriptionTopics in `profiles/`.
 */
import { isResourceType } from '../fhir/definitions.ts';
import { fail } from '../fhir/issue.ts';
import type { Resource } from '../fhir/resource.ts';

/** What becomes of a resource in a change. */
export type ChangeKind = 'create' | 'update' | 'delete';

export interface Topic {
  readonly canonical: string;
  readonly type: string;
  readonly kinds: ReadonlySet<ChangeKind>;
  /** A search that what has changed must match, `Type?parameters`. */
  readonly criteria?: string;
}

const topicBase = 'https://weir.dev/fhir/SubscriptionTopic/';

const allKinds: readonly ChangeKind[] = ['create', 'update', 'delete'];

/**
 * The topic of a canonical, whose version does not matter; undefined where there is none. Of a site's own the first of a URL
 * counts.
 */
export function topicOf(canonical: string, own: readonly Resource[]): Topic | undefined {
  const [url = ''] = canonical.split('|');
  const isOwn = (one: Resource): boolean =>
    one.resourceType === 'SubscriptionTopic' && one['url'] === url && one['status'] === 'active';
  const site = own.find(isOwn);
  if (site !== undefined) return readTopic(site);
  if (!url.startsWith(topicBase)) return undefined;
  const [type = '', kind] = url.slice(topicBase.length).split('-');
  const kinds = allKinds.filter((one) => kind === undefined || one === kind);
  if (!isResourceType(type) || kinds.length === 0) return undefined;
  return { canonical: url, type, kinds: new Set(kinds) };
}

type Members = Readonly<Record<string, unknown>>;

const judged = new Set(['id', 'description', 'resource', 'supportedInteraction', 'queryCriteria']);

/**
 * A SubscriptionTopic (http://hl7.org/fhir/R5/subscriptiontopic.html, and R4B's). It may have one trigger: of a type,
 * on some interactions, and where `queryCriteria.current` is matched. Throws `not-supported` for what else a trigger may ask
 * for, so that nobody is told of more than a topic promises.
 */
export function readTopic({ url, resourceTrigger, eventTrigger }: Resource & Members): Topic {
  const triggers = (Array.isArray(resourceTrigger) ? resourceTrigger : []) as readonly Members[];
  const [trigger, ...more] = triggers;
  if (trigger === undefined || more.length > 0 || eventTrigger !== undefined) {
    fail('not-supported', 'A SubscriptionTopic has one resourceTrigger here, and no eventTrigger');
  }
  const other = Object.keys(trigger).find((name) => !judged.has(name));
  if (other !== undefined) fail('not-supported', `resourceTrigger.${other} is not offered`);
  const type = String(trigger['resource']).replace(/^.*\/StructureDefinition\//, '');
  if (!isResourceType(type)) fail('value', 'resourceTrigger.resource is a resource type of R4');
  const kinds = kindsOf(trigger['supportedInteraction']);
  const criteria = criteriaOf(trigger['queryCriteria'] as Members | undefined, type);
  return { canonical: String(url), type, kinds, ...(criteria === undefined ? {} : { criteria }) };
}

function kindsOf(interactions: unknown): ReadonlySet<ChangeKind> {
  if (interactions === undefined) return new Set(allKinds);
  const given = Array.isArray(interactions) ? (interactions as readonly unknown[]) : [];
  const kinds = allKinds.filter((kind) => given.includes(kind));
  if (kinds.length === 0 || kinds.length < given.length) {
    fail('value', 'resourceTrigger.supportedInteraction holds create, update and delete');
  }
  return new Set(kinds);
}

function criteriaOf(query: Members | undefined, type: string): string | undefined {
  if (query === undefined) return undefined;
  const other = Object.keys(query).find((name) => name !== 'current');
  if (other !== undefined) fail('not-supported', `queryCriteria.${other} is not offered`);
  const { current } = query;
  if (typeof current !== 'string' || current === '') {
    return fail('value', 'queryCriteria.current is a search');
  }
  return current.includes('?') ? current : `${type}?${current}`;
}
