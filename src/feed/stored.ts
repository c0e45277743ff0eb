import { feedOf, messageUri } from '../fhir/message-source.ts';
import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { parseJson } from '../fhir/json.ts';
import type { StoredVersion } from '../store/store.ts';

/** Whether there is a current, not deleted version. */
export function isIdentified(stored: StoredVersion | undefined): stored is StoredVersion {
  return stored !== undefined && !stored.deleted;
}

/** The resource of a stored text, decimals kept to the digit. */
export function parseStored({ body }: { readonly body: string }): Resource {
  return parseJson(body).value as unknown as Resource;
}

/** `Type/id/_history/v` of the version that the next write makes (law 5 of the store). */
export function nextReference(reference: string, stored: StoredVersion | undefined): string {
  return `${reference}/_history/${Number(stored?.versionId ?? 0) + 1}`;
}

/** As a message changes it. What came otherwise, such as by a rule, says so for good. */
export function changedBy(
  { feed, controlId }: { readonly feed: string; readonly controlId: string },
  resource: Resource,
  id: string,
): IdentifiedResource {
  if (feedOf(resource) === undefined) return { ...resource, id };
  return { ...resource, id, meta: { ...resource.meta, source: messageUri(feed, controlId) } };
}
