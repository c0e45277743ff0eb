/**
 * The topics that Weir offers of itself: changes of one resource type. A canonical is
 * `https://weir.dev/fhir/SubscriptionTopic/<Type>`, or the same with `-create`, `-update` or `-delete`.
 */
import { isResourceType } from '../fhir/definitions.ts';

/** What becomes of a resource in a change. */
export type ChangeKind = 'create' | 'update' | 'delete';

export interface Topic {
  readonly canonical: string;
  readonly type: string;
  readonly kinds: ReadonlySet<ChangeKind>;
}

const topicBase = 'https://weir.dev/fhir/SubscriptionTopic/';

const allKinds: readonly ChangeKind[] = ['create', 'update', 'delete'];

/** The topic of a canonical, whose version does not matter; undefined where there is none. */
export function topicOf(canonical: string): Topic | undefined {
  const [url = ''] = canonical.split('|');
  if (!url.startsWith(topicBase)) return undefined;
  const [type = '', kind] = url.slice(topicBase.length).split('-');
  const kinds = allKinds.filter((one) => kind === undefined || one === kind);
  if (!isResourceType(type) || kinds.length === 0) return undefined;
  return { canonical: url, type, kinds: new Set(kinds) };
}
