import { joinSegments } from '../encode.ts';
import { defaultEncoding, formatEncoding, readEncoding } from '../encoding.ts';
import { encodeEscapes } from '../escape.ts';
import type { EncodingCharacters } from '../message.ts';

/** A message of v2.xml as it was read, before it has separators. */
export interface XmlSegment {
  readonly name: string;
  /** By number, from 1. */
  readonly fields: Map<number, XmlField>;
}

/** Its repetitions. */
export type XmlField = XmlValue[];

/** Text, or parts by number from 1. */
export interface XmlValue {
  readonly leaf: XmlLeaf;
  readonly parts: Map<number, XmlValue>;
}

/** Text and escape sequences (without their marks), in order. */
export type XmlLeaf = ({ readonly text: string } | { readonly escape: string })[];

/** The segments as ER7, with the separators that MSH.1 and MSH.2 name, where they can separate. */
export function er7Of(segments: readonly XmlSegment[]): string {
  const encoding = encodingOf(segments[0]);
  return joinSegments(segments.map((segment) => segmentText(segment, encoding)));
}

function encodingOf(header: XmlSegment | undefined): EncodingCharacters {
  const [one = '', two = ''] = [1, 2].map((number) => plain(header?.fields.get(number)?.[0]));
  const said = one === '' || two === '' ? undefined : readEncoding(`MSH${one}${two}${one}`);
  const usable = said?.issues.length === 0 && said.encoding?.escape !== '';
  return (usable ? said?.encoding : undefined) ?? defaultEncoding;
}

function plain(value: XmlValue | undefined): string {
  return (value?.leaf ?? [])
    .map((piece) => ('text' in piece ? piece.text : ''))
    .join('')
    .trim();
}

function segmentText({ name, fields }: XmlSegment, encoding: EncodingCharacters): string {
  const isHeader = name === 'MSH';
  const texts = numbered(fields, (field) =>
    trimmed(
      field.map((value) => valueText(value, [encoding.component, encoding.subcomponent], encoding)),
    ).join(encoding.repetition),
  );
  const rest = isHeader ? [formatEncoding(encoding), ...texts.slice(2)] : texts;
  return [name, ...rest].join(encoding.field);
}

function valueText(
  { leaf, parts }: XmlValue,
  [separator = '', ...below]: readonly string[],
  encoding: EncodingCharacters,
): string {
  if (parts.size === 0) return leafText(leaf, encoding);
  return numbered(parts, (part) => valueText(part, below, encoding)).join(separator);
}

function leafText(leaf: XmlLeaf, encoding: EncodingCharacters): string {
  const { escape } = encoding;
  return leaf
    .map((piece) =>
      'text' in piece ? encodeEscapes(piece.text, encoding) : escape + piece.escape + escape,
    )
    .join('');
}

/** Texts by number, with empty ones between, and none at the end. */
function numbered<T>(values: ReadonlyMap<number, T>, text: (value: T) => string): string[] {
  const said = [...values]
    .map(([number, value]) => [number, text(value)] as const)
    .filter(([, each]) => each !== '');
  const texts = new Array<string>(Math.max(0, ...said.map(([number]) => number))).fill('');
  for (const [number, each] of said) texts[number - 1] = each;
  return texts;
}

function trimmed(texts: string[]): string[] {
  return texts.slice(0, texts.findLastIndex((text) => text !== '') + 1);
}
