import { listOf } from '../fhir/code-system.ts';
import { errorIssue, fail, OutcomeError } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/resource.ts';
import { compileProfile, profilesNamedBy, typeOfUrl, valueSetsNamedBy } from '../fhir/snapshot.ts';
import type { Profile } from '../fhir/snapshot.ts';
import { profileIssues } from '../fhir/validate-profile.ts';
import type { ProfileSource } from '../fhir/validate-profile.ts';
import { shown, ValueSetReader } from '../fhir/value-set.ts';
import { limits } from '../limits.ts';
import type { Change } from '../store/store.ts';
import type { Caller, RestContext } from './call.ts';
import { findConformance } from './conformance.ts';
import { loadTerminology } from './terminology.ts';

/** Throws what a resource breaks of the known profiles that it, or a resource inside of it, claims in `meta.profile`. */
export async function requireProfiles(
  context: RestContext,
  call: Caller,
  resource: Resource,
): Promise<void> {
  const claims = claimsOf(resource);
  if (claims.length === 0) return;
  const [first, ...more] = (await claimedIssues(context, call, claims)).filter(isError);
  if (first !== undefined) throw new OutcomeError([first, ...more]);
}

/** What a resource breaks of the profiles that it claims; one that is not known is a warning. */
export async function claimedIssues(
  context: RestContext,
  call: Caller,
  claims: readonly Claim[],
): Promise<readonly Issue[]> {
  const { known, source } = await loadProfiles(context, call, [
    ...new Set(claims.map(({ url }) => url)),
  ]);
  return claims.flatMap(({ url, resource, place }) => {
    const profile = known.get(url);
    if (typeof profile !== 'object') {
      const text = profile ?? `The profile ${shown(url)} is not known here, and was not looked at`;
      const issue = errorIssue('not-supported', text, { expression: [`${place}.meta.profile`] });
      return [{ ...issue, severity: 'warning' as const }];
    }
    return profileIssues(resource, profile, source).map((issue) => placedBelow(issue, place));
  });
}

/** What a resource breaks of one profile. An unknown profile is an error. */
export async function issuesOfProfile(
  context: RestContext,
  call: Caller,
  resource: Resource,
  url: string,
): Promise<readonly Issue[]> {
  if (typeOfUrl(url) === resource.resourceType) return [];
  const { known, source } = await loadProfiles(context, call, [url]);
  const profile = known.get(url);
  if (typeof profile === 'object') return profileIssues(resource, profile, source);
  return [errorIssue('not-found', profile ?? `The profile ${shown(url)} is not known here`)];
}

/** A profile that some resource says it conforms to. */
export interface Claim {
  readonly url: string;
  readonly resource: Resource;
  /** FHIRPath of the resource. */
  readonly place: string;
}

/** The claims of a resource and of those contained in it or in its entries; R4's own types are no claim. */
export function claimsOf(
  resource: Resource,
  place: string = resource.resourceType,
): readonly Claim[] {
  const { meta, contained, entry } = resource as Readonly<Record<string, unknown>>;
  const { profile } = (meta ?? {}) as { readonly profile?: unknown };
  const claims: Claim[] = [];
  if (Array.isArray(profile)) {
    for (const url of profile as readonly unknown[]) {
      if (typeof url === 'string' && typeOfUrl(url) === undefined) {
        claims.push({ url, resource, place });
      }
    }
  }
  for (const [at, inside] of listOf(contained).entries()) {
    claims.push(...claimsOf(inside as Resource, `${place}.contained[${at}]`));
  }
  for (const [at, { resource: inside }] of listOf(entry).entries()) {
    const [one] = listOf([inside]);
    if (one) claims.push(...claimsOf(one as Resource, `${place}.entry[${at}].resource`));
  }
  return claims;
}

function placedBelow(issue: Issue, place: string): Issue {
  const expression = issue.expression?.map((path) => path.replace(/^\w+/, place));
  return expression ? { ...issue, expression } : issue;
}

interface Loaded {
  /** A text says why a profile cannot be used; undefined: it is not known. */
  readonly known: ReadonlyMap<string, Profile | string | undefined>;
  readonly source: ProfileSource;
}

interface Kept extends Loaded {
  readonly until: number;
}

/** By the URLs asked for, so that writes do not look the same profiles up each time. */
const kept = new WeakMap<RestContext, Map<string, Kept>>();

/** To be told of every commit: a changed profile or value set counts from then on; other processes see it a little later. */
export function noteChanges(context: RestContext, changes: readonly Change[]): void {
  const isDefinition = changes.some((change) => {
    const type = change.op === 'put' ? change.resource.resourceType : change.type;
    return ['StructureDefinition', 'ValueSet', 'CodeSystem'].includes(type);
  });
  if (isDefinition) kept.delete(context);
}

async function loadProfiles(
  context: RestContext,
  call: Caller,
  urls: readonly string[],
): Promise<Loaded> {
  const now = context.clock().getTime();
  const cache = kept.get(context) ?? new Map<string, Kept>();
  kept.set(context, cache);
  const key = urls.join('\n');
  const cached = cache.get(key);
  if (cached && cached.until > now) return cached;
  const loaded = await load(context, call, urls);
  if (key.length > limits.profileKeyCharsMax) return loaded;
  if (cache.size >= limits.profilesMax) cache.clear();
  cache.set(key, { ...loaded, until: now + limits.profileCacheMs });
  return loaded;
}

async function load(context: RestContext, call: Caller, urls: readonly string[]): Promise<Loaded> {
  const definitions = new Map<string, Resource | undefined>();
  const open = [...urls];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    if (definitions.has(url)) continue;
    if (definitions.size >= limits.profilesMax) {
      fail('limit', `More than ${limits.profilesMax} profiles (profilesMax)`);
    }
    const definition = await findConformance(context, call, 'StructureDefinition', url);
    definitions.set(url, definition);
    if (definition) open.push(...profilesNamedBy(definition));
  }
  const byUrl = (url: string): Resource | undefined => definitions.get(url);
  const known = new Map<string, Profile | string | undefined>();
  for (const [url, definition] of definitions) {
    known.set(url, definition && compileProfile(definition, byUrl));
  }
  const valueSets = [...definitions.values()].flatMap((each) =>
    each ? valueSetsNamedBy(each) : [],
  );
  const contains = await membership(context, call, [...new Set(valueSets)]);
  const profile = (url: string): Profile | undefined => {
    const found = known.get(url);
    return typeof found === 'object' ? found : undefined;
  };
  return { known, source: { profile, contains } };
}

/** Whether codes are in value sets; undefined where a value set or a code system is not known. */
async function membership(
  context: RestContext,
  call: Caller,
  valueSets: readonly string[],
): Promise<ProfileSource['contains']> {
  const terminology = await loadTerminology(context, call, { valueSets });
  const told = new Map<string, boolean | undefined>();
  return (url, system, code) => {
    const key = JSON.stringify([url, system, code]);
    if (told.has(key)) return told.get(key);
    const valueSet = terminology.valueSet(url);
    let answer: boolean | undefined;
    try {
      const find = (set: Resource) => new ValueSetReader(terminology).find(set, system, code);
      answer = valueSet && find(valueSet) !== undefined;
    } catch (error) {
      if (!(error instanceof OutcomeError)) throw error;
    }
    if (key.length > limits.profileKeyCharsMax) return answer;
    if (told.size >= limits.boundCodesMax) told.clear();
    told.set(key, answer);
    return answer;
  };
}
