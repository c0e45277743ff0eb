import { applyFhirPathPatch } from '../../fhir/fhirpath-patch.ts';
import { fail } from '../../fhir/issue.ts';
import { applyJsonPatch } from '../../fhir/json-patch.ts';
import type { Json, Resource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { CommitRefused } from '../../store/store.ts';
import type { StoredVersion } from '../../store/store.ts';
import { isObject, jsonBody, jsonOf, requireValid, resourceOf } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { condition, findOne } from '../conditional.ts';
import { placeOf, typeOf } from '../place.ts';
import { requireProfiles } from '../profiles.ts';
import { commit, putChange, refusedAs, requireMatch } from '../write.ts';
import { withId, written } from './create.ts';
import { visible } from './read.ts';

/** `PATCH Type/id` with a JSON Patch or a FHIRPath Patch: http://hl7.org/fhir/R4/http.html#patch. */
export async function patch(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const operations = patchBody(call);
  const ifMatch = call.headers['if-match'];
  for (let attempt = 1; ; attempt++) {
    const current = visible(call, await context.store.read(type, id));
    if (ifMatch !== undefined) requireMatch(ifMatch, current);
    const resource = patched(current, operations);
    await requireProfiles(context, call, resource);
    const change = putChange(call, withId(resource, id), { versionId: current.versionId });
    try {
      const { versions } = await commit(context, call, { interaction: 'patch', changes: [change] });
      return written(versions[0] ?? current, 200);
    } catch (error) {
      // Without If-Match the patch means whatever the current version is: read and apply again.
      const retry = error instanceof CommitRefused && ifMatch === undefined;
      if (!retry || attempt === limits.commitAttemptsMax) throw refusedAs(call, error);
    }
  }
}

/** `PATCH Type?criteria`: the one match is patched; none is `not-found`. */
export async function conditionalPatch(context: RestContext, call: Call): Promise<Answer> {
  const found = await findOne(context, call, condition(typeOf(call), call.params));
  if (found === undefined) fail('not-found', 'No resource matches the criteria');
  return patch(context, { ...call, at: { type: found.type, id: found.id } });
}

/** The resource that a patch makes of a version; type and id cannot be patched. */
export function patched(current: StoredVersion, operations: Json): Resource {
  const before = jsonOf(current.body);
  const after = isObject(operations)
    ? applyFhirPathPatch(resourceOf(before), operations)
    : applyJsonPatch(before, operations);
  const resource = resourceOf(after);
  if (resource.resourceType !== current.type || resource.id !== current.id) {
    fail('id-mismatch', 'A patch cannot change resourceType or id');
  }
  requireValid(resource);
  return resource;
}

/**
 * The patch of a call: the array of a JSON Patch, which in a Bundle comes in a Binary, or the Parameters of a
 * FHIRPath Patch.
 */
export function patchBody(call: Call): Json {
  const body = jsonBody(call);
  if (!isObject(body)) return body;
  const { resourceType, contentType, data } = body;
  if (resourceType === 'Parameters') return body;
  if (resourceType === 'Binary' && contentType === jsonPatch && typeof data === 'string') {
    return jsonOf(Buffer.from(data, 'base64').toString());
  }
  return fail('structure', `A patch is ${jsonPatch}, or FHIRPath Patch in Parameters`);
}

const jsonPatch = 'application/json-patch+json';
