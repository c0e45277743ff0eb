import { fail } from '../../fhir/issue.ts';
import type { IdentifiedResource, Resource } from '../../fhir/resource.ts';
import { checkId } from '../authorize.ts';
import type { StoredVersion } from '../../store/store.ts';
import { acceptedResource } from '../accepted.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { condition, findOne } from '../conditional.ts';
import { placeOf, typeOf } from '../place.ts';
import { commitOne, expectationOf, putChange, requireMatch } from '../write.ts';
import { createUnlessFound, withId, written } from './create.ts';

/**
 * `PUT Type/id`: http://hl7.org/fhir/R4/http.html#update. Creates what is not there (under the id that the
 * client chose), honours If-Match, and keeps the version where nothing changes.
 */
export async function update(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const resource = await acceptedResource(context, call);
  requireId(resource, id);
  const expect = await expectationOf(context, call, type, id);
  const change = putChange(call, withId(resource, id), expect);
  const version = await commitOne(context, call, 'update', change);
  return written(version, version.changed && version.method === 'POST' ? 201 : 200);
}

/** `PUT Type?criteria`: http://hl7.org/fhir/R4/http.html#cond-update. */
export async function conditionalUpdate(context: RestContext, call: Call): Promise<Answer> {
  const resource = await acceptedResource(context, call);
  const wanted = condition(typeOf(call), call.params);
  const found = await findOne(context, call, wanted);
  requireFound(call, found);
  if (found === undefined) return createForCondition(context, call, resource);
  if (resource.id !== undefined) requireId(resource, found.id);
  return update(context, {
    ...call,
    at: { type: wanted.type, id: found.id },
    body: { ...resource, id: found.id } as IdentifiedResource & Record<string, never>,
  });
}

/** Throws `version-conflict` where If-Match names a version and the criteria find none. */
export function requireFound(call: Call, found: StoredVersion | undefined): void {
  const ifMatch = call.headers['if-match'];
  if (found === undefined && ifMatch !== undefined) requireMatch(ifMatch, found);
}

/** Throws `id-mismatch` unless the body names the id of the address. */
export function requireId(resource: Resource, id: string): void {
  if (resource.id === id) return;
  const given = resource.id === undefined ? 'no id' : 'another id';
  fail('id-mismatch', `The body has ${given}; it must be the one that is updated`, {
    expression: [`${resource.resourceType}.id`],
  });
}

async function createForCondition(
  context: RestContext,
  call: Call,
  resource: Resource,
): Promise<Answer> {
  const id = resource.id ?? context.newId();
  checkId(id);
  const wanted = condition(resource.resourceType, call.params);
  const once = await createUnlessFound(context, call, withId(resource, id), wanted);
  // Another caller created it meanwhile: what is asked for is still that our content stands there.
  return once.status === 201 ? once : conditionalUpdate(context, call);
}
