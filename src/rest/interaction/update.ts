import { fail } from '../../fhir/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import { checkId } from '../authorize.ts';
import { acceptedResource } from '../accepted.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { claimKey, condition, onceByClaim } from '../conditional.ts';
import type { Condition } from '../conditional.ts';
import { placeOf, typeOf } from '../place.ts';
import {
  commitOne,
  expectationOf,
  putChange,
  requireTags,
  stillAt,
  stillFree,
  untilItHolds,
} from '../write.ts';
import { withId, written } from './create.ts';

/**
 * `PUT Type/id`: http://hl7.org/fhir/R4/http.html#update. Creates what is not there (under the id that the
 * client chose), honours If-Match, and keeps the version where nothing changes.
 */
export async function update(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const resource = await acceptedResource(context, call);
  requireId(resource, id);
  const version = await untilItHolds(call, async () => {
    const expect = await expectationOf(context, call, type, id);
    const change = putChange(call, withId(resource, id), expect);
    return commitOne(context, call, { interaction: 'update', change });
  });
  return written(version, version.changed && version.method === 'POST' ? 201 : 200);
}

/**
 * `PUT Type?criteria`: http://hl7.org/fhir/R4/http.html#cond-update. Those under one condition take turns in this process,
 * so that however many come at once each finds what the one before it wrote.
 */
export async function conditionalUpdate(context: RestContext, call: Call): Promise<Answer> {
  const resource = await acceptedResource(context, call);
  const wanted = condition(typeOf(call), call.params);
  const update = () => updateOrCreate(context, call, resource, wanted);
  return context.turns.run([claimKey(wanted)], () => untilItHolds(call, update));
}

/** Puts it over the one match as it was found, or where there is none creates it. */
async function updateOrCreate(
  context: RestContext,
  call: Call,
  resource: Resource,
  wanted: Condition,
): Promise<Answer> {
  const { type } = wanted;
  const id = resource.id ?? context.newId();
  checkId(id);
  // Read before the search: what comes to stand there between the two is found.
  const there = resource.id === undefined ? undefined : await context.store.read(type, id);
  const owner = `${type}/${id}`;
  const once = await onceByClaim(context, call, { ...wanted, owner }, (claim) => {
    requireTags(call, undefined);
    const change = putChange(call, withId(resource, id), stillFree(call, there));
    return commitOne(context, call, { interaction: 'create', change, claims: [claim] });
  });
  if ('made' in once) return written(once.made, 201);
  const { found } = once;
  if (resource.id !== undefined) requireId(resource, found.id);
  requireTags(call, found);
  const change = putChange(call, withId(resource, found.id), stillAt(found));
  return written(await commitOne(context, call, { interaction: 'update', change }), 200);
}

/** Throws `id-mismatch` unless the body names the id of the address. */
export function requireId(resource: Resource, id: string): void {
  if (resource.id === id) return;
  const given = resource.id === undefined ? 'no id' : 'another id';
  fail('id-mismatch', `The body has ${given}; it must be the one that is updated`, {
    expression: [`${resource.resourceType}.id`],
  });
}
