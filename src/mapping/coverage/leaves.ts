import type { Resource } from '../../fhir/resource.ts';

/** A value of a resource that has no parts: `Patient.name.family`. */
export interface Leaf {
  /** With the URL of each extension, without indexes. */
  readonly path: string;
  /** As the trace writes it, without indexes and URLs. */
  readonly plain: string;
  readonly value: string;
  /** The repetition of a top-level element that it is part of, as JSON; empty outside of any. */
  readonly within: string;
}

/** What a run of a map made of a message. */
export interface ProbeResult {
  /** By the name of the instance, as the trace has it. */
  readonly resources: readonly { readonly name: string; readonly fullUrl: string; readonly resource: Resource }[];
  readonly trace: readonly { readonly target: string; readonly source?: string; readonly rule: string }[];
}

/** Every value of every resource; a reference to another of them is its type. */
export function leavesOf({ resources }: ProbeResult): Leaf[] {
  const types = new Map(resources.map(({ fullUrl, resource }) => [fullUrl, resource.resourceType]));
  const leaves: Leaf[] = [];
  for (const { resource } of resources) collect(resource, types, leaves);
  return leaves;
}

function collect(resource: object, types: ReadonlyMap<string, string>, leaves: Leaf[]): void {
  const type = (resource as { resourceType?: string }).resourceType ?? '';
  const walk = (value: unknown, at: Omit<Leaf, 'value'>): void => {
    if (Array.isArray(value)) {
      for (const one of value) walk(one, at.within === '' ? { ...at, within: JSON.stringify(one) } : at);
    } else if (typeof value === 'object' && value !== null) {
      walkObject(value, at);
    } else if (value !== undefined) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      leaves.push({ ...at, value: types.get(text) ?? text });
    }
  };
  const walkObject = (value: object, { path, plain, within }: Omit<Leaf, 'value'>): void => {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'resourceType') continue;
      const name = key.replace(/^_/, '');
      const next = `${plain}.${name}`;
      if (key === 'contained') for (const one of inner as object[]) collect(one, types, leaves);
      else if (key === 'extension') {
        for (const one of inner as { url?: string }[]) {
          walk([one], { path: `${path}.extension(${one.url ?? ''})`, plain: next, within });
        }
      } else walk(inner, { path: `${path}.${name}`, plain: next, within });
    }
  };
  walkObject(resource, { path: type, plain: type, within: '' });
}

/**
 * The leaves of one result that another does not have, however often each comes. In a repetition that is not the same
 * in the other, all are: who else takes part has the code of his part anew.
 */
export function addedLeaves(before: readonly Leaf[], after: readonly Leaf[]): Leaf[] {
  const counts = new Map<string, number>();
  for (const leaf of before) counts.set(keyOf(leaf), (counts.get(keyOf(leaf)) ?? 0) + 1);
  return after.filter((leaf) => {
    const left = counts.get(keyOf(leaf)) ?? 0;
    counts.set(keyOf(leaf), left - 1);
    return left <= 0;
  });
}

function keyOf({ path, value, within }: Leaf): string {
  return `${path} ${value} ${within}`;
}
