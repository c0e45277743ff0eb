/** FHIR JSON as FHIR XML (http://hl7.org/fhir/R4/xml.html), in the order of R4's own definitions. */
import { SaxesParser } from 'saxes';
import { isRawNumber, numberText } from '../decimal.ts';
import { fail } from '../issue.ts';
import type { Json, JsonObject } from '../resource.ts';
import { shapeOf, type Property, type Shape } from '../shape.ts';
import { attributeText, isXmlText, withoutHtmlEntities } from './character.ts';
import { fhirNamespace, xhtmlNamespace } from './namespace.ts';

/**
 * Writes a resource as XML. Numbers come out to the digit, the `div` of a narrative as it is. Throws
 * `not-acceptable` at the place of what XML cannot carry: a control character, an element that R4 has not.
 */
export function toXml(resource: JsonObject, pretty = false): string {
  const writer = new XmlWriter(pretty);
  writer.resource(resource, '', 0);
  return `<?xml version="1.0" encoding="UTF-8"?>${pretty ? '' : '\n'}${writer.text()}`;
}

class XmlWriter {
  readonly #parts: string[] = [];
  readonly #pretty: boolean;

  constructor(pretty: boolean) {
    this.#pretty = pretty;
  }

  text(): string {
    return this.#parts.join('');
  }

  /** `place` is the FHIRPath of the element that holds the resource; empty at the root. */
  resource(resource: Json, place: string, depth: number): void {
    const type = isObject(resource) ? resource['resourceType'] : undefined;
    const shape = typeof type === 'string' ? shapeOf(type) : undefined;
    if (!isObject(resource) || shape?.type.kind !== 'resource') {
      fail('not-acceptable', 'Only FHIR resources have a form in XML; ask for JSON');
    }
    const { name } = shape.type;
    this.#open(name, place === '' ? ` xmlns="${fhirNamespace}"` : '', depth);
    this.#children(resource, shape, { place: place === '' ? name : place, depth, isRoot: true });
    this.#close(name, depth);
  }

  #children(object: JsonObject, shape: Shape, at: Here): void {
    const known = new Set<string>(at.isRoot ? ['resourceType'] : attributesOf(shape));
    for (const property of shape.properties.values()) {
      const { key } = property;
      if (known.has(key)) continue;
      const value = object[key];
      const more = property.primitive ? object[`_${key}`] : undefined;
      known.add(key);
      if (property.primitive) known.add(`_${key}`);
      if (value !== undefined || more !== undefined) this.#property(property, value, more, at);
    }
    const stray = Object.keys(object).find((key) => !known.has(key));
    if (stray !== undefined) this.#refuse('R4 has no such element, so XML has none', at.place);
  }

  // The two halves of a primitive are two arguments everywhere in FHIR JSON.

  #property(property: Property, value: Json | undefined, more: Json | undefined, at: Here): void {
    const place = `${at.place}.${property.name}`;
    const depth = at.depth + 1;
    if (!Array.isArray(value) && !Array.isArray(more)) {
      this.#element(property, value, more, { place, depth, isRoot: false });
      return;
    }
    const values = (value ?? []) as readonly Json[];
    const mores = (more ?? []) as readonly Json[];
    for (let i = 0; i < Math.max(values.length, mores.length); i++) {
      const here = { place: `${place}[${String(i)}]`, depth, isRoot: false };
      this.#element(property, values[i], mores[i], here);
    }
  }

  #element(property: Property, value: Json | undefined, more: Json | undefined, at: Here): void {
    if (property.type === 'xhtml') this.#narrative(value, at);
    else if (property.primitive) this.#primitive(property, value, more, at);
    else if (property.type === 'Resource') {
      this.#open(property.key, '', at.depth);
      this.resource(value ?? null, at.place, at.depth + 1);
      this.#close(property.key, at.depth);
    } else {
      const shape = property.shape();
      if (shape === undefined || !isObject(value)) this.#refuse('This is no element', at.place);
      this.#complex(property.key, value, shape, at);
    }
  }

  #complex(key: string, value: JsonObject, shape: Shape, at: Here): void {
    const attributes = attributesOf(shape)
      .filter((name) => value[name] !== undefined)
      .map((name) => this.#attribute(name, value[name], `${at.place}.${name}`));
    const hasChildren = Object.keys(value).length > attributes.length;
    this.#open(key, attributes.join(''), at.depth, !hasChildren);
    if (!hasChildren) return;
    this.#children(value, shape, at);
    this.#close(key, at.depth);
  }

  #primitive(property: Property, value: Json | undefined, more: Json | undefined, at: Here): void {
    const inside = isObject(more) ? more : {};
    const { id, extension } = inside;
    const attributes =
      (id === undefined ? '' : this.#attribute('id', id, at.place)) +
      (value === undefined || value === null ? '' : this.#attribute('value', value, at.place));
    this.#open(property.key, attributes, at.depth, extension === undefined);
    if (extension === undefined) return;
    const shape = shapeOf('Element');
    if (shape !== undefined) this.#children(inside, shape, at);
    this.#close(property.key, at.depth);
  }

  #narrative(value: Json | undefined, at: Here): void {
    if (typeof value !== 'string') this.#refuse('A narrative is a text', at.place);
    const div = withoutHtmlEntities(value.trim());
    const named = /^<div(?=[\s/>])(?![^>]*\sxmlns\s*=)/.test(div)
      ? div.replace('<div', `<div xmlns="${xhtmlNamespace}"`)
      : div;
    if (!isDiv(named)) this.#refuse('The narrative is not well-formed XML', at.place);
    this.#break(at.depth);
    this.#parts.push(named);
  }

  #attribute(name: string, value: Json | undefined, place: string): string {
    const text = typeof value === 'string' ? value : (numberText(value) ?? booleanText(value));
    if (text === undefined) this.#refuse('This is no value', place);
    if (!isXmlText(text)) this.#refuse('XML cannot carry a control character; ask for JSON', place);
    return ` ${name}="${attributeText(text)}"`;
  }

  #open(name: string, attributes: string, depth: number, empty = false): void {
    this.#break(depth);
    this.#parts.push(`<${name}${attributes}${empty ? '/' : ''}>`);
  }

  #close(name: string, depth: number): void {
    this.#break(depth);
    this.#parts.push(`</${name}>`);
  }

  #break(depth: number): void {
    if (this.#pretty) this.#parts.push(`\n${'  '.repeat(depth)}`);
  }

  #refuse(diagnostics: string, place: string): never {
    return fail('not-acceptable', diagnostics, { expression: [place] });
  }
}

interface Here {
  readonly place: string;
  readonly depth: number;
  /** Whether it is a resource: its `id` is an element, not an attribute. */
  readonly isRoot: boolean;
}

/** What is an attribute in XML: the id of every data type and group, the url of an Extension. */
function attributesOf({ type }: Shape): readonly string[] {
  return type.name === 'Extension' ? extensionAttributes : elementAttributes;
}

const elementAttributes = ['id'];
const extensionAttributes = ['id', 'url'];

function booleanText(value: Json | undefined): string | undefined {
  return typeof value === 'boolean' ? String(value) : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}

/** Whether the text is one well-formed `div` of XHTML. */
function isDiv(text: string): boolean {
  const parser = new SaxesParser({ xmlns: true });
  let root: string | undefined;
  parser.on('opentag', ({ name, uri }) => (root ??= `${uri} ${name}`));
  parser.on('doctype', () => (root = ''));
  parser.on('error', (error) => {
    throw error;
  });
  try {
    parser.write(text).close();
  } catch {
    return false;
  }
  return root === `${xhtmlNamespace} div`;
}
