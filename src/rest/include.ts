import { searchParameters } from '../fhir/definitions.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import type { Include } from '../fhir/search-result.ts';
import { fail } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { allowed } from '../security/policy.ts';
import type { ResourceKey, StoredVersion } from '../store/store.ts';
import { canSee } from './authorize.ts';
import { jsonOf } from './body.ts';
import type { Call, RestContext } from './call.ts';
import { confined } from './criteria.ts';

/**
 * The resources that `_include` and `_revinclude` add to a page
 * (http://hl7.org/fhir/R4/search.html#include): each once, none that is a match already, none that the caller
 * may not see; a reference that leads to nothing is passed over. `:iterate` goes on from what was added until
 * that is nothing new. `*` includes by every reference parameter.
 * Throws `limit` past limits.searchIncludesMax.
 */
export async function included(
  context: RestContext,
  call: Call,
  matches: readonly StoredVersion[],
  includes: readonly Include[],
): Promise<readonly StoredVersion[]> {
  if (includes.length === 0) return [];
  const known = new Set(matches.map(nameOf));
  const added: StoredVersion[] = [];
  let from = matches;
  let asked = includes;
  while (from.length > 0 && asked.length > 0) {
    const found: StoredVersion[] = [];
    for (const include of asked) {
      const some = include.reverse
        ? await pointingAt(context, call, from, include)
        : await pointedAtBy(context, call, from, include);
      found.push(...some.filter((version) => isNew(known, version)));
      if (added.length + found.length > limits.searchIncludesMax) {
        fail('limit', `A page may include ${limits.searchIncludesMax} resources; use _count`);
      }
    }
    added.push(...found);
    from = found;
    asked = includes.filter(({ iterate }) => iterate);
  }
  return added;
}

async function pointedAtBy(
  context: RestContext,
  call: Call,
  from: readonly StoredVersion[],
  include: Include,
): Promise<readonly StoredVersion[]> {
  const wanted = new Map<string, ResourceKey>();
  for (const version of from) {
    if (include.sourceType !== anything && version.type !== include.sourceType) continue;
    for (const target of targetsOf(version, include.param)) {
      const fits = include.targetType === undefined || include.targetType === target.type;
      if (fits && allowed(call.principal, 'read', target.type)) wanted.set(nameOf(target), target);
    }
  }
  const keys = [...wanted.values()];
  const found: StoredVersion[] = [];
  for (let at = 0; at < keys.length; at += limits.readManyMax) {
    const versions = await context.store.readMany(keys.slice(at, at + limits.readManyMax));
    for (const version of versions) {
      if (version === undefined || version.deleted) continue;
      if (canSee(call.principal, version)) found.push(version);
    }
  }
  return found;
}

/** In an include: every parameter, or the parameters of every type. */
const anything = '*';

function targetsOf(version: StoredVersion, param: string): readonly ResourceKey[] {
  const resource = jsonOf(version.body) as unknown as IdentifiedResource;
  return extractIndex(resource).flatMap((entry) =>
    entry.kind === 'reference' &&
    (param === anything || entry.param === param) &&
    entry.type !== null &&
    entry.id !== null
      ? [{ type: entry.type, id: entry.id }]
      : [],
  );
}

async function pointingAt(
  context: RestContext,
  call: Call,
  from: readonly StoredVersion[],
  { sourceType, param, targetType }: Include,
): Promise<readonly StoredVersion[]> {
  const targets = idsByType(
    from.filter(({ type }) => targetType === undefined || targetType === type),
  );
  // Most types have no resources at all.
  const sources =
    sourceType === anything ? [...(await context.store.counts()).keys()].sort() : [sourceType];
  const found: StoredVersion[] = [];
  for (const source of sources) {
    if (!allowed(call.principal, 'search-type', source)) continue;
    const nodes = [...targets].flatMap(([type, ids]) => referencesTo(type, ids, source, param));
    if (nodes.length > 0) found.push(...(await matchingAny(context, call, source, nodes)));
  }
  return found;
}

function idsByType(keys: readonly ResourceKey[]): ReadonlyMap<string, readonly string[]> {
  const byType = new Map<string, string[]>();
  for (const { type, id } of keys) byType.set(type, [...(byType.get(type) ?? []), id]);
  return byType;
}

/**
 * That a resource of the type refers to one of these, by the parameter or by any that may. One node takes all of a
 * page: a node for each would be thousands, and a store takes seconds to plan such a search.
 */
function referencesTo(
  type: string,
  ids: readonly string[],
  source: string,
  param: string,
): readonly SearchNode[] {
  const params =
    param !== anything
      ? [param]
      : [...searchParameters(source).values()]
          .filter((one) => one.type === 'reference' && (one.target?.includes(type) ?? true))
          .map(({ code }) => code);
  return params.map((code) => ({ op: 'chain', param: code, type, where: { op: 'id', ids } }));
}

async function matchingAny(
  context: RestContext,
  call: Call,
  type: string,
  nodes: readonly SearchNode[],
): Promise<readonly StoredVersion[]> {
  const page = await context.store.search({
    types: [type],
    where: confined(call.principal, type, { op: 'or', nodes }),
    sort: [],
    count: limits.searchPageMax,
    total: 'none',
  });
  if (page.next !== undefined) {
    fail('limit', `A page may include ${limits.searchPageMax} resources; use _count`);
  }
  return page.matches;
}

function isNew(known: Set<string>, version: StoredVersion): boolean {
  const name = nameOf(version);
  if (known.has(name)) return false;
  known.add(name);
  return true;
}

function nameOf({ type, id }: ResourceKey): string {
  return `${type}/${id}`;
}
