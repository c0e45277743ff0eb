/** A value of a resource with what R4 says of it, as the validation against profiles walks it. */
import { isRawNumber } from './decimal.ts';
import { parseReference } from './reference.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';

type Members = Readonly<Record<string, unknown>>;

export interface Item {
  readonly value: unknown;
  /** `id` and `extension` of a primitive. */
  readonly extra?: unknown;
  /** JSON name of the member that it is in. */
  readonly key: string;
  readonly type: string;
  readonly shape: Shape | undefined;
  /** FHIRPath. */
  readonly place: string;
}

/** A whole resource; undefined where its type is none. */
export function resourceItem(resource: unknown, place: string): Item | undefined {
  const { resourceType } = (resource ?? {}) as Members;
  if (typeof resourceType !== 'string') return undefined;
  const shape = shapeOf(resourceType);
  return shape && { value: resource, key: '', type: resourceType, shape, place };
}

/**
 * The values of a member by its name in a path: `name`, `value[x]` or `value` for a choice, `valueQuantity` for one of its
 * types.
 */
export function itemsOf(parent: Item, name: string): readonly Item[] {
  const { members, shape } = insideOf(parent);
  if (!shape) return [];
  return propertiesNamed(shape, name).flatMap((property) => {
    const { key } = property;
    const [value, extra] = [members[key], members[`_${key}`]];
    if (value === undefined && extra === undefined) return [];
    const place = `${parent.place}.${property.name}`;
    if (!Array.isArray(value) && !Array.isArray(extra)) {
      return [itemOf(property, { value, extra }, place)];
    }
    const [values, extras] = [listed(value), listed(extra)];
    return Array.from({ length: Math.max(values.length, extras.length) }, (_, at) =>
      itemOf(
        property,
        { value: values[at] ?? undefined, extra: extras[at] ?? undefined },
        `${place}[${at}]`,
      ),
    );
  });
}

/** Whether the name is one of R4's at this place. */
export function hasMember(parent: Item, name: string): boolean {
  const { shape } = insideOf(parent);
  return shape !== undefined && propertiesNamed(shape, name).length > 0;
}

/** FHIRPath of a member. */
export function memberPlace(parent: Item, name: string): string {
  const { shape } = insideOf(parent);
  const [property] = shape ? propertiesNamed(shape, name) : [];
  return `${parent.place}.${property?.name ?? name.replace('[x]', '')}`;
}

function insideOf({ value, extra, shape }: Item): { members: Members; shape: Shape | undefined } {
  const isComplex = typeof value === 'object' && value !== null && !isRawNumber(value);
  if (isComplex) return { members: value as Members, shape };
  return { members: (extra ?? {}) as Members, shape: shapeOf('Element') };
}

function propertiesNamed({ properties }: Shape, name: string): readonly Property[] {
  const plain = name.replace(/\[x\]$/, '');
  const one = properties.get(plain);
  if (one) return [one];
  return [...properties.values()].filter((each) => each.choice && each.name === plain);
}

function itemOf(
  property: Property,
  { value, extra }: { readonly value: unknown; readonly extra: unknown },
  place: string,
): Item {
  const { key, type } = property;
  if (type === 'Resource') {
    return { ...(resourceItem(value, place) ?? { value, type, shape: undefined, place }), key };
  }
  return {
    value,
    ...(extra === undefined ? {} : { extra }),
    key,
    type,
    shape: property.shape(),
    place,
  };
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : value === undefined ? [] : [value];
}

/** The type that a Reference leads to, by its text, its `type`, or the contained resource; undefined where it does not say. */
export function referredType(value: unknown, root: Members): string | undefined {
  const { reference, type } = (value ?? {}) as Members;
  const parsed = typeof reference === 'string' ? parseReference(reference) : undefined;
  if (parsed?.kind === 'contained') {
    const found = containedIn(root, parsed.id) as Members | undefined;
    return typeof found?.['resourceType'] === 'string' ? found['resourceType'] : undefined;
  }
  if (parsed && 'type' in parsed) return parsed.type;
  return typeof type === 'string' ? type : undefined;
}

/** The contained resource of an id; the empty id is the container. */
function containedIn(root: Members, id: string): unknown {
  if (id === '') return root;
  const contained = root['contained'];
  if (!Array.isArray(contained)) return undefined;
  return (contained as readonly unknown[]).find((each) => (each as Members | null)?.['id'] === id);
}
