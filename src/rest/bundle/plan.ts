import { fail } from '../../fhir/issue.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { StoredVersion } from '../../store/store.ts';
import { canSee, checkId } from '../authorize.ts';
import { acceptedEntry } from '../accepted.ts';
import type { Call, RestContext } from '../call.ts';
import { takeTurn } from '../call-end.ts';
import { claimKey, condition, findOne, parseIfNoneExist } from '../conditional.ts';
import type { Condition } from '../conditional.ts';
import { patchBody, patched } from '../interaction/patch.ts';
import { visible } from '../interaction/read.ts';
import { requireId } from '../interaction/update.ts';
import { placeOf, typeOf } from '../place.ts';
import { requireProfiles } from '../profiles.ts';
import { expectationOf, requireMatch, requireTags, stillAt, stillFree } from '../write.ts';
import { atEntry } from './step.ts';
import type { Step } from './step.ts';
import type { RequestEntry } from './entry.ts';
import type { Interaction } from '../../security/policy.ts';

/** An entry that was routed and authorized. */
export interface RoutedEntry {
  readonly entry: RequestEntry;
  readonly call: Call;
  readonly interaction: Interaction;
}

/** Owners of claims that turned out stale, by key; they may be taken over. */
export type StaleClaims = ReadonlyMap<string, string>;

/**
 * Finds out for each entry which resource it is about and what is to be done with it, against the store as
 * it stands. Throws the first fault, at its entry.
 */
export async function planSteps(
  context: RestContext,
  routed: readonly RoutedEntry[],
  stale: StaleClaims,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const one of routed) {
    steps.push(await atEntry(one.entry, () => planStep(context, one, stale)));
    if (steps.length % entriesPerTurn === 0) await takeTurn(one.call);
  }
  return steps;
}

/** Entries planned without a wait: some 10 ms. Many are planned without any, and others have their turn between them. */
export const entriesPerTurn = 32;

async function planStep(
  context: RestContext,
  { entry, call, interaction }: RoutedEntry,
  stale: StaleClaims,
): Promise<Step> {
  switch (interaction) {
    case 'create':
      return { entry, call, ...(await planCreate(context, call, stale)) };
    case 'update':
      return { entry, call, ...(await planUpdate(context, call, stale)) };
    case 'patch':
      return { entry, call, ...(await planPatch(context, call)) };
    case 'delete':
      return { entry, call, ...(await planDelete(context, call)) };
    default:
      if (call.method === 'GET' || call.method === 'HEAD') return { entry, call, op: 'read' };
      return fail('not-supported', 'A transaction takes no operations; use a batch');
  }
}

type Planned = DistributiveOmit<Step, 'entry' | 'call'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

async function planCreate(context: RestContext, call: Call, stale: StaleClaims): Promise<Planned> {
  const resource = await acceptedEntry(context, call);
  const type = resource.resourceType;
  const id = context.newId();
  const ifNoneExist = call.headers['if-none-exist'];
  if (ifNoneExist === undefined) {
    return { op: 'put', type, id, resource, expect: 'absent', version: '1' };
  }
  const wanted = parseIfNoneExist(type, ifNoneExist);
  const found = await findOne(context, call, wanted);
  if (found !== undefined) return { op: 'found', version: found };
  const claim = claimFor(wanted, `${type}/${id}`, stale);
  return { op: 'put', type, id, resource, expect: 'absent', version: '1', claim };
}

async function planUpdate(context: RestContext, call: Call, stale: StaleClaims): Promise<Planned> {
  const resource = await acceptedEntry(context, call);
  if (call.at.id === undefined) return planConditionalUpdate(context, call, resource, stale);
  const { type, id } = placeOf(call);
  requireId(resource, id);
  const expect = await expectationOf(context, call, type, id);
  const expected = expect === undefined ? {} : { expect };
  return { op: 'put', type, id, resource, ...expected };
}

async function planConditionalUpdate(
  context: RestContext,
  call: Call,
  resource: Resource,
  stale: StaleClaims,
): Promise<Planned> {
  const wanted = condition(typeOf(call), call.params);
  const { type } = wanted;
  const id = resource.id ?? context.newId();
  checkId(id);
  // Read before the search: what comes to stand there between the two is found.
  const there = resource.id === undefined ? undefined : await context.store.read(type, id);
  const found = await findOne(context, call, wanted);
  requireTags(call, found);
  if (found === undefined) {
    const claim = claimFor(wanted, `${type}/${id}`, stale);
    const made = resource.id === undefined ? { version: '1' } : {};
    return { op: 'put', type, id, resource, expect: stillFree(call, there), claim, ...made };
  }
  if (resource.id !== undefined) requireId(resource, found.id);
  return { op: 'put', type, id: found.id, resource, expect: stillAt(found) };
}

async function planPatch(context: RestContext, call: Call): Promise<Planned> {
  const current =
    call.at.id === undefined
      ? ((await findMeant(context, call)) ??
        fail('not-found', `No ${typeOf(call)} matches the criteria`))
      : visible(call, await readPlace(context, call));
  const ifMatch = call.headers['if-match'];
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  const resource = patched(current, patchBody(call));
  await requireProfiles(context, call, resource);
  const { type, id } = current;
  return { op: 'put', type, id, resource, expect: stillAt(current) };
}

async function planDelete(context: RestContext, call: Call): Promise<Planned> {
  const isMeant = call.at.id === undefined;
  const current = await (isMeant ? findMeant(context, call) : readPlace(context, call));
  const ifMatch = call.headers['if-match'];
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  if (current === undefined || current.deleted) return { op: 'nothing' };
  const { type, id } = current;
  if (!canSee(call.principal, current)) fail('not-found', `There is no ${type}/${id}`);
  return { op: 'delete', type, id, expect: stillAt(current) };
}

/** The version of the address. */
async function readPlace(context: RestContext, call: Call): Promise<StoredVersion | undefined> {
  const { type, id } = placeOf(call);
  return context.store.read(type, id);
}

/** The version that the criteria find, which is the one that is written over. */
async function findMeant(context: RestContext, call: Call): Promise<StoredVersion | undefined> {
  return findOne(context, call, condition(typeOf(call), call.params));
}

function claimFor(wanted: Condition, owner: string, stale: StaleClaims) {
  const key = claimKey(wanted);
  const replaces = stale.get(key);
  return { key, owner, ...(replaces === undefined ? {} : { replaces }) };
}
