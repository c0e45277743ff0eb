import { searchParameters } from '../../fhir/definitions.ts';
import { listReferences, rewriteReferences } from '../../fhir/reference-walk.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { SearchNode } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import type { PersonIdentifier } from '../../record/identity.ts';
import { isFields, textOf } from '../../record/same.ts';
import type { Store, StoredVersion } from '../../store/store.ts';
import { parseStored } from '../stored.ts';

/** Which resources refer to another record from now on. As JSON it is what is left to do after a crash. */
export interface Repointing {
  /** `Patient/p1`. */
  readonly from: string;
  readonly to: string;
  /** Whose resources are looked through, since not every reference is searched by; absent: those of `from`. */
  readonly among?: string;
  /** Only those that refer to this visit or account too. */
  readonly within?: string;
  /** Only those that came under one of these numbers of the person. */
  readonly under?: readonly PersonIdentifier[];
  /** The number that they are under from now on; absent: the one that they came under, so that it can be undone. */
  readonly number?: PersonIdentifier;
}

/** What happened stays as it was said: who was written then, who read what. */
const historical: ReadonlySet<string> = new Set(['Provenance', 'AuditEvent']);

/** Up to `count` resources that still refer to it. */
export async function findReferring(
  store: Store,
  repointing: Repointing,
  count: number,
): Promise<readonly StoredVersion[]> {
  const { from, among = from } = repointing;
  const [owner = ''] = among.split('/');
  const live = [...(await store.counts())].filter(([, resources]) => resources > 0);
  const found: StoredVersion[] = [];
  for (const type of live.map(([name]) => name).sort()) {
    // Patients refer to each other by links, which are the merge's own.
    if (historical.has(type) || (type === 'Patient' && owner === 'Patient')) continue;
    const where = referring(type, { ...repointing, among });
    if (where === undefined) continue;
    for await (const version of matches(store, type, where)) {
      if (isMeant(version, repointing)) found.push(version);
      if (found.length >= count) return found;
    }
  }
  return found;
}

/** The visits that name an account by one of these FHIR Identifiers; at most limits.searchPageMax. */
export async function findVisitsOf(
  store: Store,
  called: readonly unknown[],
): Promise<readonly StoredVersion[]> {
  const nodes = called.map((each): SearchNode => {
    const [system, code] = [textOf(each, 'system'), textOf(each, 'value')];
    return { op: 'referenceIdentifier', param: 'account', system, code };
  });
  if (nodes.length === 0) return [];
  const { matches: found } = await store.search({
    types: ['Encounter'],
    where: { op: 'or', nodes },
    sort: [],
    count: limits.searchPageMax,
    total: 'none',
  });
  return found;
}

async function* matches(
  store: Store,
  type: string,
  where: SearchNode,
): AsyncIterable<StoredVersion> {
  let cursor: string | undefined;
  do {
    const page = await store.search({
      ...{ types: [type], where, sort: [], count: limits.searchPageMax, total: 'none' },
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.matches;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Undefined: none of the type can. */
function referring(
  type: string,
  { among, under }: Repointing & { readonly among: string },
): SearchNode | undefined {
  const params = parametersTo(type, among);
  if (params.length === 0) return undefined;
  if (under === undefined) return anyOf(params, among);
  const numbers = params.flatMap((param) =>
    under.map(({ system, value: code }): SearchNode => {
      return { op: 'referenceIdentifier', param, system, code };
    }),
  );
  return { op: 'and', nodes: [anyOf(params, among), { op: 'or', nodes: numbers }] };
}

/** Whether a resource of the person really is one of those. */
function isMeant(version: StoredVersion, { from, among, within }: Repointing): boolean {
  if (among === undefined && within === undefined) return true;
  const named = new Set(listReferences(parseStored(version)).map(({ reference }) => reference));
  return named.has(from) && (within === undefined || named.has(within));
}

function anyOf(params: readonly string[], reference: string): SearchNode {
  const [type = '', id = ''] = reference.split('/');
  return { op: 'or', nodes: params.map((param) => ({ op: 'reference', param, type, id })) };
}

function parametersTo(type: string, reference: string): readonly string[] {
  const [target = ''] = reference.split('/');
  return [...searchParameters(type).values()]
    .filter((one) => one.type === 'reference' && (one.target?.includes(target) ?? true))
    .map(({ code }) => code);
}

/** The resource with its references to the one turned to the other. */
export function repointed(resource: Resource, { from, to, number }: Repointing): Resource {
  const next = rewriteReferences(resource, (reference) => (reference === from ? to : undefined));
  if (number === undefined || next === resource) return next;
  const entries = Object.entries(next).map(([name, value]) => {
    const isTurned = value !== resource[name] && isFields(value) && value['reference'] === to;
    return [name, isTurned ? { ...value, identifier: { ...number } } : value];
  });
  return Object.fromEntries(entries) as Resource;
}
