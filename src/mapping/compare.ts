import { differences, elementOf } from '../fhir/difference.ts';
import type { MappedResource, MappingResult, TraceEntry } from './result.ts';

/** An element that two versions of a map make differently of one message. */
export interface MappedDifference {
  readonly type: string;
  /** `valueQuantity.unit`, without places in lists; empty where one makes the whole resource and the other does not. */
  readonly element: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** `file:line` of the rule that makes it now, or that made it where nothing does any more. */
  readonly rule: string;
}

/** How many differences of one resource are told apart; more say nothing new. */
const differencesMax = 200;

/**
 * What two versions of a map make differently of one message, resource by resource: the same by its address, else by
 * the name of its rule.
 */
export function compareResults(
  before: Pick<MappingResult, 'resources' | 'trace'>,
  after: Pick<MappingResult, 'resources' | 'trace'>,
): readonly MappedDifference[] {
  const left = new Set(before.resources);
  const find = (wanted: MappedResource): MappedResource | undefined => {
    const candidates = [...left];
    const found =
      candidates.find(({ fullUrl }) => fullUrl === wanted.fullUrl) ??
      candidates.find(({ name }) => name === wanted.name);
    if (found !== undefined) left.delete(found);
    return found;
  };
  const found: MappedDifference[] = [];
  for (const mapped of after.resources) {
    const earlier = find(mapped);
    if (earlier === undefined) found.push(whole(mapped, after.trace, 'after'));
    else found.push(...between(earlier, mapped, { before: before.trace, after: after.trace }));
  }
  return [...found, ...[...left].map((mapped) => whole(mapped, before.trace, 'before'))];
}

function whole(
  { name, resource }: MappedResource,
  trace: readonly TraceEntry[],
  side: 'before' | 'after',
): MappedDifference {
  const rule = trace.find(({ target }) => target.startsWith(`${name}.`))?.rule ?? '';
  return { type: resource.resourceType, element: '', [side]: resource, rule };
}

function between(
  before: MappedResource,
  after: MappedResource,
  traces: { readonly before: readonly TraceEntry[]; readonly after: readonly TraceEntry[] },
): readonly MappedDifference[] {
  return differences(before.resource, after.resource, differencesMax).map((difference) => {
    const rule =
      'after' in difference
        ? ruleOf(after.name, difference.path, traces.after)
        : ruleOf(before.name, difference.path, traces.before);
    const { path, ...values } = difference;
    return { type: after.resource.resourceType, element: elementOf(path), ...values, rule };
  });
}

/** The rule that gave the element, or what it stands in: the longest target that begins the path. */
function ruleOf(name: string, path: string, trace: readonly TraceEntry[]): string {
  const full = `${name}.${path}`;
  let best: TraceEntry | undefined;
  for (const entry of trace) {
    const { target } = entry;
    const holds = full === target || full.startsWith(`${target}.`) || full.startsWith(`${target}[`);
    const within = target.startsWith(`${full}.`) || target.startsWith(`${full}[`);
    if ((holds || within) && target.length > (best?.target.length ?? 0)) best = entry;
  }
  return best?.rule ?? '';
}
