import { fail } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import type { Answer, Call, Handler, RestContext } from '../call.ts';
import { dropWork } from './bench.ts';
import { readWork, workKey } from './work.ts';
import type { Work, WorkKind } from './work.ts';

/** `202` with the address where the work is asked after. */
export function accepted(context: RestContext, { kind, id }: Work): Answer {
  const address = `${context.baseUrl}/$${kind}-status/${id}`;
  return { status: 202, headers: { 'content-location': address } };
}

/** Work of the caller's own; an administrator sees all. Throws `not-found`, also for what is another's. */
export async function ownWork(context: RestContext, call: Call, kind: WorkKind): Promise<Work> {
  const id = call.at.id ?? '';
  const entry = await context.store.state(workKey(id));
  const work = entry === undefined ? undefined : readWork(entry.value);
  const { principal } = call;
  const isAdmin = principal.role === 'admin' && principal.patient === undefined;
  const isOwn = work?.owner.id === principal.id || isAdmin;
  const isAlive = work !== undefined && work.expiresAt > context.clock().getTime();
  if (work?.kind !== kind || !isOwn || !isAlive) {
    fail('not-found', `There is no ${kind} of this id, or it has expired`);
  }
  return work;
}

/**
 * `GET $...-status/id`: 202 with X-Progress while it runs; then what `finished` makes of it, or, where it failed, its
 * OperationOutcome under status 500.
 */
export function statusOfWork(
  kind: WorkKind,
  finished: (context: RestContext, work: Work) => Answer | Promise<Answer>,
): Handler {
  return async (context, call) => {
    const work = await ownWork(context, call, kind);
    if (work.status === 'running') {
      return { status: 202, headers: { 'x-progress': work.progress, 'retry-after': '1' } };
    }
    const expires = { expires: new Date(work.expiresAt).toUTCString() };
    if (work.status === 'failed') {
      return { status: 500, body: stringify(work.result), headers: expires };
    }
    return { headers: expires, ...(await finished(context, work)) };
  };
}

/** `DELETE $...-status/id`: stops the work, and takes its result away. */
export function cancelWork(kind: WorkKind): Handler {
  return async (context, call) => {
    const { id } = await ownWork(context, call, kind);
    await dropWork(context, id);
    return { status: 202 };
  };
}
