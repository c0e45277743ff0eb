/** The value of an Observation, or of a part of one, as OBX-2, OBX-5 and OBX-6. */
import type { ComponentValue } from '../../hl7v2/encode.ts';
import { isObject, textOf, type Place } from './place.ts';
import {
  at,
  hasMember,
  mark,
  orNothing,
  say,
  type Manner,
  type Write,
  type Written,
} from './say.ts';
import { writeCoded } from './write-code.ts';
import { writeClock, writeDate, writeRange, writeTime } from './write-time.ts';
import { writeYesNo } from './write-text.ts';

/** OBX-2 of a value. */
export const writeValueType: Write = (place, { version }) => {
  const type = typeOfValue(place);
  if (type === 'CWE' && version < 2.5) return 'CE';
  if (type === 'TS' && version >= 2.6) return 'DTM';
  return type || undefined;
};

/** OBX-5 of a value. */
export const writeValue: Write = (place, manner) => {
  const write = writers[typeOfValue(place)];
  return write?.(place, manner);
};

/** OBX-6 of a value: code, text and system of its unit. */
export const writeUnit: Write = (place, manner) => {
  const [quantity] = at('low | high | numerator | .', place, manner);
  if (quantity === undefined || !isObject(quantity.value)) return undefined;
  const code = say('code', quantity, manner);
  const unit = say('unit', quantity, manner);
  if (code === '') return orNothing([unit]);
  const isUcum = say('system', quantity, manner) === 'http://unitsofmeasure.org';
  return [code, unit || code, isUcum ? 'UCUM' : textOf(at('system', quantity, manner)[0]?.value)];
};

/** By the `value[x]` that it is, which its place says. */
function typeOfValue({ value, at: place }: Place): string {
  const name = /value([A-Z]\w*)$/.exec(place)?.[1] ?? '';
  if (name === 'Quantity') return isObject(value) && 'comparator' in value ? 'SN' : 'NM';
  if (name === 'DateTime') return textOf(value).includes('T') ? 'TS' : 'DT';
  if (name === 'String') return /[\r\n]/.test(textOf(value)) ? 'TX' : 'ST';
  if (name === 'Attachment') return isObject(value) && 'data' in value ? 'ED' : 'RP';
  return types[name] ?? '';
}

const types: Readonly<Record<string, string>> = {
  CodeableConcept: 'CWE',
  Integer: 'NM',
  Boolean: 'ID',
  Range: 'SN',
  Ratio: 'SN',
  Time: 'TM',
  Period: 'DR',
};

const writeNumber: Write = (place, manner) => {
  if (isObject(place.value)) return say('value', place, manner) || undefined;
  manner.said.add(place);
  return textOf(place.value);
};

/** SN: comparator, number, separator, number. */
const writeStructured: Write = (place, manner) => {
  const number = (path: string): string => say(`${path}.value`, place, manner);
  const reported = say(`extension[url=${originalText}].valueString`, place, manner);
  if (hasMember(place, 'numerator') || hasMember(place, 'denominator')) {
    unitOf('denominator', place, manner);
    const separator = reported.includes('/') ? '/' : ':';
    return [undefined, number('numerator'), separator, number('denominator')];
  }
  if (hasMember(place, 'low') || hasMember(place, 'high')) return range(place, manner, number);
  return [say('comparator', place, manner), say('value', place, manner)];
};

/** How the sender wrote the two numbers. */
const originalText = 'http://hl7.org/fhir/StructureDefinition/originalText';

function range(place: Place, manner: Manner, number: (path: string) => string): Written {
  const [low, high] = [number('low'), number('high')];
  unitOf('high', place, manner);
  if (low === '') return ['<=', high];
  return high === '' ? ['>=', low] : [undefined, low, '-', high];
}

/** The unit of the other number is said with that of the first, if it is the same. */
function unitOf(name: string, place: Place, manner: Manner): void {
  const first = at('low.code | numerator.code | low.unit | numerator.unit', place, manner)[0];
  const other = at(`${name}.code | ${name}.unit`, place, manner)[0];
  if (first === undefined || textOf(first.value) !== textOf(other?.value)) return;
  for (const part of ['code', 'unit', 'system']) mark(`${name}.${part}`, place, manner);
}

/** ED or RP, as OBX-2 of an Attachment. */
export const writeAttachmentType: Write = (place) => (hasMember(place, 'data') ? 'ED' : 'RP');

/** Attachment as ED or RP. */
export const writeAttachment: Write = (place, manner) =>
  hasMember(place, 'data') ? writeData(place, manner) : writePointer(place, manner);

/** Attachment with data as ED. */
export const writeData: Write = (place, manner) => {
  const data = say('data', place, manner);
  if (data === '') return undefined;
  return [undefined, ...mediaType(place, manner), 'Base64', data];
};

/** Attachment with an address as RP. */
export const writePointer: Write = (place, manner) => {
  const url = say('url', place, manner);
  return url === '' ? undefined : [url, undefined, ...mediaType(place, manner)];
};

/** `application/pdf` as two components. */
function mediaType(place: Place, manner: Manner): readonly ComponentValue[] {
  const [type = 'application', subtype = 'octet-stream'] =
    say('contentType', place, manner).split(';')[0]?.split('/') ?? [];
  return [type || 'application', subtype.trim()];
}

const writeString: Write = (place, manner) => {
  manner.said.add(place);
  return textOf(place.value);
};

/** A repetition for each line. */
const writeLines: Write = (place, manner) => {
  manner.said.add(place);
  return { lines: textOf(place.value).split(/\r\n|\r|\n/) };
};

const writers: Readonly<Record<string, Write>> = {
  NM: writeNumber,
  SN: writeStructured,
  CWE: writeCoded,
  ID: writeYesNo,
  ST: writeString,
  TX: writeLines,
  TS: writeTime,
  DT: writeDate,
  TM: writeClock,
  DR: writeRange,
  ED: writeData,
  RP: writePointer,
};

/** A reference range as text: `3.5-5.1`, `<=5`, `>=60`. */
export const writeReferenceRange: Write = (place, manner) => {
  if (!isObject(place.value)) return writeString(place, manner);
  const [low, high] = ['low.value', 'high.value'].map((path) => say(path, place, manner));
  for (const name of ['low', 'high']) mark(name, place, manner);
  if (!low) return high ? `<=${high}` : undefined;
  return high ? `${low}-${high}` : `>=${low}`;
};

/** The unit of a duration that FHIR gives in minutes. */
export const writeMinutes: Write = () => ['min', 'minute', 'UCUM'];
