import { applyFhirPathPatch } from '../../fhir/fhirpath-patch.ts';
import { fail } from '../../fhir/issue.ts';
import { applyJsonPatch } from '../../fhir/json-patch.ts';
import type { Json, Resource } from '../../fhir/resource.ts';
import type { StoredVersion } from '../../store/store.ts';
import { amend } from '../amend.ts';
import type { Amendment } from '../amend.ts';
import { isObject, jsonBody, jsonOf, requireValid, resourceOf } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { refuseConditionalReferences } from '../conditional-reference.ts';
import { condition, findOne } from '../conditional.ts';
import { typeOf } from '../place.ts';
import { written } from './create.ts';

/** `PATCH Type/id` with a JSON Patch or a FHIRPath Patch: http://hl7.org/fhir/R4/http.html#patch. */
export async function patch(
  context: RestContext,
  call: Call,
  find?: Amendment['find'],
): Promise<Answer> {
  const operations = patchBody(call);
  const make = (current: StoredVersion): Resource => {
    const resource = patched(current, operations);
    refuseConditionalReferences(resource);
    return resource;
  };
  const amendment = {
    interaction: 'patch',
    make,
    ...(find === undefined ? {} : { find }),
  } as const;
  return written(await amend(context, call, amendment), 200);
}

/** `PATCH Type?criteria`: the one match is patched; none is `not-found`. */
export async function conditionalPatch(context: RestContext, call: Call): Promise<Answer> {
  const wanted = condition(typeOf(call), call.params);
  const find = async (): Promise<StoredVersion> =>
    (await findOne(context, call, wanted)) ?? fail('not-found', 'No resource matches the criteria');
  // Whose turn it is goes by the first search; what is patched by one within the turn.
  const { type, id } = await find();
  return patch(context, { ...call, at: { type, id } }, find);
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
