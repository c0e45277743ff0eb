/** Finds and rewrites the references inside a resource, by the types that its elements have. */
import type { Resource } from './resource.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';

/** One Reference.reference of a resource. */
export interface FoundReference {
  readonly reference: string;
  /** FHIRPath of the Reference: `Observation.subject`, `Patient.link[0].other`. */
  readonly path: string;
  /** What the specification lets it point to; absent: anything. */
  readonly targets?: readonly string[];
}

/**
 * Every Reference with a `reference`, in the resource's order, contained resources and extensions included;
 * not those of resources in Bundle entries, which are resources of their own.
 */
export function listReferences(resource: Resource): readonly FoundReference[] {
  const found: FoundReference[] = [];
  visit(resource, resource.resourceType, shapeOf(resource.resourceType), (place) => {
    const { property, value, path } = place;
    if (property.type !== 'Reference') return;
    const reference = (value as Readonly<Record<string, unknown>> | null)?.['reference'];
    if (typeof reference !== 'string') return;
    const { targets } = property.element;
    found.push({ reference, path, ...(targets ? { targets } : {}) });
  });
  return found;
}

interface PropertyPlace {
  readonly property: Property;
  readonly value: unknown;
  readonly path: string;
}

function visit(
  value: unknown,
  path: string,
  shape: Shape | undefined,
  see: (place: PropertyPlace) => void,
): void {
  if (!shape || typeof value !== 'object' || value === null) return;
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(members)) {
    const isExtra = key.startsWith('_');
    const property = shape.properties.get(isExtra ? key.slice(1) : key);
    if (!property || (property.primitive && !isExtra)) continue;
    const values = members[key];
    const propertyPath = `${path}.${property.name}`;
    for (const [index, item] of (Array.isArray(values) ? values : [values]).entries()) {
      const itemPath = Array.isArray(values) ? `${propertyPath}[${String(index)}]` : propertyPath;
      if (isExtra) {
        visit(item, itemPath, shapeOf('Element'), see);
      } else {
        see({ property, value: item, path: itemPath });
        visit(item, itemPath, childShape(property, item), see);
      }
    }
  }
}

/** Contained resources say their type themselves; Bundle entries and parameters are left to their owner. */
function childShape(property: Property, value: unknown): Shape | undefined {
  if (property.type !== 'Resource') return property.shape();
  return property.name === 'contained' ? shapeOf(typeName(value)) : undefined;
}

function typeName(value: unknown): string {
  const name = (value as { readonly resourceType?: unknown } | null)?.resourceType;
  return typeof name === 'string' ? name : '';
}

const rewrittenTypes: ReadonlySet<string> = new Set(['uri', 'url', 'oid', 'uuid']);

/**
 * A copy with every text that may name another resource put through `map`, which gives the new text or
 * undefined to keep it: Reference.reference, elements of type uri, url, oid and uuid, and the `href` and `src`
 * of narratives. Canonicals are identities and stay (http://hl7.org/fhir/R4/http.html#trules). What is not
 * changed is shared with the argument. Contained resources are rewritten too; Bundle entries are not.
 */
export function rewriteReferences<T extends Resource>(
  resource: T,
  map: (reference: string) => string | undefined,
): T {
  return rewriteObject(resource, shapeOf(resource.resourceType), map) as T;
}

type RewriteMap = (reference: string) => string | undefined;

function rewriteObject(value: unknown, shape: Shape | undefined, map: RewriteMap): unknown {
  if (!shape || typeof value !== 'object' || value === null) return value;
  const members = value as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(members)) {
    const isExtra = key.startsWith('_');
    const property = shape.properties.get(isExtra ? key.slice(1) : key);
    if (!property) continue;
    const before = members[key];
    const rewriteOne = (item: unknown): unknown =>
      isExtra
        ? rewriteObject(item, shapeOf('Element'), map)
        : rewriteValue(item, property, shape, map);
    const after = Array.isArray(before) ? rewriteAll(before, rewriteOne) : rewriteOne(before);
    if (after !== before) {
      copy ??= { ...members };
      copy[key] = after;
    }
  }
  return copy ?? value;
}

function rewriteAll(
  items: readonly unknown[],
  rewriteOne: (item: unknown) => unknown,
): readonly unknown[] {
  const copy = items.map(rewriteOne);
  return copy.some((item, index) => item !== items[index]) ? copy : items;
}

// The property, the shape that has it, and what to do.
function rewriteValue(value: unknown, property: Property, shape: Shape, map: RewriteMap): unknown {
  if (!property.primitive) return rewriteObject(value, childShape(property, value), map);
  if (typeof value !== 'string') return value;
  if (property.type === 'xhtml') return rewriteNarrative(value, map);
  const isReference = shape.type.name === 'Reference' && property.key === 'reference';
  return isReference || rewrittenTypes.has(property.type) ? (map(value) ?? value) : value;
}

function rewriteNarrative(div: string, map: RewriteMap): string {
  return div.replace(
    /(<(?:a|img)\b[^<>]*?\s(?:href|src)\s*=\s*)(?:"([^"]*)"|'([^']*)')/g,
    (whole, start: string, double: string | undefined, single: string | undefined) => {
      const target = map(unescapeXml(double ?? single ?? ''));
      return target === undefined ? whole : `${start}"${escapeXml(target)}"`;
    },
  );
}

const entities: readonly (readonly [character: string, entity: string])[] = [
  ['&', '&amp;'],
  ['"', '&quot;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
];

function escapeXml(text: string): string {
  return entities.reduce((t, [character, entity]) => t.replaceAll(character, entity), text);
}

function unescapeXml(text: string): string {
  return entities.reduceRight((t, [character, entity]) => t.replaceAll(entity, character), text);
}
