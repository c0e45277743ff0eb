import { isResourceType } from '../../fhir/definitions.ts';
import { shapeOf, type Property, type Shape } from '../../fhir/shape.ts';

/** Where a selection stands: what its fields may be. */
export type Place =
  /** The whole system. */
  | { readonly kind: 'system' }
  /** A resource, a data type, a group. `targets` is what a Reference at this place may lead to. */
  | { readonly kind: 'shape'; readonly shape: Shape; readonly targets?: readonly string[] }
  /** Some resource, of a type that only the data will tell. */
  | { readonly kind: 'any' }
  | { readonly kind: 'connection'; readonly type: string }
  | { readonly kind: 'edge'; readonly type: string };

/** What a field name means at a place. */
export type Field =
  | { readonly kind: 'typename' }
  | { readonly kind: 'element'; readonly property: Property }
  /** `_birthDate`: id and extensions of a primitive. */
  | { readonly kind: 'more'; readonly property: Property }
  | { readonly kind: 'read' | 'list' | 'connection'; readonly type: string }
  /** The target of a Reference. */
  | { readonly kind: 'target' }
  /** A part of a connection or edge; `place` is that of its children. */
  | { readonly kind: 'part'; readonly place?: Place };

/** The field of a name (http://hl7.org/fhir/R4/graphql.html); undefined where there is none. */
export function fieldOf(place: Place, name: string): Field | undefined {
  if (name === '__typename') return { kind: 'typename' };
  switch (place.kind) {
    case 'system':
      return isResourceType(name) ? { kind: 'read', type: name } : searchField(name);
    case 'shape':
      return shapeField(place.shape, name);
    case 'any':
      return anyField(name);
    case 'connection':
      return connectionField(place.type, name);
    case 'edge':
      return edgeField(place.type, name);
  }
}

function shapeField(shape: Shape, name: string): Field | undefined {
  const isResource = isResourceShape(shape);
  if (isResource && name === 'resourceType') return { kind: 'typename' };
  if (shape.type.name === 'Reference' && name === 'resource') return { kind: 'target' };
  const property = shape.properties.get(name);
  if (property !== undefined) return { kind: 'element', property };
  const primitive = name.startsWith('_') ? shape.properties.get(name.slice(1)) : undefined;
  if (primitive?.primitive === true) return { kind: 'more', property: primitive };
  return isResource ? searchField(name) : undefined;
}

/** Of a resource of any type: what all of them have. */
function anyField(name: string): Field | undefined {
  if (name === 'resourceType') return { kind: 'typename' };
  const property = shapeOf('DomainResource')?.properties.get(name);
  return property === undefined ? undefined : { kind: 'element', property };
}

function searchField(name: string): Field | undefined {
  for (const [end, kind] of [
    ['List', 'list'],
    ['Connection', 'connection'],
  ] as const) {
    const type = name.endsWith(end) ? name.slice(0, -end.length) : '';
    if (isResourceType(type)) return { kind, type };
  }
  return undefined;
}

function connectionField(type: string, name: string): Field | undefined {
  if (name === 'edges') return { kind: 'part', place: { kind: 'edge', type } };
  return connectionParts.has(name) ? { kind: 'part' } : undefined;
}

const connectionParts = new Set(['count', 'pagesize', 'first', 'previous', 'next', 'last']);

function edgeField(type: string, name: string): Field | undefined {
  if (name === 'resource') return { kind: 'part', place: resourcePlace(type) };
  return name === 'mode' || name === 'score' ? { kind: 'part' } : undefined;
}

/** The place of a resource of a type. */
export function resourcePlace(type: string): Place {
  const shape = isResourceType(type) ? shapeOf(type) : undefined;
  return shape === undefined ? { kind: 'any' } : { kind: 'shape', shape };
}

/** The place of what goes with a primitive: id and extensions. */
export function elementPlace(): Place | undefined {
  const shape = shapeOf('Element');
  return shape === undefined ? undefined : { kind: 'shape', shape };
}

function isResourceShape(shape: Shape): boolean {
  return shape.type.kind === 'resource' && shape.below === '';
}

/** The place of what an element holds; undefined for primitives. */
export function placeIn(property: Property): Place | undefined {
  if (property.primitive) return undefined;
  if (property.type === 'Resource') return { kind: 'any' };
  const shape = property.shape();
  if (shape === undefined) return undefined;
  const { targets } = property.element;
  return { kind: 'shape', shape, ...(targets === undefined ? {} : { targets }) };
}

/** What a Reference leads to as far as the definitions tell: one type, or any. */
export function targetPlace(targets: readonly string[] | undefined): Place {
  const [only, ...more] = targets ?? [];
  return only !== undefined && more.length === 0 ? resourcePlace(only) : { kind: 'any' };
}

/** What `__typename` is, and what a fragment's condition must name. */
export function typeNameOf(place: Place): string {
  switch (place.kind) {
    case 'system':
      return 'Query';
    case 'shape':
      return [
        place.shape.type.name,
        ...place.shape.below.split('.').filter((part) => part !== ''),
      ].join('_');
    case 'any':
      return 'Resource';
    case 'connection':
      return `${place.type}Connection`;
    case 'edge':
      return `${place.type}Edge`;
  }
}

/** Whether a fragment on a type applies at a place; `Resource` and `DomainResource` are every resource. */
export function fitsCondition(place: Place, condition: string): boolean {
  const name = typeNameOf(place);
  if (name === condition) return true;
  const isResource =
    place.kind === 'any' || (place.kind === 'shape' && isResourceShape(place.shape));
  return isResource && (condition === 'Resource' || condition === 'DomainResource');
}
