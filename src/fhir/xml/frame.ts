/** What is open while XML is read: elements that have begun and not ended. */
import type { Json, JsonObject } from '../resource.ts';
import { shapeOf, type Property, type Shape } from '../shape.ts';
import { xhtmlNamespace } from './namespace.ts';

export type Frame = ElementFrame | PrimitiveFrame | HolderFrame | NarrativeFrame;

/** The two halves of a repeated primitive: `given` and `_given`. */
interface Halves {
  readonly values: (Json | null)[];
  readonly more: (Json | null)[];
}

/** What has children: a resource, a data type, a group. */
export class ElementFrame {
  readonly place: string;
  readonly #shape: Shape;
  readonly #members: Record<string, Json>;
  readonly #above: ElementFrame | PrimitiveFrame | HolderFrame | undefined;
  readonly #property: Property | undefined;
  readonly #halves = new Map<string, Halves>();

  constructor(begun: {
    readonly shape: Shape;
    readonly place: string;
    readonly above: ElementFrame | PrimitiveFrame | HolderFrame | undefined;
    readonly property?: Property;
    readonly members: Record<string, Json>;
  }) {
    this.place = begun.place;
    this.#shape = begun.shape;
    this.#members = begun.members;
    this.#above = begun.above;
    this.#property = begun.property;
  }

  /** What an element of the name is here; ids that are attributes are none. */
  propertyOf(name: string): Property | undefined {
    const isAttribute =
      name === 'id'
        ? this.#shape.type.kind !== 'resource' || this.#shape.below !== ''
        : name === 'url' && this.#shape.type.name === 'Extension';
    return isAttribute ? undefined : this.#shape.properties.get(name);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#members, key) || Object.hasOwn(this.#members, `_${key}`);
  }

  /** FHIRPath of the next value of a property. */
  placeOf({ name, key, element }: Property): string {
    const place = `${this.place}.${name}`;
    if (element.max === 1) return place;
    const there =
      this.#halves.get(key)?.values ?? (this.#members[key] as readonly Json[] | undefined);
    return `${place}[${String(there?.length ?? 0)}]`;
  }

  add({ key, element }: Property, value: Json): void {
    if (element.max === 1) this.#members[key] = value;
    else ((this.#members[key] ??= []) as Json[]).push(value);
  }

  addPrimitive(
    { key, element }: Property,
    value: Json | undefined,
    more: JsonObject | undefined,
  ): void {
    if (element.max === 1) {
      if (value !== undefined) this.#members[key] = value;
      if (more !== undefined) this.#members[`_${key}`] = more;
      return;
    }
    let halves = this.#halves.get(key);
    if (halves === undefined) {
      halves = { values: [], more: [] };
      this.#halves.set(key, halves);
      this.#members[key] = halves.values;
      this.#members[`_${key}`] = halves.more;
    }
    halves.values.push(value ?? null);
    halves.more.push(more ?? null);
  }

  /** The element as JSON; it goes where it belongs. */
  end(): JsonObject {
    for (const [key, { values, more }] of this.#halves) {
      if (values.every((value) => value === null)) delete this.#members[key];
      if (more.every((value) => value === null)) delete this.#members[`_${key}`];
    }
    const above = this.#above;
    if (above instanceof HolderFrame) above.value = this.#members;
    else if (above !== undefined && this.#property !== undefined) {
      above.add(this.#property, this.#members);
    }
    return this.#members;
  }
}

/** A value with what goes with it: id and extensions. */
export class PrimitiveFrame {
  readonly place: string;
  readonly #begun: BegunPrimitive;
  readonly #extensions: Json[] = [];

  constructor(begun: BegunPrimitive) {
    this.#begun = begun;
    this.place = begun.place;
  }

  get isEmpty(): boolean {
    const { value, id } = this.#begun;
    return value === undefined && id === undefined && this.#extensions.length === 0;
  }

  /** Extensions are all that may stand in a primitive. */
  propertyOf(name: string): Property | undefined {
    return name === 'extension' ? shapeOf('Element')?.properties.get(name) : undefined;
  }

  has(): boolean {
    return false;
  }

  placeOf({ name }: Property): string {
    return `${this.place}.${name}[${String(this.#extensions.length)}]`;
  }

  add(_property: Property, value: Json): void {
    this.#extensions.push(value);
  }

  end(): void {
    const { property, value, id, above } = this.#begun;
    const extension = this.#extensions;
    const more = {
      ...(id === undefined ? {} : { id }),
      ...(extension.length === 0 ? {} : { extension }),
    };
    const hasMore = Object.keys(more).length > 0;
    if (above instanceof ElementFrame) {
      above.addPrimitive(property, value, hasMore ? more : undefined);
    }
  }
}

interface BegunPrimitive {
  readonly property: Property;
  readonly above: ElementFrame | PrimitiveFrame;
  readonly place: string;
  readonly value: Json | undefined;
  readonly id: string | undefined;
}

/** `contained` and the like: an element that holds a resource. */
export class HolderFrame {
  readonly place: string;
  readonly #property: Property;
  readonly #above: ElementFrame | PrimitiveFrame;
  value: JsonObject | undefined;

  constructor(property: Property, above: ElementFrame | PrimitiveFrame, place: string) {
    this.#property = property;
    this.#above = above;
    this.place = place;
  }

  end(): void {
    if (this.value !== undefined) this.#above.add(this.#property, this.value);
  }
}

/** The `div` of a narrative; it is taken from the source as it stands. */
export class NarrativeFrame {
  readonly place: string;
  /** Where its tag begins in the source. */
  readonly start: number;
  readonly #above: ElementFrame | PrimitiveFrame;
  readonly #isNamed: boolean;
  /** Elements open inside of it. */
  depth = 0;

  constructor(above: ElementFrame | PrimitiveFrame, start: number, isNamed: boolean) {
    this.#above = above;
    this.start = start;
    this.#isNamed = isNamed;
    this.place = `${above.place}.div`;
  }

  /** Line ends become those that XML gives to applications, `&#xD;` the carriage return that it is; an inherited namespace is said. */
  end(source: string): void {
    const lines = source.replaceAll(/\r\n?/g, '\n').replaceAll('&#xD;', '\r');
    const div = this.#isNamed ? lines : lines.replace('<div', `<div xmlns="${xhtmlNamespace}"`);
    const property = this.#above.propertyOf('div');
    if (property !== undefined) this.#above.add(property, div);
  }
}
