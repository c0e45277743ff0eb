import type { Resource } from '../fhir/resource.ts';
import { isFields } from '../record/same.ts';

/** The resource with every `reference` that is a key of the map replaced; other URLs stay. */
export function rewriteReferences(
  resource: Resource,
  references: ReadonlyMap<string, string>,
): Resource {
  return rewritten(resource, references) as Resource;
}

function rewritten(value: unknown, references: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, references));
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(([name, part]) =>
    name === 'reference' && typeof part === 'string'
      ? [name, references.get(part) ?? part]
      : [name, rewritten(part, references)],
  );
  return Object.fromEntries(entries);
}
