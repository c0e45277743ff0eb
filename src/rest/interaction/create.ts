import type { IdentifiedResource, Resource } from '../../fhir/resource.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { acceptedResource } from '../accepted.ts';
import { onceByClaim, parseIfNoneExist } from '../conditional.ts';
import type { Condition } from '../conditional.ts';
import { commitOne, putChange, refusedAs, untilItHolds } from '../write.ts';

/** `POST Type`: http://hl7.org/fhir/R4/http.html#create; with If-None-Exist a conditional create. */
export async function create(context: RestContext, call: Call): Promise<Answer> {
  const accepted = await acceptedResource(context, call);
  const ifNoneExist = call.headers['if-none-exist'];
  if (ifNoneExist === undefined) return createNew(context, call, accepted);
  const condition = parseIfNoneExist(accepted.resourceType, ifNoneExist);
  return createUnlessFound(context, call, withId(accepted, context.newId()), condition);
}

/** Creates under a condition, or answers 200 with what is there; the body is then not applied. */
async function createUnlessFound(
  context: RestContext,
  call: Call,
  resource: IdentifiedResource,
  condition: Condition,
): Promise<Answer> {
  const owner = `${resource.resourceType}/${resource.id}`;
  const change = putChange(call, resource, 'absent');
  const once = await onceByClaim(context, call, { ...condition, owner }, (claim) =>
    commitOne(context, call, { interaction: 'create', change, claims: [claim] }),
  ).catch((error: unknown) => {
    throw refusedAs(call, error);
  });
  return 'found' in once ? written(once.found, 200) : written(once.made, 201);
}

async function createNew(context: RestContext, call: Call, accepted: Resource): Promise<Answer> {
  const change = putChange(call, withId(accepted, context.newId()), 'absent');
  const make = () => commitOne(context, call, { interaction: 'create', change });
  return written(await untilItHolds(call, make), 201);
}

/** The answer to a write. */
export function written(version: StoredVersion, status: 200 | 201): Answer {
  return { status, version, written: true, created: status === 201 };
}

/** The resource under a new id: a client's own is ignored on create. */
export function withId(resource: Resource, id: string): IdentifiedResource {
  const first = { resourceType: resource.resourceType, id };
  return { ...first, ...resource, id };
}
