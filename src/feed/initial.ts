import { hasElement, pathSteps } from '../fhir/element-path.ts';
import type { IdentifiedResource, Resource } from '../fhir/resource.ts';
import { removePath } from '../record/source-view.ts';

/**
 * What a message says of a resource, without the defaults (`initial: true` in the map) for elements that the stored one
 * has: a notice of a document does not empty the document.
 */
export function withoutInitial(
  mine: IdentifiedResource,
  initial: readonly string[] | undefined,
  stored: Resource | undefined,
): IdentifiedResource {
  const paths = (initial ?? []).map(pathSteps).filter((steps) => hasElement(stored, steps));
  if (paths.length === 0) return mine;
  const rest = { ...mine };
  for (const steps of paths) removePath(rest, steps);
  return rest;
}
