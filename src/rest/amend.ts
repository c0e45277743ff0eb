import type { Resource } from '../fhir/resource.ts';
import type { StoredVersion } from '../store/store.ts';
import type { Call, RestContext } from './call.ts';
import { withId } from './interaction/create.ts';
import { visible } from './interaction/read.ts';
import { placeOf } from './place.ts';
import { requireProfiles } from './profiles.ts';
import type { Work } from './write.ts';
import { commitOne, putChange, requireMatch, stillAt, untilItHolds } from './write.ts';

/** What an amendment makes of the current version; called again where another write came between. */
export interface Amendment {
  readonly interaction: Work['interaction'];
  /** A valid resource of the same type and id. */
  readonly make: (current: StoredVersion) => Resource;
  /** Finds the current version; absent: the one of the address. */
  readonly find?: () => Promise<StoredVersion>;
}

/**
 * Writes what is made of the current version, as patches are. Those to one resource take turns in this process, in the
 * order in which they came, so that however many come at once each finds the version of the one before it. Against
 * writes of other kinds, and of other processes, it is made anew a bounded number of times. Throws `write-conflict`, or
 * `version-conflict` where If-Match names another version.
 */
export async function amend(
  context: RestContext,
  call: Call,
  amendment: Amendment,
): Promise<StoredVersion> {
  const { type, id } = placeOf(call);
  return context.turns.run([`${type}/${id}`], () => amendInTurn(context, call, amendment));
}

async function amendInTurn(
  context: RestContext,
  call: Call,
  { interaction, make, find }: Amendment,
): Promise<StoredVersion> {
  const { type, id } = placeOf(call);
  const ifMatch = call.headers['if-match'];
  return untilItHolds(call, async () => {
    const current = (await find?.()) ?? visible(call, await context.store.read(type, id));
    if (ifMatch !== undefined) requireMatch(ifMatch, current);
    const resource = make(current);
    await requireProfiles(context, call, resource);
    const change = putChange(call, withId(resource, current.id), stillAt(current));
    return commitOne(context, call, { interaction, change });
  });
}
