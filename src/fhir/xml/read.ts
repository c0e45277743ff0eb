/** FHIR XML as FHIR JSON (http://hl7.org/fhir/R4/xml.html), by R4's own definitions. */
import { SaxesParser } from 'saxes';
import type { SaxesTagNS } from 'saxes';
import { limits } from '../../limits.ts';
import { numberText, rawNumber } from '../decimal.ts';
import { isResourceType } from '../definitions.ts';
import { fail, OutcomeError } from '../issue.ts';
import type { IssueCode } from '../issue-table.ts';
import type { ParsedJson } from '../json.ts';
import type { Json } from '../resource.ts';
import { shapeOf } from '../shape.ts';
import { ElementFrame, HolderFrame, NarrativeFrame, PrimitiveFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import { fhirNamespace, schemaNamespace, xhtmlNamespace, xmlnsNamespace } from './namespace.ts';

/**
 * Reads a resource. The order of elements is not looked at; comments and processing instructions are passed
 * over. There are no document types and so no entities but the five of XML. Issues: `syntax-xml` with line and
 * column; `structure` for a name, an attribute, a text or a namespace that R4 has not there, with the FHIRPath
 * of the place; `value` for what is no number or truth value; `limit` past limits.xmlDepthMax,
 * xmlAttributesMax and xmlElementsMax. None repeats the text.
 */
export function parseXml(text: string): ParsedJson {
  const reader = new XmlReader(text);
  try {
    return { value: reader.read(), issues: [] };
  } catch (error) {
    if (error instanceof OutcomeError) return { issues: error.issues };
    throw error;
  }
}

class XmlReader {
  readonly #source: string;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: Frame[] = [];
  #root: Json | undefined;
  #tagStart = 0;
  #attributes = 0;
  #elements = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): Json {
    const parser = this.#parser;
    parser.on('error', () => this.#refuse('syntax-xml', 'Not well-formed XML'));
    parser.on('doctype', () => this.#refuse('syntax-xml', 'A document type is not taken'));
    parser.on('xmldecl', (declaration) => this.#declaration(declaration));
    parser.on('opentagstart', () => this.#tagBegins());
    parser.on('attribute', () => this.#countAttribute());
    parser.on('opentag', (tag) => this.#opens(tag));
    parser.on('closetag', () => this.#closes());
    parser.on('text', (text) => this.#text(text));
    parser.on('cdata', () => this.#text('cdata'));
    parser.write(this.#source).close();
    return this.#root ?? this.#refuse('syntax-xml', 'Not XML');
  }

  #declaration({ version, encoding }: { version?: string; encoding?: string }): void {
    if (version !== undefined && version !== '1.0') {
      this.#refuse('syntax-xml', 'FHIR XML is XML 1.0');
    }
    if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) {
      this.#refuse('syntax-xml', 'FHIR XML is UTF-8');
    }
  }

  #tagBegins(): void {
    this.#tagStart = this.#source.lastIndexOf('<', this.#parser.position - 1);
    this.#attributes = 0;
    if (++this.#elements > limits.xmlElementsMax) {
      const most = String(limits.xmlElementsMax);
      this.#refuse('limit', `The XML has more than ${most} elements (xmlElementsMax)`);
    }
  }

  #countAttribute(): void {
    if (++this.#attributes > limits.xmlAttributesMax) {
      const most = String(limits.xmlAttributesMax);
      this.#refuse('limit', `An element has more than ${most} attributes (xmlAttributesMax)`);
    }
  }

  #opens(tag: SaxesTagNS): void {
    const above = this.#open.at(-1);
    if (above instanceof NarrativeFrame) {
      this.#depth(above.depth + this.#open.length);
      above.depth++;
      return;
    }
    this.#depth(this.#open.length);
    this.#open.push(this.#frameOf(tag, above));
  }

  #depth(depth: number): void {
    if (depth < limits.xmlDepthMax) return;
    const most = String(limits.xmlDepthMax);
    this.#refuse('limit', `XML deeper than ${most} levels (xmlDepthMax)`);
  }

  #frameOf(tag: SaxesTagNS, above: Exclude<Frame, NarrativeFrame> | undefined): Frame {
    if (above === undefined || above instanceof HolderFrame) return this.#resource(tag, above);
    const property = above.propertyOf(tag.local);
    if (property === undefined) this.#refuse('structure', 'R4 has no such element here');
    if (property.element.max === 1 && above.has(property.key)) {
      this.#refuse('structure', `${property.name} may be given once`);
    }
    if (property.type === 'xhtml') return this.#narrative(tag, above);
    this.#namespace(tag);
    const place = above.placeOf(property);
    if (property.primitive) {
      const { value, id } = this.#attributesOf(tag, ['value', 'id'], place);
      const read = value === undefined ? undefined : this.#value(property.type, value, place);
      return new PrimitiveFrame({ property, above, place, value: read, id });
    }
    if (property.type === 'Resource') {
      this.#attributesOf(tag, [], place);
      return new HolderFrame(property, above, place);
    }
    const shape = property.shape();
    if (shape === undefined) this.#refuse('structure', 'R4 has no such element here');
    const names = shape.type.name === 'Extension' ? ['url', 'id'] : ['id'];
    const attributes = this.#attributesOf(tag, names, place);
    return new ElementFrame({ shape, place, above, property, members: { ...attributes } });
  }

  #resource(tag: SaxesTagNS, above: HolderFrame | undefined): Frame {
    this.#namespace(tag);
    const shape = isResourceType(tag.local) ? shapeOf(tag.local) : undefined;
    if (shape === undefined) this.#refuse('structure', 'R4 has no resource type of this name');
    const place = above?.place ?? tag.local;
    if (above?.value !== undefined) this.#refuse('structure', 'Only one resource may stand here');
    this.#attributesOf(tag, [], place);
    return new ElementFrame({ shape, place, above, members: { resourceType: tag.local } });
  }

  #narrative(tag: SaxesTagNS, above: ElementFrame | PrimitiveFrame): Frame {
    if (tag.uri !== xhtmlNamespace || tag.prefix !== '') {
      const how = `<div xmlns="${xhtmlNamespace}"> without a prefix`;
      this.#refuse('structure', `A narrative is written ${how}`);
    }
    const isNamed = Object.hasOwn(tag.attributes, 'xmlns');
    return new NarrativeFrame(above, this.#tagStart, isNamed);
  }

  #namespace({ uri }: SaxesTagNS): void {
    if (uri !== fhirNamespace) {
      this.#refuse('structure', `The element is not in the namespace ${fhirNamespace}`);
    }
  }

  /** The attributes of the names that may stand here. Throws `structure` at any other. */
  #attributesOf(
    { attributes }: SaxesTagNS,
    names: readonly string[],
    place: string,
  ): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { name, uri, value } of Object.values(attributes)) {
      if (uri === xmlnsNamespace || uri === schemaNamespace) continue;
      if (!names.includes(name)) {
        this.#refuse('structure', 'R4 has no such attribute here', place);
      }
      found[name] = value;
    }
    return found;
  }

  #value(type: string, text: string, place: string): Json {
    if (type === 'boolean') {
      if (text === 'true' || text === 'false') return text === 'true';
      this.#refuse('value', 'A boolean is true or false', place);
    }
    if (!numberTypes.has(type)) return text;
    const number = numberOf(text);
    return number ?? this.#refuse('value', `This is no ${type}`, place);
  }

  #closes(): void {
    const closed = this.#open.at(-1);
    if (closed instanceof NarrativeFrame && closed.depth > 0) {
      closed.depth--;
      return;
    }
    this.#open.pop();
    if (closed instanceof NarrativeFrame) {
      closed.end(this.#source.slice(closed.start, this.#parser.position));
    } else if (closed instanceof PrimitiveFrame) {
      if (closed.isEmpty)
        this.#refuse('structure', 'An element has a value or content', closed.place);
      closed.end();
    } else if (closed instanceof HolderFrame) {
      if (closed.value === undefined) {
        this.#refuse('structure', 'A resource must stand here', closed.place);
      }
      closed.end();
    } else if (closed !== undefined) {
      const value = closed.end();
      if (this.#open.length === 0) this.#root = value;
    }
  }

  #text(text: string): void {
    const above = this.#open.at(-1);
    if (above instanceof NarrativeFrame || text.trim() === '') return;
    this.#refuse('structure', 'FHIR XML has its values in attributes; a text stands here');
  }

  #refuse(code: IssueCode, diagnostics: string, place = this.#open.at(-1)?.place): never {
    const { line, column } = this.#parser;
    const at = `line ${String(line)}, column ${String(column)}`;
    const expression = place === undefined || code === 'syntax-xml' ? {} : { expression: [place] };
    return fail(code, `${diagnostics}: ${at}`, expression);
  }
}

const numberTypes: ReadonlySet<string> = new Set([
  'integer',
  'positiveInt',
  'unsignedInt',
  'decimal',
]);

const numberForm = /^-?(?:0|[1-9]\d{0,999})(?:\.\d{1,1000})?(?:[eE][+-]?\d{1,9})?$/;

/** A number to the digit; undefined where JSON has none of this form. */
function numberOf(text: string): Json | undefined {
  if (!numberForm.test(text)) return undefined;
  return numberText(Number(text)) === text ? Number(text) : rawNumber(text);
}
