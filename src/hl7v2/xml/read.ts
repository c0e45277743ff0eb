import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { limits } from '../../limits.ts';
import { parseError, type ParseIssue, type ParseIssueCode } from '../parse-issue.ts';
import { er7Of, type XmlField, type XmlSegment, type XmlValue } from './er7.ts';

/** The namespace of HL7's XML encoding of version 2 (v2.xml). */
export const v2Namespace = 'urn:hl7-org:v2xml';

/**
 * Reads one message in the XML encoding of HL7 v2 (v2.xml) and gives it in ER7, with the encoding characters that MSH.1 and
 * MSH.2 name, else the usual ones. Groups are passed through, since ER7 says them by the order of segments. A field is
 * `PID.3`, its components are `CX.1` and so on whatever the data type is called, `<escape V=".br"/>` is `\.br\`.
 * There are no document types and so no entities but the five of XML. Never throws; without `er7` the one issue says what is wrong
 * and at which line and column.
 */
export function readXmlMessage(bytes: Uint8Array): {
  readonly er7?: string;
  readonly issues: readonly ParseIssue[];
} {
  try {
    const text = decode(bytes);
    if (text.length > limits.xmlBodyCharsMax) {
      refuse('limit', `The XML is longer than xmlBodyCharsMax (${String(limits.xmlBodyCharsMax)})`);
    }
    return { er7: er7Of(new Reader().read(text)), issues: [] };
  } catch (error) {
    if (error instanceof Refused) return { issues: [error.issue] };
    throw error;
  }
}

class Refused extends Error {
  readonly issue: ParseIssue;

  constructor(issue: ParseIssue) {
    super(issue.text);
    this.issue = issue;
  }
}

function refuse(code: ParseIssueCode, text: string, location?: string): never {
  throw new Refused(parseError(code, text, location));
}

/** By a byte order mark, else by the XML declaration, else UTF-8. */
function decode(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = /^(?:\xfe\xff|\xff\xfe)/.exec(buffer.subarray(0, 2).toString('latin1'));
  if (wide) return iconv.decode(buffer, 'utf-16');
  const head = buffer.subarray(0, 200).toString('latin1');
  const named = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1];
  const charset = named ?? 'utf-8';
  if (/^(utf-?8|us-ascii)$/i.test(charset)) {
    if (!isUtf8(buffer))
      refuse('syntax-xml', 'The bytes are not the UTF-8 that the XML should be in');
    return buffer.toString('utf8').replace(/^\ufeff/, '');
  }
  if (!iconv.encodingExists(charset)) {
    refuse('syntax-xml', 'The encoding that the XML declaration names is not known');
  }
  return iconv.decode(buffer, charset);
}

/** What is open: the message, a group, a segment, or a value of some level. */
type Open =
  | { readonly kind: 'message' | 'group' }
  | { readonly kind: 'segment'; readonly segment: XmlSegment }
  | { readonly kind: 'value'; readonly level: number; readonly value: XmlValue; hasText: boolean };

/** Of a value: 1 is a field's repetition, 2 a component, 3 a subcomponent. */
const deepest = 3;

class Reader {
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #segments: XmlSegment[] = [];
  readonly #open: Open[] = [];
  #isEscape = false;
  #elements = 0;
  #attributes = 0;
  /** What the ER7 will be long, roughly: high numbers make separators out of nothing. */
  #length = 0;

  read(text: string): readonly XmlSegment[] {
    const parser = this.#parser;
    parser.on('error', () => this.#refuse('syntax-xml', 'Not well-formed XML'));
    parser.on('doctype', () => this.#refuse('syntax-xml', 'A document type is not taken'));
    parser.on('opentagstart', () => this.#begins());
    parser.on('attribute', () => {
      if (++this.#attributes > limits.xmlAttributesMax) this.#limit('xmlAttributesMax');
    });
    parser.on('opentag', (tag) => this.#opens(tag));
    parser.on('closetag', () => this.#closes());
    parser.on('text', (each) => this.#text(each));
    parser.on('cdata', (each) => this.#text(each));
    parser.write(text).close();
    return this.#segments;
  }

  #begins(): void {
    this.#attributes = 0;
    if (++this.#elements > limits.xmlElementsMax) this.#limit('xmlElementsMax');
    if (this.#open.length >= limits.xmlDepthMax) this.#limit('xmlDepthMax');
    if (this.#isEscape) this.#refuse('structure', 'An escape is empty');
  }

  #opens(tag: SaxesTagNS): void {
    if (tag.uri !== v2Namespace && tag.uri !== '') {
      this.#refuse('structure', `An element is not in the namespace ${v2Namespace}`);
    }
    const above = this.#open.at(-1);
    if (above === undefined) this.#open.push({ kind: 'message' });
    else if (above.kind === 'segment') this.#openField(tag, above.segment);
    else if (above.kind === 'value') this.#openPart(tag, above);
    else this.#openSegment(tag);
  }

  /** In the message or a group. */
  #openSegment({ local }: SaxesTagNS): void {
    if (/^[A-Z][A-Z0-9]{2}$/.test(local)) {
      const segment: XmlSegment = { name: local, fields: new Map() };
      this.#segments.push(segment);
      this.#open.push({ kind: 'segment', segment });
    } else if (/^\w+\.\w+$/.test(local)) this.#open.push({ kind: 'group' });
    else this.#refuse('structure', 'An element is neither a segment nor a group');
  }

  #openField({ local }: SaxesTagNS, segment: XmlSegment): void {
    const [name, number] = numbered(local);
    if (name !== segment.name || number === undefined) {
      this.#refuse('structure', `An element of ${segment.name} is none of its fields`);
    }
    const value: XmlValue = { leaf: [], parts: new Map() };
    const field: XmlField = segment.fields.get(number) ?? [];
    segment.fields.set(number, field);
    field.push(value);
    this.#counts(field.length === 1 ? number : 1);
    this.#open.push({ kind: 'value', level: 1, value, hasText: false });
  }

  #openPart(tag: SaxesTagNS, above: Extract<Open, { kind: 'value' }>): void {
    if (tag.local === 'escape') {
      this.#escape(tag, above);
      return;
    }
    const [, number] = numbered(tag.local);
    if (number === undefined) this.#refuse('structure', 'An element is no component');
    if (above.level === deepest) this.#refuse('structure', 'HL7 has no parts of subcomponents');
    if (above.hasText) this.#refuse('structure', 'A value is text or has components, not both');
    if (above.value.parts.has(number)) this.#refuse('structure', 'A component is given twice');
    const value: XmlValue = { leaf: [], parts: new Map() };
    above.value.parts.set(number, value);
    this.#counts(number);
    this.#open.push({ kind: 'value', level: above.level + 1, value, hasText: false });
  }

  #escape({ attributes }: SaxesTagNS, above: Extract<Open, { kind: 'value' }>): void {
    const body = attributes['V']?.value ?? '';
    if (!/^[\w.+ -]{1,1000}$/.test(body)) this.#refuse('structure', 'An escape has no V of HL7');
    if (above.value.parts.size > 0) {
      this.#refuse('structure', 'A value is text or has components, not both');
    }
    above.value.leaf.push({ escape: body });
    above.hasText = true;
    this.#counts(body.length);
    this.#isEscape = true;
  }

  #closes(): void {
    if (this.#isEscape) this.#isEscape = false;
    else {
      const closed = this.#open.pop();
      if (closed?.kind === 'value' && closed.value.parts.size > 0) closed.value.leaf.length = 0;
    }
  }

  #text(text: string): void {
    const above = this.#open.at(-1);
    const isBlank = text.trim() === '';
    if (above?.kind !== 'value') {
      if (!isBlank) this.#refuse('structure', 'A text stands outside of a field');
      return;
    }
    if (this.#isEscape) this.#refuse('structure', 'An escape is empty');
    if (isBlank && above.value.parts.size > 0) return;
    if (above.value.parts.size > 0) {
      this.#refuse('structure', 'A value is text or has components, not both');
    }
    above.hasText ||= !isBlank;
    above.value.leaf.push({ text });
    this.#counts(text.length);
  }

  #counts(length: number): void {
    this.#length += length;
    if (this.#length > limits.frameBytesMax) this.#limit('frameBytesMax');
  }

  #limit(name: 'xmlAttributesMax' | 'xmlElementsMax' | 'xmlDepthMax' | 'frameBytesMax'): never {
    return this.#refuse('limit', `The XML is past ${name} (${String(limits[name])})`);
  }

  #refuse(code: ParseIssueCode, text: string): never {
    const { line, column } = this.#parser;
    const open = this.#open.find((each) => each.kind === 'segment');
    const at = `line ${String(line)}, column ${String(column)}`;
    return refuse(code, `${text}: ${at}`, open?.segment.name);
  }
}

/** `PID.3` -> `PID`, 3. Undefined for what has no such number. */
function numbered(name: string): readonly [string, number | undefined] {
  const [, type = '', digits] = /^(\w+)\.([1-9]\d{0,2})$/.exec(name) ?? [];
  return [type, digits === undefined ? undefined : Number(digits)];
}
