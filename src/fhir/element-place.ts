/**
 * Where elements stand in the JSON of a resource, found by FHIRPath: for those who change them. Paths are the
 * simple ones (http://hl7.org/fhir/R4/fhirpath.html#simple) with `where(...)`, `first()`, `last()`, an index and
 * a type; the condition of a `where` is evaluated by the FHIRPath engine of @medplum/core.
 */
import {
  AsAtom,
  DotAtom,
  FhirPathAtom,
  FunctionAtom,
  IndexerAtom,
  LiteralAtom,
  parseFhirPath,
  SymbolAtom,
  type Atom,
} from '@medplum/core';
import { limits } from '../limits.ts';
import { boundedPath, pathBudget } from './bounded-path.ts';
import { fail } from './issue.ts';
import { toPlain } from './json.ts';
import type { Json, JsonObject, Resource } from './resource.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';

/** One element. */
export interface ElementPlace {
  /** The steps of a JSON Pointer; none for the resource itself. */
  readonly pointer: readonly string[];
  readonly value: Json;
  /** FHIR type of the value. */
  readonly type: string;
  /** Undefined for primitives and for what R4 does not know. */
  readonly shape: Shape | undefined;
  /** The element that has this one, and as which property; undefined for the resource itself. */
  readonly within?: { readonly parent: ElementPlace; readonly property: Property };
}

/** The whole list, present or not, that a path without a condition at its end names. */
export interface ListPlace {
  readonly pointer: readonly string[];
  readonly length: number;
  readonly parent: ElementPlace;
  readonly property: Property;
}

/** The elements that a path finds, in their order. Throws `value` for what is no path of this kind. */
export function elementsAt(resource: Resource, path: string): readonly ElementPlace[] {
  return locate(parsed(path), rootOf(resource));
}

/** The repeating element that a path names; undefined where it names none, or several parents. */
export function listAt(resource: Resource, path: string): ListPlace | undefined {
  const atom = parsed(path);
  const name = atom instanceof DotAtom ? atom.right : atom;
  const parents =
    atom instanceof DotAtom ? locate(atom.left, rootOf(resource)) : [rootOf(resource)];
  const [parent] = parents;
  if (parents.length !== 1 || parent === undefined || !(name instanceof SymbolAtom))
    return undefined;
  const property = parent.shape?.properties.get(name.name);
  if (property === undefined || property.element.max <= 1) return undefined;
  const list = (parent.value as JsonObject)[property.key];
  return {
    pointer: [...parent.pointer, property.key],
    length: Array.isArray(list) ? list.length : 0,
    parent,
    property,
  };
}

function rootOf(resource: Resource): ElementPlace {
  const { resourceType } = resource;
  const value = resource as unknown as Json;
  return { pointer: [], value, type: resourceType, shape: shapeOf(resourceType) };
}

function parsed(path: string): Atom {
  if (path.length > limits.fhirPathCharsMax) {
    fail('limit', `A path has more than ${String(limits.fhirPathCharsMax)} characters`);
  }
  try {
    const atom = parseFhirPath(path);
    return atom instanceof FhirPathAtom ? atom.child : atom;
  } catch (cause) {
    return fail('value', 'A path is not FHIRPath', { cause });
  }
}

function locate(atom: Atom, root: ElementPlace): readonly ElementPlace[] {
  if (atom instanceof SymbolAtom) {
    const isRoot = [root.type, 'Resource', 'DomainResource', '$this'].includes(atom.name);
    return isRoot ? [root] : childrenOf(root, atom.name);
  }
  if (atom instanceof DotAtom) return step(atom.right, locate(atom.left, root));
  if (atom instanceof IndexerAtom) return indexed(locate(atom.left, root), atom.expr);
  if (atom instanceof AsAtom) return ofType(locate(atom.left, root), atom.right);
  return step(atom, [root]);
}

function step(atom: Atom, places: readonly ElementPlace[]): readonly ElementPlace[] {
  if (atom instanceof SymbolAtom) return places.flatMap((place) => childrenOf(place, atom.name));
  if (!(atom instanceof FunctionAtom)) return notOffered();
  const [argument] = atom.args;
  switch (atom.name) {
    case 'first':
      return places.slice(0, 1);
    case 'last':
      return places.slice(-1);
    case 'where':
      return argument === undefined ? notOffered() : places.filter(fulfils(argument));
    case 'ofType':
    case 'as':
      return argument === undefined ? notOffered() : ofType(places, argument);
    default:
      return notOffered();
  }
}

function indexed(places: readonly ElementPlace[], index: Atom): readonly ElementPlace[] {
  const value: unknown = index instanceof LiteralAtom ? index.value.value : undefined;
  return typeof value === 'number' ? places.slice(value, value + 1) : notOffered();
}

function ofType(places: readonly ElementPlace[], type: Atom): readonly ElementPlace[] {
  return type instanceof SymbolAtom
    ? places.filter((place) => place.type === type.name)
    : notOffered();
}

function notOffered(): never {
  return fail(
    'value',
    'A path is a chain of elements with where(), first(), last(), [n] or a type',
  );
}

/** Elements by their FHIRPath name: `value` finds `valueQuantity`. */
function childrenOf(parent: ElementPlace, name: string): ElementPlace[] {
  const found: ElementPlace[] = [];
  for (const property of parent.shape?.properties.values() ?? []) {
    if (property.name !== name) continue;
    const there = (parent.value as JsonObject)[property.key];
    const pointer = [...parent.pointer, property.key];
    const within = { parent, property };
    if (Array.isArray(there)) {
      for (const [index, value] of (there as readonly Json[]).entries()) {
        found.push(placeOf(within, [...pointer, String(index)], value));
      }
    } else if (there !== undefined) found.push(placeOf(within, pointer, there));
  }
  return found;
}

function placeOf(
  within: NonNullable<ElementPlace['within']>,
  pointer: readonly string[],
  value: Json,
): ElementPlace {
  const { property } = within;
  const contained = (value as { readonly resourceType?: unknown } | null)?.resourceType;
  if (property.type === 'Resource' && typeof contained === 'string') {
    return { pointer, value, type: contained, shape: shapeOf(contained), within };
  }
  return { pointer, value, type: property.type, shape: property.shape(), within };
}

/** What the condition of a `where` may call: nothing that reads elsewhere or takes a pattern. */
const conditionFunctions: ReadonlySet<string> = new Set([
  ...['where', 'exists', 'empty', 'not', 'all', 'any', 'count', 'hasValue', 'first', 'last'],
  ...['ofType', 'as', 'is', 'startsWith', 'endsWith', 'contains', 'lower', 'upper', 'extension'],
]);

function fulfils(condition: Atom): (place: ElementPlace) => boolean {
  requireHarmless(condition);
  const evaluated = boundedPath(condition);
  const budget = pathBudget();
  return ({ value, type }) => {
    try {
      const [first] = evaluated({}, [{ type, value: toPlain(value) }], budget);
      return first?.value === true;
    } catch (cause) {
      return fail('value', 'The condition of a where() cannot be evaluated', { cause });
    }
  };
}

function requireHarmless(atom: Atom): void {
  if (atom instanceof FunctionAtom && !conditionFunctions.has(atom.name)) {
    fail('not-supported', 'A condition calls a function that is not offered here');
  }
  for (const part of Object.values(atom)) {
    for (const inner of Array.isArray(part) ? (part as readonly unknown[]) : [part]) {
      if (typeof inner === 'object' && inner !== null && 'eval' in inner)
        requireHarmless(inner as Atom);
    }
  }
}
