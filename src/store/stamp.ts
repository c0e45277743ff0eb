import type { IdentifiedResource } from '../fhir/resource.ts';

/**
 * A resource as JSON text with a gap where meta.versionId and meta.lastUpdated go. Both are known only
 * inside the commit; everything else is rendered before it, once.
 */
export interface UnstampedBody {
  /** Up to and including the opening quote of versionId's value. */
  readonly head: string;
  /** What follows the closing quote of lastUpdated's value. */
  readonly tail: string;
}

/**
 * Renders a resource but for the two stamped values. `meta` stays where it is in the resource, with
 * versionId and lastUpdated first; where there is none it goes right after `id`.
 */
export function renderUnstamped(resource: IdentifiedResource): UnstampedBody {
  const keys = Object.keys(resource);
  const metaAt = keys.indexOf('meta');
  const cut = metaAt >= 0 ? metaAt : keys.indexOf('id') + 1;
  const before = members(resource, keys.slice(0, cut));
  const after = members(resource, keys.slice(metaAt >= 0 ? cut + 1 : cut));
  const rest = { ...resource.meta, versionId: undefined, lastUpdated: undefined };
  const meta = JSON.stringify(rest).slice(1, -1);
  return {
    head: `{${before}${before === '' ? '' : ','}"meta":{"versionId":"`,
    tail: `${meta === '' ? '' : ','}${meta}}${after === '' ? '' : ','}${after}}`,
  };
}

/** The response bytes: FHIR JSON with versionId and lastUpdated (ISO 8601, UTC, milliseconds) in place. */
export function stampBody(body: UnstampedBody, versionId: string, lastUpdated: Date): string {
  return `${body.head}${versionId}","lastUpdated":"${lastUpdated.toISOString()}"${body.tail}`;
}

/** Some members of an object as JSON text without the braces. */
function members(resource: IdentifiedResource, keys: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, resource[key]]))).slice(1, -1);
}

/** The other way round: what {@link stampBody} made of these values; undefined where it did not. */
export function unstamp(
  body: string,
  versionId: string,
  lastUpdated: Date,
): UnstampedBody | undefined {
  const before = '"meta":{"versionId":"';
  const stamp = `${versionId}","lastUpdated":"${lastUpdated.toISOString()}"`;
  const at = body.indexOf(`${before}${stamp}`);
  if (at < 0) return undefined;
  const cut = at + before.length;
  return { head: body.slice(0, cut), tail: body.slice(cut + stamp.length) };
}
