import { fail } from '../../fhir/issue.ts';
import { formatReference, parseReference } from '../../fhir/reference.ts';
import { rewriteReferences } from '../../fhir/reference-walk.ts';
import type { Resource } from '../../fhir/resource.ts';
import type { RestContext } from '../call.ts';
import { takeTurn } from '../call-end.ts';
import { conditionalReferences, findReferenced } from '../conditional-reference.ts';
import type { RequestEntry } from './entry.ts';
import { atEntry } from './step.ts';
import type { Step } from './step.ts';

/** Where the names used inside a transaction lead to. */
export interface BundleNames {
  /** By fullUrl: `urn:uuid:...`, `urn:oid:...` or an absolute address. */
  readonly byFullUrl: ReadonlyMap<string, Target>;
  /** By the text of a conditional reference, `Patient?identifier=s|v`. */
  readonly byCondition: ReadonlyMap<string, string>;
}

interface Target {
  readonly type: string;
  readonly id: string;
  /** The version that the commit will make, where that is certain. */
  readonly version?: string;
}

/** Collects the names of a transaction. Conditional references are searched once per distinct text. */
export async function bundleNames(
  context: RestContext,
  steps: readonly Step[],
): Promise<BundleNames> {
  const byFullUrl = new Map<string, Target>();
  const byCondition = new Map<string, string>();
  for (const step of steps) {
    const { entry } = step;
    const target = targetOf(step);
    if (entry.fullUrl !== undefined && target !== undefined) {
      await atEntry(entry, () => nameOnce(byFullUrl, entry, target));
    }
    if (step.op !== 'put') continue;
    for (const one of conditionalReferences(step.resource)) {
      if (byCondition.has(one.reference)) continue;
      const found = await atEntry(entry, () => findReferenced(context, step.call, one));
      byCondition.set(one.reference, found);
      if (byCondition.size % 32 === 0) await takeTurn(step.call);
    }
  }
  return { byFullUrl, byCondition };
}

/**
 * The resource of an entry with its names replaced: http://hl7.org/fhir/R4/http.html#trules. A relative
 * reference is first read against the base of the entry's own fullUrl.
 */
export function withTargets<T extends Resource>(
  resource: T,
  entry: RequestEntry,
  names: BundleNames,
): T {
  const base = restBase(entry.fullUrl);
  return rewriteReferences(resource, (reference) => {
    const conditional = names.byCondition.get(reference);
    if (conditional !== undefined) return conditional;
    const named = (url: string): string | undefined => targetText(names.byFullUrl, url, reference);
    return named(reference) ?? (base === undefined ? undefined : named(`${base}/${reference}`));
  });
}

function targetOf(step: Step): Target | undefined {
  if (step.op === 'found') {
    const { type, id, versionId } = step.version;
    return { type, id, version: versionId };
  }
  if (step.op !== 'put') return undefined;
  const { type, id, version } = step;
  return { type, id, ...(version === undefined ? {} : { version }) };
}

function nameOnce(
  names: Map<string, Target>,
  { fullUrl = '' }: RequestEntry,
  target: Target,
): void {
  if (names.has(fullUrl)) fail('duplicate-identity', 'Another entry has the same fullUrl');
  names.set(fullUrl, target);
}

/** `url` may be a fullUrl, or one with `/_history/n` behind it. */
function targetText(
  names: BundleNames['byFullUrl'],
  url: string,
  reference: string,
): string | undefined {
  const plain = names.get(url);
  if (plain !== undefined) return formatReference(plain.type, plain.id);
  const [, address] = /^(.+)\/_history\/[^/]+$/.exec(url) ?? [];
  const target = address === undefined ? undefined : names.get(address);
  if (target === undefined) return undefined;
  if (target.version === undefined) {
    fail('write-conflict', `${reference}: which version there will be is not certain`);
  }
  return formatReference(target.type, target.id, target.version);
}

/** `http://a/fhir` of `http://a/fhir/Patient/1`. */
function restBase(fullUrl: string | undefined): string | undefined {
  const parsed = fullUrl === undefined ? undefined : parseReference(fullUrl);
  return parsed?.kind === 'absolute' ? parsed.base : undefined;
}
