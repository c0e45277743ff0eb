import { fail } from '../../fhir/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import type { Principal } from '../../security/principal.ts';
import type { Change, StateChange } from '../../store/store.ts';
import { planOf } from '../../subscription/plan.ts';
import { ownerKey, ownerPrefix } from '../../subscription/record.ts';
import { authorize } from '../authorize.ts';
import type { RestContext } from '../call.ts';

/**
 * Goes with every commit that writes Subscriptions: whoever wrote one last is the one on whose behalf it looks. Throws
 * what is wrong with a Subscription, `forbidden` where its owner could not search for what it asks for, and
 * `throttled` past limits.subscriptionsMax.
 */
export async function ownerChanges(
  context: RestContext,
  principal: Principal,
  changes: readonly Change[],
): Promise<readonly StateChange[]> {
  const state: StateChange[] = [];
  for (const change of changes) {
    if (change.op === 'delete' && change.type === 'Subscription') {
      state.push({ key: ownerKey(change.id) });
    }
    if (change.op !== 'put' || change.resource.resourceType !== 'Subscription') continue;
    const key = ownerKey(change.resource.id);
    const isServed = requireSubscription(context, principal, change.resource);
    state.push(isServed ? { key, value: JSON.stringify(principal) } : { key });
  }
  await requireRoom(context, state);
  return state;
}

/** Whether a resource is a Subscription to be served; throws where it cannot be. */
export function requireSubscription(
  context: RestContext,
  principal: Principal,
  resource: Resource,
): boolean {
  const { resourceType, status } = resource;
  if (resourceType !== 'Subscription' || status === 'off' || status === 'error') return false;
  const { type } = requirePlan(context, resource);
  authorize(principal, 'search-type', { type });
  return true;
}

/** Throws what stands in the way of what a Subscription asks for. */
function requirePlan(context: RestContext, resource: Resource): ReturnType<typeof planOf> {
  const { clock, baseUrl, outbound, conformance: topics } = context;
  const objection = (url: string): string | undefined => outbound.objection(url);
  const options = { now: clock().getTime(), baseUrl, topics, objection };
  return planOf({ ...resource, id: resource.id ?? '' }, options);
}

async function requireRoom(context: RestContext, state: readonly StateChange[]): Promise<void> {
  const added = state.filter(({ value }) => value !== undefined);
  if (added.length === 0) return;
  const known = await context.store.states(ownerPrefix);
  const keys = new Set(known.map(({ key }) => key));
  for (const { key } of added) keys.add(key);
  if (keys.size <= limits.subscriptionsMax || keys.size === known.length) return;
  fail('throttled', `There may be ${limits.subscriptionsMax} subscriptions (subscriptionsMax)`);
}
