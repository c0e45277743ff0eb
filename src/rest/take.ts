import { OutcomeError } from '../fhir/issue.ts';
import { statusOf } from '../fhir/outcome.ts';
import { authorize, checkPlace } from './authorize.ts';
import type { Answer, Call, RestContext } from './call.ts';
import type { Route } from './call.ts';
import { readEvent } from './trace.ts';

/**
 * One FHIR call's way once it has been routed: authorize, then the interaction (which parses, validates and
 * does the work), then the audit event of what was read or refused. A write leaves its event in its commit.
 */
export async function take(context: RestContext, route: Route, call: Call): Promise<Answer> {
  checkPlace(call.at);
  try {
    authorize(call.principal, route.interaction, call.at);
    const answer = await route.handle(context, call);
    if (route.reads) await context.recordAccess(readEvent(context, route, call, answer));
    return answer;
  } catch (error) {
    const status = error instanceof OutcomeError ? statusOf(error.issues) : 500;
    if (!route.open) await context.recordAccess(readEvent(context, route, call, { status }));
    throw error;
  }
}

/** Routes a call and takes it: entries of a Bundle, and calls that are carried out later, come this way. */
export async function perform(context: RestContext, call: Omit<Call, 'at'>): Promise<Answer> {
  const { route, at } = context.locate(call.method, call.path);
  return take(context, route, { ...call, at });
}
