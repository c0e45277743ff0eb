import { componentDefinition, fieldDefinition } from '../dictionary.ts';
import { canonicalStructure, groupSegments, isGroup, type GroupNode } from '../grammar.ts';
import type { Element, EncodingCharacters, Message, Segment } from '../message.ts';
import { v2Namespace } from './read.ts';

/**
 * A message in the XML encoding of HL7 v2 (v2.xml): groups by the message structure, components named by their data
 * types; where HL7 names none, `ANY.1`. Escapes that stand for a character become that character, all others
 * `<escape V=".."/>`. Lines that begin with no segment name have no place in it.
 */
export function writeXmlMessage(message: Message): string {
  const root = xmlName(canonicalStructure(message));
  const body = children(groupSegments(message), message, root);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${v2Namespace}">${body}</${root}>\n`;
}

function children(group: GroupNode, message: Message, root: string): string {
  return group.children
    .map((child) => {
      if (!isGroup(child)) return segmentXml(child, message);
      const name = `${root}.${child.name.replaceAll(/\W/g, '_')}`;
      return `<${name}>${children(child, message, root)}</${name}>`;
    })
    .join('');
}

function segmentXml(segment: Segment, message: Message): string {
  if (!/^[A-Z][A-Z0-9]{2}$/.test(segment.name)) return '';
  const fields = Array.from({ length: segment.fieldCount }, (_, index) =>
    fieldXml(segment, index + 1, message),
  );
  return `<${segment.name}>${fields.join('')}</${segment.name}>`;
}

function fieldXml(segment: Segment, number: number, message: Message): string {
  const field = segment.field(number);
  const name = `${segment.name}.${String(number)}`;
  if (segment.name === 'MSH' && number <= 2) return `<${name}>${xmlText(field.raw)}</${name}>`;
  const type = typeOf(segment, number, message.version);
  return field
    .repetitions()
    .map((repetition) => `<${name}>${valueXml(repetition, type, message)}</${name}>`)
    .join('');
}

/** Of OBX-5 by OBX-2. */
function typeOf(segment: Segment, number: number, version: string): string {
  const defined =
    fieldDefinition(segment.name, number, version) ?? fieldDefinition(segment.name, number);
  if (defined === undefined) return '';
  return defined.dataType === 'VARIES' ? segment.field(2).text : defined.dataType;
}

function valueXml(element: Element, type: string, message: Message): string {
  const { encoding, version } = message;
  const isComponent = element.level === 'component';
  const separator = isComponent ? encoding.subcomponent : encoding.component;
  const parts = separator === '' ? [element.raw] : element.raw.split(separator);
  const named = /^[A-Z][A-Z0-9]*$/.test(type) ? type : 'ANY';
  const isDeeper =
    !isComponent && encoding.subcomponent !== '' && element.raw.includes(encoding.subcomponent);
  const isLeaf = parts.length === 1 && !isDeeper && (isComponent || !isComposite(named));
  if (isLeaf || element.level === 'subcomponent') return leafXml(element.raw, encoding);
  return parts
    .map((raw, index) => {
      if (raw === '') return '';
      const number = index + 1;
      const name = `${named}.${String(number)}`;
      const part = isComponent ? element.subcomponent(number) : element.component(number);
      const inner = componentDefinition(named, number, version)?.dataType ?? '';
      return `<${name}>${valueXml(part, inner, message)}</${name}>`;
    })
    .join('');
}

function isComposite(type: string): boolean {
  return componentDefinition(type, 1) !== undefined;
}

/** The characters that escapes stand for, and escapes that stand for none. */
function leafXml(raw: string, encoding: EncodingCharacters): string {
  const { escape } = encoding;
  if (escape === '' || !raw.includes(escape)) return xmlText(raw);
  let out = '';
  let at = 0;
  for (let start = raw.indexOf(escape); start >= 0; start = raw.indexOf(escape, at)) {
    const end = raw.indexOf(escape, start + 1);
    const body = end < 0 ? '' : raw.slice(start + 1, end);
    const said = characterOf(body, encoding);
    const isSequence = said !== undefined || sequence.test(body);
    out += xmlText(raw.slice(at, isSequence ? start : start + 1));
    if (isSequence) out += said === undefined ? `<escape V="${body}"/>` : xmlText(said);
    at = isSequence ? end + 1 : start + 1;
  }
  return out + xmlText(raw.slice(at));
}

/** HL7 v2.5.1 chapter 2.7, but for those that {@link characterOf} knows. */
const sequence = /^(?:[HN]|\.[a-z]{2} ?[+-]?\d*|[XCMZ][\w.+-]+)$/;

function characterOf(body: string, encoding: EncodingCharacters): string | undefined {
  const { field, component, repetition, escape, subcomponent, truncation } = encoding;
  const characters: Readonly<Record<string, string>> = {
    F: field,
    S: component,
    R: repetition || '~',
    E: escape,
    T: subcomponent || '&',
    P: truncation || '#',
  };
  return Object.hasOwn(characters, body) ? characters[body] : undefined;
}

function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

function xmlName(structure: string): string {
  return /^[A-Za-z]\w*$/.test(structure) ? structure : 'MESSAGE';
}
