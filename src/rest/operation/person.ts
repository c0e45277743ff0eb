import type { IdentifiedResource } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { allowed } from '../../security/policy.ts';
import type { StoredVersion } from '../../store/store.ts';
import { jsonOf } from '../body.ts';
import type { Call, RestContext } from '../call.ts';
import { visible } from '../interaction/read.ts';
import { placeOf } from '../place.ts';

/** The Patient that an operation is about. Throws `not-found`, `gone`. */
export async function loadPatient(context: RestContext, call: Call): Promise<StoredVersion> {
  const { type, id } = placeOf(call);
  return visible(call, await context.store.read(type, id));
}

/** Where a type refers to the person. */
export interface PersonSearch {
  readonly type: string;
  readonly params: readonly string[];
}

/**
 * The resources of a type that refer to the patient, newest first, at most `count`; none where nothing of
 * the type is stored.
 */
export async function loadOf(
  context: RestContext,
  patientId: string,
  { type, params }: PersonSearch,
  count: number = limits.recordSectionMax,
): Promise<readonly StoredVersion[]> {
  const refers = params.map(
    (param) => ({ op: 'reference', param, type: 'Patient', id: patientId }) as const,
  );
  const page = await context.store.search({
    types: [type],
    where: { op: 'or', nodes: refers },
    sort: [{ param: '_lastUpdated', kind: 'lastUpdated', descending: true }],
    count,
    total: 'none',
  });
  return page.matches;
}

/** Which of these types the caller may see, and of which something is stored. */
export async function typesAtHand(
  context: RestContext,
  call: Call,
  types: readonly string[],
): Promise<readonly string[]> {
  const counts = await context.store.counts();
  return types.filter(
    (type) => (counts.get(type) ?? 0) > 0 && allowed(call.principal, 'search-type', type),
  );
}

export function resourcesOf(versions: readonly StoredVersion[]): readonly IdentifiedResource[] {
  return versions.map(({ body }) => jsonOf(body) as unknown as IdentifiedResource);
}
