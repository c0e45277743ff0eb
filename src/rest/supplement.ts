import { codeSystemOf, textOf } from '../fhir/code-system.ts';
import type { CodeSystem } from '../fhir/code-system.ts';
import { isSupplement, supplemented, supplements } from '../fhir/code-system-supplement.ts';
import type { Resource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { allowed } from '../security/policy.ts';
import type { Caller, RestContext } from './call.ts';
import { storedBy } from './conformance.ts';

/**
 * The code system of a resource, with all supplements of it at hand: stored ones, and those of the site's profiles/; drafts
 * and retired ones are none. Undefined where the resource has no concepts: they are not present, or it is a supplement.
 */
export async function loadedCodeSystem(
  context: RestContext,
  caller: Caller,
  resource: Resource,
): Promise<CodeSystem | undefined> {
  const system = codeSystemOf(resource);
  if (system.content === 'not-present' || isSupplement(system)) return undefined;
  const { url } = system;
  if (url === '' || !allowed(caller.principal, 'read', 'CodeSystem')) return system;
  const nodes = [{ op: 'reference', param: 'supplements', url }] as const;
  const stored = await storedBy(context, 'CodeSystem', nodes, limits.conformanceVersionsMax);
  const all = [...context.conformance, ...stored.toReversed()].filter(
    (each) =>
      each.resourceType === 'CodeSystem' &&
      each['status'] === 'active' &&
      supplements(each, url, textOf(resource['version'])),
  );
  return supplemented(system, all);
}
