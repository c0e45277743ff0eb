import { extractIndex } from '../fhir/search-extract.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { fail } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import type { IndexEntry } from '../fhir/search-ast.ts';
import { matches } from '../fhir/search-match.ts';
import { allowed, compartmentFilter } from '../security/policy.ts';
import type { Interaction } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import type { StoredVersion } from '../store/store.ts';
import { jsonOf } from './body.ts';
import type { Place } from './call.ts';

const idForm = /^[A-Za-z0-9\-.]{1,64}$/;

/** As the second type of an address: all that the compartment takes in. */
export const anyMember = '*';

/** Throws `unknown-type` or `id-invalid` where the address cannot name a resource. */
export function checkPlace(at: Place): void {
  for (const type of [at.type, at.member]) {
    if (type !== undefined && type !== anyMember && !isResourceType(type)) {
      fail('unknown-type', `FHIR R4 has no resource type "${shortened(type)}"`);
    }
  }
  if (at.id !== undefined) checkId(at.id);
  if (at.versionId !== undefined) checkId(at.versionId);
}

export function checkId(id: string): void {
  if (!idForm.test(id)) fail('id-invalid', 'An id has 1 to 64 letters, digits, "-" or "."');
}

/** Throws `forbidden` where the principal's role does not offer the interaction on the type. */
export function authorize(principal: Principal, interaction: Interaction, at: Place): void {
  const { type: first, member } = at;
  for (const type of member === undefined || member === anyMember ? [first] : [first, member]) {
    if (allowed(principal, interaction, type)) continue;
    const where = type === undefined ? 'the whole system' : type;
    const whose = principal.patient === undefined ? '' : ', confined to one patient,';
    fail('forbidden', `The role ${principal.role}${whose} may not do ${interaction} on ${where}`);
  }
}

/** Whether the principal may see a stored version; a deletion shows nothing to those who are confined. */
export function canSee(principal: Principal, version: StoredVersion): boolean {
  const filter = compartmentFilter(principal, version.type);
  if (filter === undefined) return true;
  if (version.deleted) return false;
  const resource = jsonOf(version.body) as unknown as IdentifiedResource;
  const { type, id, lastUpdated } = version;
  const target = { type, id, lastUpdated: lastUpdated.getTime() };
  return matches(extractIndex(resource), target, filter);
}

/** Throws `forbidden` where a resource about to be written lies outside of what the principal may see. */
export function requireOwn(
  principal: Principal,
  resource: IdentifiedResource,
  index: readonly IndexEntry[],
): void {
  const filter = compartmentFilter(principal, resource.resourceType);
  const target = { type: resource.resourceType, id: resource.id, lastUpdated: 0 };
  if (filter === undefined || matches(index, target, filter)) return;
  fail('forbidden', `The ${resource.resourceType} would lie outside of the patient's compartment`);
}

function shortened(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}...` : text;
}
