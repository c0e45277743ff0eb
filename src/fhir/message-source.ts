/** What `meta.source` of a resource says that came by a feed, and how it is read again. */
import type { Resource } from './resource.ts';

const feedPrefix = 'urn:weir:feed:';

/** A feed, as the URI of its name. */
export function feedUri(feed: string): string {
  return `${feedPrefix}${feed}`;
}

/** One message of a feed: `urn:weir:feed:<feed>#<MSH-10>`, the control id percent-encoded. */
export function messageUri(feed: string, controlId: string): string {
  return `${feedUri(feed)}#${encodeURIComponent(controlId)}`;
}

/** The feed that a resource came by; undefined where it came otherwise. */
export function feedOf({ meta }: Resource): string | undefined {
  const source = meta?.source;
  if (typeof source !== 'string' || !source.startsWith(feedPrefix)) return undefined;
  const name = source.slice(feedPrefix.length).split('#', 1)[0];
  return name === '' ? undefined : name;
}
