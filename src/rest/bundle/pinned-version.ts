import { listReferences } from '../../fhir/reference-walk.ts';
import type { RestContext } from '../call.ts';
import { stillAt } from '../write.ts';
import type { Step } from './step.ts';

/**
 * The steps with the version that an update will make, where a reference of the transaction names it
 * (http://hl7.org/fhir/R4/http.html#trules): the version there is now is expected, and one more is made even if
 * nothing changes. A write that comes between has the transaction planned anew.
 */
export async function withPinnedVersions(
  context: RestContext,
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const named = namedByVersion(steps);
  if (named.size === 0) return steps;
  return Promise.all(
    steps.map(async (step) => (isNamed(step, named) ? pinned(context, step) : step)),
  );
}

/** The fullUrls that references name with a version. */
function namedByVersion(steps: readonly Step[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (const step of steps) {
    if (step.op !== 'put') continue;
    for (const { reference } of listReferences(step.resource)) {
      const [, address] = /^(.+)\/_history\/[^/]+$/.exec(reference) ?? [];
      if (address !== undefined) named.add(address);
    }
  }
  return named;
}

type Put = Extract<Step, { op: 'put' }>;

/** Relative references count too: they are read against the base of a fullUrl. */
function isNamed(step: Step, named: ReadonlySet<string>): step is Put {
  const { fullUrl } = step.entry;
  if (step.op !== 'put' || fullUrl === undefined || step.version !== undefined) return false;
  return named.has(fullUrl) || [...named].some((address) => fullUrl.endsWith(`/${address}`));
}

/** What was planned by a version stays by that one: the newest may be another by now. */
async function pinned(context: RestContext, step: Put): Promise<Put> {
  const expect = step.expect ?? stillAt(await context.store.read(step.type, step.id));
  const before = typeof expect === 'object' ? Number(expect.versionId) : 0;
  return { ...step, expect, version: String(before + 1) };
}
