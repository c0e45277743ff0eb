import { fail } from '../../fhir/issue.ts';
import { CommitRefused } from '../../store/store.ts';
import { canSee } from '../authorize.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { condition, findOne } from '../conditional.ts';
import { placeOf, typeOf } from '../place.ts';
import { commit, refusedAs, requireMatch } from '../write.ts';

/** `DELETE Type/id`: http://hl7.org/fhir/R4/http.html#delete. What is not there is as good as deleted. */
export async function deleteById(context: RestContext, call: Call): Promise<Answer> {
  const { type, id } = placeOf(call);
  const current = await context.store.read(type, id);
  const ifMatch = call.headers['if-match'];
  if (current === undefined || current.deleted) {
    if (ifMatch !== undefined) requireMatch(ifMatch, current);
    return nothingLeft;
  }
  if (!canSee(call.principal, current)) fail('not-found', `There is no ${type}/${id}`);
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  const expect = ifMatch === undefined ? 'current' : { versionId: current.versionId };
  const changes = [{ op: 'delete', type, id, expect } as const];
  try {
    const { versions } = await commit(context, call, { interaction: 'delete', changes });
    return { status: 204, ...(versions[0] === undefined ? {} : { version: versions[0] }) };
  } catch (error) {
    if (ifMatch === undefined && deletedMeanwhile(error)) return nothingLeft;
    throw refusedAs(call, error);
  }
}

/** `DELETE Type?criteria`: http://hl7.org/fhir/R4/http.html#3.1.0.7.1, one match at most. */
export async function conditionalDelete(context: RestContext, call: Call): Promise<Answer> {
  const found = await findOne(context, call, condition(typeOf(call), call.params));
  if (found === undefined) return nothingLeft;
  return deleteById(context, { ...call, at: { type: found.type, id: found.id } });
}

const nothingLeft: Answer = { status: 204 };

function deletedMeanwhile(error: unknown): boolean {
  return error instanceof CommitRefused && error.refusal.kind === 'expectation';
}
