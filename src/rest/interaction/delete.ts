import { fail } from '../../fhir/issue.ts';
import type { Expectation, StoredVersion } from '../../store/store.ts';
import { canSee } from '../authorize.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { condition, findOne } from '../conditional.ts';
import { placeOf, typeOf } from '../place.ts';
import { commitOne, requireMatch, stillAt, untilItHolds } from '../write.ts';

/** `DELETE Type/id`: http://hl7.org/fhir/R4/http.html#delete. What is not there is as good as deleted. */
export async function deleteById(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const isAny = call.headers['if-match'] === undefined && call.principal.patient === undefined;
  return untilItHolds(call, async () => {
    const current = await context.store.read(type, id);
    return deleteVersion(context, call, current, isAny ? 'current' : stillAt(current));
  });
}

/** `DELETE Type?criteria`: http://hl7.org/fhir/R4/http.html#3.1.0.7.1, one match at most. */
export async function conditionalDelete(context: RestContext, call: Call): Promise<Answer> {
  const wanted = condition(typeOf(call), call.params);
  return untilItHolds(call, async () => {
    const found = await findOne(context, call, wanted);
    return deleteVersion(context, call, found, stillAt(found));
  });
}

async function deleteVersion(
  context: RestContext,
  call: Call,
  current: StoredVersion | undefined,
  expect: Expectation,
): Promise<Answer> {
  const ifMatch = call.headers['if-match'];
  if (current === undefined || current.deleted) {
    if (ifMatch !== undefined) requireMatch(ifMatch, current);
    return { status: 204 };
  }
  const { type, id } = current;
  if (!canSee(call.principal, current)) fail('not-found', `There is no ${type}/${id}`);
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  const change = { op: 'delete', type, id, expect } as const;
  const version = await commitOne(context, call, { interaction: 'delete', change });
  return { status: 204, version };
}
