import { builtInDefinitions } from '../fhir/built-in-definitions.ts';
import { textOf } from '../fhir/code-system.ts';
import { splitCanonical } from '../fhir/reference.ts';
import type { Resource } from '../fhir/resource.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import { limits } from '../limits.ts';
import { allowed } from '../security/policy.ts';
import type { StoredVersion } from '../store/store.ts';
import { jsonOf } from './body.ts';
import type { Caller, RestContext } from './call.ts';

export type ConformanceType = 'CodeSystem' | 'ValueSet' | 'ConceptMap' | 'StructureDefinition';

/**
 * The resource of a canonical, `url` or `url|version`: one that is stored, else one of the site's profiles/, else one
 * that comes with the program. Of several stored ones an active one comes first, then the one written last. What the
 * caller may not read is not there.
 */
export async function findConformance(
  context: RestContext,
  call: Caller,
  type: ConformanceType,
  canonical: string,
): Promise<Resource | undefined> {
  const { url, version } = splitCanonical(canonical.replace(/#.*$/s, ''));
  if (url === '' || !allowed(call.principal, 'read', type)) return undefined;
  const nodes: readonly SearchNode[] = [
    { op: 'uri', param: 'url', match: 'exact', value: url },
    ...(version === undefined
      ? []
      : [{ op: 'token', param: 'version', code: version } satisfies SearchNode]),
  ];
  const [stored] = await storedBy(context, type, nodes, limits.conformanceVersionsMax);
  if (stored) return stored;
  const own = context.conformance.find(
    (each) => each.resourceType === type && each['url'] === url && isOf(each, version),
  );
  if (own) return own;
  const known = (await builtInDefinitions()).find(type, url);
  return known && isOf(known, version) ? known : undefined;
}

function isOf(resource: Resource, version: string | undefined): boolean {
  return version === undefined || textOf(resource['version']) === version;
}

/** Stored resources that meet all conditions, active ones first. */
export async function storedBy(
  { store }: RestContext,
  type: ConformanceType,
  nodes: readonly SearchNode[],
  count: number = limits.conceptMapsMax,
): Promise<readonly Resource[]> {
  const page = await store.search({
    types: [type],
    where: { op: 'and', nodes },
    sort: [{ param: '_lastUpdated', kind: 'lastUpdated', descending: true }],
    count,
    total: 'none',
  });
  const found = page.matches.map(parsed);
  const isActive = ({ status }: Resource): boolean => status === 'active';
  return [...found.filter(isActive), ...found.filter((each) => !isActive(each))];
}

/** Parsed bodies by version, so that a large code system is read once; the oldest go first. */
const kept = new Map<string, { readonly body: string; readonly resource: Resource }>();
let keptChars = 0;

/** The resource of a stored version, the same object as long as it is kept. */
export function parsed({ type, id, versionId, body }: StoredVersion): Resource {
  const key = `${type}/${id}/${versionId}`;
  const known = kept.get(key);
  // Several stores in one process, as in tests, have equal names for unlike content.
  if (known?.body === body) return known.resource;
  const resource = jsonOf(body) as unknown as Resource;
  if (known) keptChars -= known.body.length;
  kept.delete(key);
  kept.set(key, { body, resource });
  keptChars += body.length;
  for (const [
    oldest,
    {
      body: { length },
    },
  ] of kept) {
    if (keptChars <= limits.conformanceCacheChars) break;
    kept.delete(oldest);
    keptChars -= length;
  }
  return resource;
}
