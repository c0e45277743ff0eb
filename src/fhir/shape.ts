import {
  capitalized,
  stepInto,
  typeDefinition,
  type ElementDefinition,
  type TypeDefinition,
} from './definitions.ts';

/** The properties that JSON may have at one place of a type; built once per place and kept. */
export interface Shape {
  readonly type: TypeDefinition;
  /** Path of the place below the type; `''` for the type itself. */
  readonly below: string;
  /** By JSON name: a choice `value[x]` has one for each type (`valueQuantity`). */
  readonly properties: ReadonlyMap<string, Property>;
}

export interface Property {
  /** Name in JSON: `valueQuantity`. */
  readonly key: string;
  /** Name in FHIRPath: `value`. */
  readonly name: string;
  readonly element: ElementDefinition;
  readonly choice: boolean;
  /** The one type of the value; `Resource` where any resource may stand. */
  readonly type: string;
  readonly primitive: boolean;
  /** The shape of the value; undefined for primitives and for `Resource`. */
  readonly shape: () => Shape | undefined;
}

const shapes = new Map<string, Shape | undefined>();

/** The shape of a type, or of the group at a path below it; undefined if R4 has no such type. */
export function shapeOf(typeName: string, below = ''): Shape | undefined {
  const name = below === '' ? typeName : `${typeName}.${below}`;
  let shape = shapes.get(name);
  if (!shape) {
    const type = typeDefinition(typeName);
    if (!type) return undefined;
    shape = { type, below, properties: propertiesAt(type, below) };
    shapes.set(name, shape);
  }
  return shape;
}

/** Primitive types are the ones that R4 writes in lower case. */
function isPrimitive(type: string): boolean {
  const first = type.charCodeAt(0);
  return first >= 97 && first <= 122;
}

function propertiesAt(type: TypeDefinition, below: string): ReadonlyMap<string, Property> {
  const prefix = below === '' ? '' : `${below}.`;
  const properties = new Map<string, Property>();
  for (const [path, element] of type.elements) {
    const name = path.startsWith(prefix) ? path.slice(prefix.length) : '.';
    if (name.includes('.')) continue;
    const choice = name.endsWith('[x]');
    const plainName = choice ? name.slice(0, -3) : name;
    for (const code of element.types) {
      const key = choice ? plainName + capitalized(code) : name;
      properties.set(key, {
        key,
        name: plainName,
        element,
        choice,
        type: code,
        primitive: isPrimitive(code),
        shape: lazyShape(type, element.sameAs ?? path, { ...element, types: [code] }),
      });
    }
  }
  return properties;
}

function lazyShape(
  type: TypeDefinition,
  path: string,
  element: ElementDefinition,
): () => Shape | undefined {
  let shape: Shape | undefined;
  return () => {
    if (!shape) {
      const [childType, below] = stepInto(type, { element, path });
      if (childType && childType.kind !== 'primitive' && !childType.abstract) {
        shape = shapeOf(childType.name, below);
      }
    }
    return shape;
  };
}
