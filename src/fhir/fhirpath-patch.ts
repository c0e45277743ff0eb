/** FHIRPath Patch (http://hl7.org/fhir/R4/fhirpatch.html): a Parameters resource that says what to change. */
import { elementsAt, listAt, type ElementPlace, type ListPlace } from './element-place.ts';
import { fail } from './issue.ts';
import { applyJsonPatch } from './json-patch.ts';
import type { Json, JsonObject, Resource } from './resource.ts';
import type { Property, Shape } from './shape.ts';

/**
 * Applies the operations in their order and returns the patched resource; the given one is not changed.
 * Numbers keep their digits. Throws `structure` for what is no patch, and `value` for a path that does not
 * lead to one element (for `delete`: to several), a name that the element does not have, or an index past
 * the end. What comes out is to be validated: a patch may make what no profile allows.
 */
export function applyFhirPathPatch(resource: Resource, parameters: JsonObject): Json {
  const operations = parameters['parameter'];
  if (!Array.isArray(operations)) fail('structure', 'A FHIRPath Patch has parameters "operation"');
  return (operations as readonly Json[]).reduce<Json>(
    (document, operation, position) => {
      const parts = partsOf(operation, `operation ${String(position)}`);
      return applyJsonPatch(document, editsOf(document as unknown as Resource, parts));
    },
    resource as unknown as Json,
  );
}

/** The parts of one operation, by name. */
interface Operation {
  readonly at: string;
  readonly parts: ReadonlyMap<string, JsonObject>;
}

function partsOf(operation: Json, at: string): Operation {
  if (!isFields(operation) || operation['name'] !== 'operation') {
    fail('structure', `FHIRPath Patch: ${at} is not a parameter "operation"`);
  }
  const parts = new Map<string, JsonObject>();
  for (const part of listOf(operation['part'])) {
    if (!isFields(part) || typeof part['name'] !== 'string' || parts.has(part['name'])) {
      fail('structure', `FHIRPath Patch: a part of ${at} has no name, or one given twice`);
    }
    parts.set(part['name'], part);
  }
  return { at, parts };
}

/** What an operation does, as JSON Patch operations. */
function editsOf(resource: Resource, operation: Operation): readonly Json[] {
  const path = textPart(operation, 'path');
  switch (textPart(operation, 'type')) {
    case 'add':
      return add(onlyElement(resource, path, operation), operation);
    case 'insert':
      return insert(list(resource, path, operation), operation);
    case 'delete':
      return remove(resource, elementsAt(resource, path), operation);
    case 'replace':
      return replace(onlyElement(resource, path, operation), operation);
    case 'move':
      return move(list(resource, path, operation), operation);
    default:
      return fail('structure', `FHIRPath Patch: ${operation.at} has a type that is none`);
  }
}

/** A new value for a property: at the end of a list, else in place of what is there. */
function add(target: ElementPlace, operation: Operation): readonly Json[] {
  const part = operation.parts.get('value') ?? missing(operation, 'value');
  const { property, value } = valueFor(target.shape, textPart(operation, 'name'), part);
  const there = (target.value as JsonObject)[property.key];
  const path = pointerText([...target.pointer, property.key]);
  if (property.element.max <= 1) {
    return [...withoutOtherTypes(target, property), { op: 'add', path, value }];
  }
  return there === undefined
    ? [{ op: 'add', path, value: [value] }]
    : [{ op: 'add', path: `${path}/-`, value }];
}

/** A choice has one type at a time. */
function withoutOtherTypes({ pointer, value, shape }: ElementPlace, property: Property): Json[] {
  return [...(shape?.properties.values() ?? [])]
    .filter(({ name, key }) => name === property.name && key !== property.key)
    .filter(({ key }) => (value as JsonObject)[key] !== undefined)
    .map(({ key }) => ({ op: 'remove', path: pointerText([...pointer, key]) }));
}

function insert(place: ListPlace, operation: Operation): readonly Json[] {
  const { pointer, length, parent, property } = place;
  const part = operation.parts.get('value') ?? missing(operation, 'value');
  const index = indexPart(operation, 'index', length);
  const { value } = valueFor(parent.shape, property.name, part);
  if (length === 0) return [{ op: 'add', path: pointerText(pointer), value: [value] }];
  return [{ op: 'add', path: pointerText([...pointer, String(index)]), value }];
}

/** What is not there needs no deletion. The last item takes its list along, and a primitive its extensions. */
function remove(
  resource: Resource,
  places: readonly ElementPlace[],
  operation: Operation,
): readonly Json[] {
  const [place] = places;
  if (place === undefined) return [];
  if (places.length > 1) several(operation);
  if (place.pointer.length === 0)
    fail('value', `FHIRPath Patch: ${operation.at} deletes everything`);
  return [place.pointer, extensionsOf(place.pointer)].flatMap((pointer) => {
    const there = valueAt(resource, pointer);
    if (there === undefined) return [];
    const holder = pointer.slice(0, -1);
    const siblings = valueAt(resource, holder);
    const isLast = Array.isArray(siblings) && siblings.length === 1;
    return [{ op: 'remove', path: pointerText(isLast ? holder : pointer) }];
  });
}

function replace({ pointer, within }: ElementPlace, operation: Operation): readonly Json[] {
  const part = operation.parts.get('value') ?? missing(operation, 'value');
  if (within === undefined) fail('value', `FHIRPath Patch: ${operation.at} replaces everything`);
  const { parent, property: before } = within;
  const { property, value } = valueFor(parent.shape, before.name, part);
  const path = pointerText(pointer);
  if (property.key === before.key) return [{ op: 'replace', path, value }];
  const added = pointerText([...parent.pointer, property.key]);
  return [
    { op: 'remove', path },
    { op: 'add', path: added, value },
  ];
}

function move({ pointer, length }: ListPlace, operation: Operation): readonly Json[] {
  const from = pointerText([...pointer, String(indexPart(operation, 'source', length - 1))]);
  const to = pointerText([...pointer, String(indexPart(operation, 'destination', length - 1))]);
  return [{ op: 'move', from, path: to }];
}

/** The value of a part, as the property of that name takes it: a choice by the type of the value. */
function valueFor(
  shape: Shape | undefined,
  name: string,
  part: JsonObject,
): { readonly property: Property; readonly value: Json } {
  const named = [...(shape?.properties.values() ?? [])].filter((each) => each.name === name);
  const given = Object.keys(part).find((key) => key.startsWith('value'));
  const [only] = named;
  const property =
    only?.choice === true
      ? named.find(({ key }) => given !== undefined && key === name + given.slice('value'.length))
      : (only ?? shape?.properties.get(name));
  if (property === undefined) {
    return fail('value', 'FHIRPath Patch: an element does not have this name with this type');
  }
  if (given !== undefined) return { property, value: part[given] ?? null };
  if (property.primitive) fail('structure', 'FHIRPath Patch: a part has no value');
  return { property, value: groupOf(property.shape(), part) };
}

/** A part with parts is a group: each is a property of it. */
function groupOf(shape: Shape | undefined, part: JsonObject): JsonObject {
  const group: Record<string, Json> = {};
  for (const inner of listOf(part['part'])) {
    if (!isFields(inner) || typeof inner['name'] !== 'string') {
      return fail('structure', 'FHIRPath Patch: a part of a value has no name');
    }
    const { property, value } = valueFor(shape, inner['name'], inner);
    const before = group[property.key];
    group[property.key] =
      property.element.max > 1
        ? [...((before as readonly Json[] | undefined) ?? []), value]
        : value;
  }
  return group;
}

function onlyElement(resource: Resource, path: string, operation: Operation): ElementPlace {
  const [place, ...more] = elementsAt(resource, path);
  if (more.length > 0) several(operation);
  return place ?? fail('value', `FHIRPath Patch: the path of ${operation.at} leads to nothing`);
}

function several(operation: Operation): never {
  return fail('value', `FHIRPath Patch: the path of ${operation.at} leads to several elements`);
}

function list(resource: Resource, path: string, operation: Operation): ListPlace {
  const place = listAt(resource, path);
  return place ?? fail('value', `FHIRPath Patch: the path of ${operation.at} names no list`);
}

function textPart(operation: Operation, name: string): string {
  const part = operation.parts.get(name);
  const text = part?.['valueString'] ?? part?.['valueCode'];
  return typeof text === 'string' ? text : missing(operation, name);
}

function indexPart(operation: Operation, name: string, max: number): number {
  const index = operation.parts.get(name)?.['valueInteger'];
  if (typeof index !== 'number' || !Number.isInteger(index)) return missing(operation, name);
  if (index >= 0 && index <= max) return index;
  return fail('value', `FHIRPath Patch: ${name} of ${operation.at} is outside of the list`);
}

function missing({ at }: Operation, name: string): never {
  return fail('structure', `FHIRPath Patch: ${at} needs a part "${name}"`);
}

/** `/name/0` -> `/_name/0`: where the extensions of a primitive are. */
function extensionsOf(pointer: readonly string[]): readonly string[] {
  const at = pointer.findLastIndex((step) => !/^\d+$/.test(step));
  return pointer.with(at, `_${pointer[at] ?? ''}`);
}

function valueAt(resource: Resource, pointer: readonly string[]): Json | undefined {
  return pointer.reduce<Json | undefined>(
    (value, step) => (isContainer(value) ? value[step] : undefined),
    resource as unknown as Json,
  );
}

function pointerText(pointer: readonly string[]): string {
  return pointer.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** An array too: its items are properties by number. */
function isContainer(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function isFields(value: Json): value is JsonObject {
  return isContainer(value) && !Array.isArray(value);
}
