import { fieldDefinition, knownSegment } from './dictionary.ts';
import type { EncodingCharacters, Message, Segment } from './message.ts';

/** Types of which nothing tells who somebody is: codes, places, order numbers, counts. */
const harmless = new Set([
  ...['ID', 'IS', 'SI', 'NM', 'DT', 'DTM', 'TS', 'TM', 'EI', 'EIP', 'HD', 'PT', 'VID', 'MSG', 'PL'],
  ...[
    'TQ',
    'RI',
    'RPT',
    'SN',
    'MO',
    'CP',
    'CQ',
    'DR',
    'ELD',
    'ERL',
    'MOC',
    'PRL',
    'SPS',
    'CM',
    'VR',
  ],
]);
/** Types with a code and what it means in words. */
export const coded: ReadonlySet<string> = new Set(['CE', 'CWE', 'CNE', 'CF']);
/** Segments that speak of a person: there only codes are harmless, a date is a birthday. */
const aboutPeople = new Set([
  ...['PID', 'PD1', 'NK1', 'GT1', 'IN1', 'IN2', 'IN3', 'MRG', 'ARV', 'CTD', 'STF', 'PRA', 'ROL'],
  ...['PRT', 'ACC', 'PDA', 'CER', 'EDU', 'LAN', 'ORG', 'AFF', 'QPD', 'QRD', 'QRF'],
]);
const harmlessOfPeople = new Set(['ID', 'IS', 'SI']);
/** Segments by which messages are told from one another; whoever looks for one has to read them. */
export const headers: ReadonlySet<string> = new Set([
  'MSH',
  'FHS',
  'BHS',
  'FTS',
  'BTS',
  'MSA',
  'DSC',
  'SFT',
  'UAC',
  'ADD',
]);
/** Of these: security, comments, passwords. */
export const secret: Readonly<Record<string, readonly number[]>> = {
  ...{ MSH: [8], FHS: [8, 10], BHS: [8, 10], FTS: [2], BTS: [2], MSA: [3], ADD: [1] },
  UAC: [1, 2],
};
/** A longer value is cut: nobody reads the shape of a scanned page. */
const leafCharsMax = 64;

/**
 * A message as text of the same structure in which nothing says who it is about: a letter becomes `x`, a digit `9`. Left
 * as they are: the header, codes, order numbers and results. Of names, addresses, numbers of
 * people, dates in segments about people, free text and Z segments only the shape is left.
 */
export function maskMessage(message: Message): string {
  return message.segments.map((segment) => maskSegment(segment, message)).join('\r') + '\r';
}

/** Text that is no message, masked as a whole. */
export function maskText(text: string): string {
  return text.replace(/\p{L}/gu, 'x').replace(/\p{N}/gu, '9');
}

function maskSegment(segment: Segment, message: Message): string {
  const { name, fieldCount } = segment;
  if (!knownSegment(name) && !headers.has(name)) return maskUnknown(segment, message.encoding);
  const separator = message.encoding.field;
  const isHeader = name === 'MSH' || name === 'FHS' || name === 'BHS';
  const numbers = Array.from({ length: fieldCount }, (_, index) => index + 1);
  const fields = numbers
    .slice(isHeader ? 1 : 0)
    .map((number) =>
      isHeader && number === 2 ? segment.field(2).raw : maskField(segment, number, message),
    );
  return [name, ...fields].join(separator);
}

/** A Z segment, or a line that is none: the name at most is known. */
function maskUnknown({ raw, name }: Segment, encoding: EncodingCharacters): string {
  const kept = name === '???' ? '' : name;
  return kept + maskRaw(raw.slice(kept.length), encoding);
}

function maskField(segment: Segment, number: number, { encoding, version }: Message): string {
  const { name } = segment;
  const { raw } = segment.field(number);
  if (raw === '') return raw;
  if (headers.has(name))
    return secret[name]?.includes(number) === true ? maskRaw(raw, encoding) : raw;
  const type = fieldType(segment, number, version);
  if (coded.has(type)) return maskCoded(raw, encoding);
  const kept = aboutPeople.has(name) ? harmlessOfPeople : harmless;
  return kept.has(type) ? raw : maskRaw(raw, encoding);
}

/** OBX-5 has the type that OBX-2 names. */
export function fieldType(segment: Segment, number: number, version: string): string {
  if (segment.name === 'OBX' && number === 5) return segment.field(2).text;
  const definition =
    fieldDefinition(segment.name, number, version) ?? fieldDefinition(segment.name, number);
  return definition?.dataType ?? '';
}

/** Words without a code beside them are free text. */
function maskCoded(raw: string, encoding: EncodingCharacters): string {
  const { component, repetition } = encoding;
  return split(raw, repetition)
    .map((each) => {
      const parts = split(each, component);
      return parts
        .map((part, index) => {
          const isText = index === 1 || index === 4 || index === 8;
          const hasCode = index < 8 && (parts[index - 1] ?? '') !== '';
          return isText && !hasCode ? maskRaw(part, encoding) : part;
        })
        .join(component);
    })
    .join(repetition);
}

function split(text: string, separator: string): readonly string[] {
  return separator === '' ? [text] : text.split(separator);
}

/** Separators stay where they are, whatever characters they are; an escape sequence stands for one character. */
function maskRaw(raw: string, encoding: EncodingCharacters): string {
  const { field, component, repetition, subcomponent, escape } = encoding;
  const separators = new Set([field, component, repetition, subcomponent]);
  const leaves: string[] = [''];
  for (const character of raw) {
    if (separators.has(character)) leaves.push(character, '');
    else leaves.push((leaves.pop() ?? '') + character);
  }
  return leaves.map((leaf) => (separators.has(leaf) ? leaf : maskLeaf(leaf, escape))).join('');
}

function maskLeaf(leaf: string, escape: string): string {
  const parts = escape === '' ? [leaf] : leaf.split(escape);
  // What stands between two escape characters is one character; a last part without its end is text.
  const plain = parts.map((part, index) =>
    index % 2 === 1 && index < parts.length - 1 ? 'x' : part,
  );
  const masked = maskText(plain.join(''));
  return masked.length > leafCharsMax ? `${masked.slice(0, leafCharsMax)}...` : masked;
}
