import { extractIndex } from '../fhir/search-extract.ts';
import type { SearchNode } from '../fhir/search-ast.ts';
import type { Include } from '../fhir/search-result.ts';
import { fail } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { limits } from '../limits.ts';
import { allowed } from '../security/policy.ts';
import type { StoredVersion } from '../store/store.ts';
import { canSee } from './authorize.ts';
import { jsonOf } from './body.ts';
import type { Call, RestContext } from './call.ts';
import { confined } from './criteria.ts';

/**
 * The resources that `_include` and `_revinclude` add to a page
 * (http://hl7.org/fhir/R4/search.html#include): each once, none that is a match already, none that the caller
 * may not see; a reference that leads to nothing is passed over. `:iterate` goes on from what was added.
 * Throws `limit` past limits.searchIncludesMax.
 */
export async function included(
  context: RestContext,
  call: Call,
  matches: readonly StoredVersion[],
  includes: readonly Include[],
): Promise<readonly StoredVersion[]> {
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
  const wanted = new Map<string, { type: string; id: string }>();
  for (const version of from) {
    if (version.type !== include.sourceType) continue;
    for (const target of targetsOf(version, include.param)) {
      const fits = include.targetType === undefined || include.targetType === target.type;
      if (fits && allowed(call.principal, 'read', target.type)) {
        wanted.set(`${target.type}/${target.id}`, target);
      }
    }
  }
  const reads = [...wanted.values()].map(({ type, id }) => context.store.read(type, id));
  const versions = await Promise.all(reads);
  return versions.flatMap((version) =>
    version !== undefined && !version.deleted && canSee(call.principal, version) ? [version] : [],
  );
}

function targetsOf(version: StoredVersion, param: string): readonly { type: string; id: string }[] {
  const resource = jsonOf(version.body) as unknown as IdentifiedResource;
  return extractIndex(resource).flatMap((entry) =>
    entry.kind === 'reference' && entry.param === param && entry.type !== null && entry.id !== null
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
  const targets = from.filter(({ type }) => targetType === undefined || targetType === type);
  if (targets.length === 0 || !allowed(call.principal, 'search-type', sourceType)) return [];
  const nodes = targets.map(({ type, id }): SearchNode => ({ op: 'reference', param, type, id }));
  const page = await context.store.search({
    types: [sourceType],
    where: confined(call.principal, sourceType, { op: 'or', nodes }),
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

function nameOf({ type, id }: StoredVersion): string {
  return `${type}/${id}`;
}
