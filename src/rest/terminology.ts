import { codeSystemOf, textOf } from '../fhir/code-system.ts';
import type { CodeSystem } from '../fhir/code-system.ts';
import { isSupplement } from '../fhir/code-system-supplement.ts';
import { grammarSystem } from '../fhir/grammar-system.ts';
import { fail } from '../fhir/issue.ts';
import { splitCanonical } from '../fhir/reference.ts';
import type { Resource } from '../fhir/resource.ts';
import { namedBy, type Terminology } from '../fhir/value-set.ts';
import { limits } from '../limits.ts';
import type { Caller, RestContext } from './call.ts';
import { findConformance } from './conformance.ts';
import { loadedCodeSystem } from './supplement.ts';

/** What an operation starts from, as canonicals. */
export interface TerminologyNeeds {
  readonly codeSystems?: readonly string[];
  readonly valueSets?: readonly string[];
  /** Resources that came with the call; they go before others of their URL. */
  readonly given?: readonly Resource[];
}

/**
 * The code systems and value sets at hand, with all that they name in turn, so that the rest can be worked out without
 * waiting. What is not known is missing in it. Throws `limit` past limits.terminologyResourcesMax.
 */
export async function loadTerminology(
  context: RestContext,
  call: Caller,
  { codeSystems = [], valueSets = [], given = [] }: TerminologyNeeds,
): Promise<Terminology> {
  const found = new Map<string, Resource | undefined>();
  const systems = new Map<string, CodeSystem | undefined>();
  const open: (readonly ['CodeSystem' | 'ValueSet', string])[] = [
    ...codeSystems.map((url) => ['CodeSystem', url] as const),
    ...valueSets.map((url) => ['ValueSet', url] as const),
  ];
  const takeNamed = (resource: Resource): void => {
    if (resource.resourceType !== 'ValueSet') return;
    const named = namedBy(resource);
    open.push(...named.systems.map((url) => ['CodeSystem', url] as const));
    open.push(...named.valueSets.map((url) => ['ValueSet', url] as const));
  };
  for (const resource of given) {
    const url = textOf(resource['url']);
    if (url !== undefined) found.set(`${resource.resourceType} ${url}`, resource);
    takeNamed(resource);
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [type, canonical] = next;
    const key = `${type} ${canonical}`;
    if (found.has(key)) continue;
    if (found.size >= limits.terminologyResourcesMax) {
      fail('limit', `More than ${limits.terminologyResourcesMax} code systems and value sets`);
    }
    const resource = await findConformance(context, call, type, canonical);
    found.set(key, resource);
    if (resource) takeNamed(resource);
    if (resource?.resourceType !== 'CodeSystem') continue;
    systems.set(canonical, await loadedCodeSystem(context, call, resource));
  }
  return {
    codeSystem: (canonical) => {
      const resource = found.get(`CodeSystem ${canonical}`);
      const system = systems.get(canonical) ?? (resource && ownCodes(resource));
      return system ?? grammarSystem(splitCanonical(canonical).url);
    },
    valueSet: (canonical) => found.get(`ValueSet ${canonical}`),
  };
}

/** Of one that came with the call. */
function ownCodes(resource: Resource): CodeSystem | undefined {
  const system = codeSystemOf(resource);
  return system.content === 'not-present' || isSupplement(system) ? undefined : system;
}
