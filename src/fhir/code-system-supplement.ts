/** Supplements: designations and properties that others add to a code system (http://hl7.org/fhir/R4/codesystem.html#supplements). */
import { codeSystemOf, textOf, type CodeSystem, type Concept } from './code-system.ts';
import { splitCanonical } from './reference.ts';
import type { Resource } from './resource.ts';

/** Whether a CodeSystem is a supplement, which has no codes of its own. */
export function isSupplement({ content }: { readonly content?: unknown }): boolean {
  return content === 'supplement';
}

/** Whether a CodeSystem supplements the one of a URL and version; one that names no version supplements each. */
export function supplements(resource: Resource, url: string, version: string | undefined): boolean {
  const canonical = textOf(resource['supplements']);
  if (!isSupplement({ content: resource['content'] }) || canonical === undefined) return false;
  const wanted = splitCanonical(canonical);
  return wanted.url === url && (wanted.version === undefined || wanted.version === version);
}

const made = new WeakMap<CodeSystem, { of: readonly Resource[]; system: CodeSystem }>();

/**
 * The code system with what supplements say of its concepts, behind what it says itself; their codes that it does not have
 * are passed over. The same object for the same arguments.
 */
export function supplemented(system: CodeSystem, of: readonly Resource[]): CodeSystem {
  if (of.length === 0) return system;
  const known = made.get(system);
  if (known?.of.length === of.length && known.of.every((one, i) => one === of[i])) {
    return known.system;
  }
  const fresh = merge(system, of.map(codeSystemOf));
  made.set(system, { of, system: fresh });
  return fresh;
}

function merge(system: CodeSystem, added: readonly CodeSystem[]): CodeSystem {
  const concepts = new Map<string, Concept>(system.concepts);
  for (const supplement of added) {
    for (const more of supplement.concepts.values()) {
      const code = system.find(more.code)?.code;
      const own = code === undefined ? undefined : concepts.get(code);
      if (own === undefined) continue;
      concepts.set(own.code, {
        ...own,
        designation: [...own.designation, ...more.designation],
        property: [...own.property, ...more.property],
      });
    }
  }
  const properties = new Set([
    ...system.properties,
    ...added.flatMap((one) => [...one.properties]),
  ]);
  return {
    ...system,
    properties,
    concepts,
    find: (code) => concepts.get(system.find(code)?.code ?? code),
  };
}
