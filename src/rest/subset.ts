import { shapeOf, type Property, type Shape } from '../fhir/shape.ts';
import { stringify } from '../fhir/json.ts';
import { OutcomeError } from '../fhir/issue.ts';
import type { Json, JsonObject } from '../fhir/resource.ts';
import { ResultOptions, type ResultView } from '../fhir/search-result.ts';
import { isObject, jsonOf } from './body.ts';
import type { Params } from './call.ts';

/** What of each resource is shown. */
export type View = Pick<ResultView, 'summary' | 'elements'>;

/** What `_summary` and `_elements` ask for outside of a search. Throws `search-value`. */
export function viewOf(params: Params): View {
  const options = new ResultOptions(['Resource'], 'none');
  for (const [name, value] of params) {
    if ((name !== '_summary' && name !== '_elements') || value === '') continue;
    const taken = options.take(name, value);
    if (taken !== undefined && 'issue' in taken) throw new OutcomeError([taken.issue]);
  }
  const { summary, elements } = options.view();
  return {
    ...(summary === undefined ? {} : { summary }),
    ...(elements === undefined ? {} : { elements }),
  };
}

/**
 * A resource as `_summary` (http://hl7.org/fhir/R4/search.html#summary) or `_elements` wants it. What is mandatory, `id` and
 * `meta` always stay, and SUBSETTED says that it is not the whole. Without either the text goes through as it is.
 */
export function subsetText(body: string, { summary, elements }: View): string {
  const whole = summary === undefined || summary === 'false' || summary === 'count';
  if (whole && elements === undefined) return body;
  const resource = jsonOf(body);
  if (!isObject(resource)) return body;
  const type = resource['resourceType'] as string;
  const shape = shapeOf(type);
  if (shape === undefined) return body;
  const kept = whole
    ? masked(resource, shape, maskOf(type, elements ?? []))
    : summarized(resource, shape, summary);
  const { id, meta } = resource;
  const always = { resourceType: type, ...(id === undefined ? {} : { id }) };
  return stringify(tagged({ ...always, meta, ...kept }));
}

function summarized(
  resource: JsonObject,
  shape: Shape,
  summary: 'true' | 'text' | 'data',
): JsonObject {
  switch (summary) {
    case 'true':
      return summaryOf(resource, shape);
    case 'text':
      return keep(resource, shape, (item, { name, element }) =>
        name === 'text' || element.min > 0 ? item : undefined,
      );
    case 'data':
      return keep(resource, shape, (item, { name }) => (name === 'text' ? undefined : item));
  }
}

/** What the specification marks as part of the summary, at every depth. */
function summaryOf(value: JsonObject, shape: Shape): JsonObject {
  return keep(value, shape, (item, property) =>
    property.element.summary || property.element.min > 0
      ? below(item, property, summaryOf)
      : undefined,
  );
}

/** Elements by name, with those below them; an empty one stands for all below. */
type Mask = Map<string, Mask>;

function emptyMask(): Mask {
  return new Map();
}

/** `name`, `Patient.name`, `name.family`, `value` or `valueQuantity`; what begins with another type is not meant. */
function maskOf(type: string, elements: readonly string[]): Mask {
  const mask = emptyMask();
  for (const path of elements) {
    const names = path.replaceAll('[x]', '').split('.');
    const [first = ''] = names;
    if (/^[A-Z]/.test(first) && names.shift() !== type) continue;
    let at = mask;
    for (const [depth, name] of names.entries()) {
      const known = at.get(name);
      // Asked for as a whole before.
      if (known?.size === 0) break;
      const next = depth === names.length - 1 ? emptyMask() : (known ?? emptyMask());
      at.set(name, next);
      at = next;
    }
  }
  return mask;
}

function masked(value: JsonObject, shape: Shape, mask: Mask): JsonObject {
  return keep(value, shape, (item, property) => {
    const inner = mask.get(property.key) ?? mask.get(property.name);
    if (inner === undefined) return property.element.min > 0 ? item : undefined;
    if (inner.size === 0) return item;
    return below(item, property, (each, itsShape) => masked(each, itsShape, inner));
  });
}

/** The members that are chosen; `_name` goes with its element. */
function keep(
  value: JsonObject,
  shape: Shape,
  choose: (item: Json | undefined, property: Property) => Json | undefined,
): JsonObject {
  const chosen = Object.entries(value).flatMap(([key, item]) => {
    const property = shape.properties.get(key.replace(/^_/, ''));
    const kept = property && choose(item, key.startsWith('_') ? primitive(property) : property);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return Object.fromEntries(chosen);
}

/** An element whose id and extensions stand beside it has no members to choose from. */
function primitive(property: Property): Property {
  return { ...property, shape: () => undefined };
}

/** Chooses within a value or each of a list. What nothing is left of goes, unless it is mandatory: then it stays whole. */
function below(
  item: Json | undefined,
  property: Property,
  choose: (value: JsonObject, shape: Shape) => JsonObject,
): Json | undefined {
  const shape = property.shape();
  if (shape === undefined) return item;
  const part = (each: Json): readonly Json[] => {
    if (!isObject(each)) return [each];
    const chosen = choose(each, shape);
    if (Object.keys(chosen).length > 0) return [chosen];
    return property.element.min > 0 ? [each] : [];
  };
  if (item === undefined) return undefined;
  if (!Array.isArray(item)) return part(item)[0];
  const parts = (item as readonly Json[]).flatMap(part);
  return parts.length === 0 ? undefined : parts;
}

function tagged(resource: Readonly<Record<string, unknown>>): object {
  const meta = (resource['meta'] ?? {}) as JsonObject;
  const tags = Array.isArray(meta['tag']) ? (meta['tag'] as readonly Json[]) : [];
  const isTagged = tags.some((tag) => isObject(tag) && tag['code'] === subsetted.code);
  return isTagged ? resource : { ...resource, meta: { ...meta, tag: [...tags, subsetted] } };
}

const subsetted = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};
