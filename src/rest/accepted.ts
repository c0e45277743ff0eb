import { fail } from '../fhir/issue.ts';
import type { Resource } from '../fhir/resource.ts';
import { jsonBody, requireValid, resourceOf } from './body.ts';
import type { Call, RestContext } from './call.ts';
import { refuseConditionalReferences } from './conditional-reference.ts';
import { requireProfiles } from './profiles.ts';

/**
 * The resource of a write: parsed, of the type in the address, valid, also against the known profiles that it claims.
 * Throws `structure`, `id-mismatch` or whatever validation finds; warnings do not stop it.
 */
export async function acceptedResource(context: RestContext, call: Call): Promise<Resource> {
  const resource = await acceptedEntry(context, call);
  refuseConditionalReferences(resource, call.body);
  return resource;
}

/** The same in a transaction, where conditional references are resolved later. */
export async function acceptedEntry(context: RestContext, call: Call): Promise<Resource> {
  const resource = resourceOf(jsonBody(call));
  const { type } = call.at;
  if (type !== undefined && resource.resourceType !== type) {
    fail('id-mismatch', `The body is a ${resource.resourceType}, the address says ${type}`);
  }
  requireValid(resource);
  requireWhole(resource);
  await requireProfiles(context, call, resource);
  return resource;
}

/** A resource that was answered in part must not come back as the whole. */
function requireWhole(resource: Resource): void {
  const subsetted = resource.meta?.tag?.some((tag) => tag.code === 'SUBSETTED') === true;
  if (!subsetted) return;
  fail('invariant', 'A resource tagged SUBSETTED is not whole and cannot be written', {
    expression: [`${resource.resourceType}.meta.tag`],
  });
}
