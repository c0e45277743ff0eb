import { parseDateTime, type DateTime } from '../../hl7v2/datetime.ts';
import type { Element } from '../../hl7v2/message.ts';
import { compact, part, typed, type Conversion, type Convert } from './convert.ts';

/** A v2 time as FHIR writes it; what was not said is absent (precision is kept). */
interface Moment {
  readonly date: string;
  /** `hh:mm:ss` with fraction, if hours were given. */
  readonly time?: string;
  readonly offset?: string;
}

/** Reads a DTM; a month or day of `00`, which some senders fill in, counts as not said. */
function readMoment(text: string): Moment | undefined {
  if (text === '') return undefined;
  const said = /^(\d{4})(00|\d\d00)\d*$/.exec(text.trim());
  const known = said ? text.trim().slice(0, said[2] === '00' ? 4 : 6) : text;
  const { value } = parseDateTime(known);
  return value && momentOf(value);
}

function momentOf(value: DateTime): Moment {
  const { year, month, day, hour, minute = 0, second = 0, fraction, offset } = value;
  let date = String(year).padStart(4, '0');
  if (month !== undefined) date += `-${twoDigits(month)}`;
  if (day !== undefined) date += `-${twoDigits(day)}`;
  if (hour === undefined) return { date };
  // Hours alone are no FHIR time; the minutes are then those of the full hour, as HL7 means it.
  const clock = `${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(second)}`;
  return {
    date,
    time: fraction === undefined ? clock : `${clock}.${fraction}`,
    ...(offset !== undefined && { offset: `${offset.slice(0, 3)}:${offset.slice(3)}` }),
  };
}

function twoDigits(number: number): string {
  return number < 10 ? `0${String(number)}` : String(number);
}

/** Offset of the value, else of MSH-7, else of the feed's zone, else UTC with a remark. */
function offsetOf(moment: Moment, conversion: Conversion): string {
  if (moment.offset !== undefined) return moment.offset;
  if (conversion.message.offset !== undefined) return conversion.message.offset;
  const zone = conversion.message.zoneOffset?.(`${moment.date}T${moment.time ?? '00:00:00'}`);
  if (zone !== undefined) return zone;
  conversion.remark('information', 'A time without offset was taken as UTC; give the feed a zone');
  return 'Z';
}

function readOrRemark(element: Element, conversion: Conversion): Moment | undefined {
  const { text } = element;
  if (text === '') return undefined;
  const moment = readMoment(text.trim());
  if (!moment)
    conversion.remark('warning', 'The value is not a date or time of HL7; it was left out');
  return moment;
}

/** DTM, TS or DT as a FHIR dateTime text; undefined where it is absent or none. */
export function dateTimeText(element: Element, conversion: Conversion): string | undefined {
  const moment = readOrRemark(element, conversion);
  if (!moment) return undefined;
  if (moment.time === undefined) return moment.date;
  return `${moment.date}T${moment.time}${offsetOf(moment, conversion)}`;
}

/** The value as an instant in milliseconds; dates count from their first moment. Undefined where it is none. */
export function instantOf(element: Element, conversion: Conversion): number | undefined {
  const moment = readMoment(element.text.trim());
  if (!moment) return undefined;
  const date = `${moment.date}-01-01`.slice(0, 10);
  const instant = Date.parse(`${date}T${moment.time ?? '00:00:00'}${offsetOf(moment, conversion)}`);
  return Number.isNaN(instant) ? undefined : instant;
}

/** The offset that a DTM carries, such as `+01:00`. */
export function explicitOffset(text: string): string | undefined {
  return readMoment(text.trim())?.offset;
}

/** DTM to the FHIR types of time; the key is the FHIR type. */
export const timeConverters: Readonly<Record<string, Convert>> = {
  dateTime: (element, conversion) => typed('dateTime', dateTimeText(element, conversion)),
  date: (element, conversion) => typed('date', readOrRemark(element, conversion)?.date),
  instant: (element, conversion) => {
    const moment = readOrRemark(element, conversion);
    if (moment?.time !== undefined) {
      return typed('instant', `${moment.date}T${moment.time}${offsetOf(moment, conversion)}`);
    }
    if (moment) {
      conversion.remark('information', 'A date alone makes no instant; it was left out');
    }
    return undefined;
  },
  time: (element, conversion) => typed('time', readOrRemark(element, conversion)?.time),
  string: (element) => typed('string', element.text),
  Period: (element, conversion) => typed('Period', period(element, undefined, conversion)),
  timed: (element, conversion) => {
    const text = dateTimeText(element, conversion);
    return text?.includes('T') ? { type: 'dateTime', value: text } : undefined;
  },
};

/** DR: start and end. */
export function convertRange(element: Element, conversion: Conversion): ReturnType<Convert> {
  return typed('Period', periodOf(element, [1, 2], conversion));
}

const clock = /^([01]\d|2[0-3]):?(?:([0-5]\d):?(?:([0-5]\d|60)(\.\d+)?)?)?(?:[+-]\d{4})?$/;

/** `HH[MM[SS[.S+]]]` (TM) as a FHIR time. */
export function convertTime(element: Element, conversion: Conversion): ReturnType<Convert> {
  const match = clock.exec(element.text);
  if (!match) {
    if (element.text !== '') {
      conversion.remark('warning', 'The value is not a time of HL7; it was left out');
    }
    return undefined;
  }
  const [, hour = '', minute = '00', second = '00', fraction = ''] = match;
  return typed('time', `${hour}:${minute}:${second}${fraction}`);
}

/** A Period of two parts of a value. */
export function periodOf(
  element: Element,
  [start, end]: readonly [start: number, end: number],
  conversion: Conversion,
): ReturnType<typeof compact> {
  // Hardly ever given: then nothing is read.
  if (element.partText(start) === '' && element.partText(end) === '') return undefined;
  return period(part(element, start), part(element, end), conversion);
}

/** A Period by the components of its start and end, else by the one that held both before v2.7 (DR). */
export function validityOf(
  element: Element,
  { start, end, range }: { readonly start: number; readonly end: number; readonly range: number },
  conversion: Conversion,
): ReturnType<typeof compact> {
  const old = part(element, range);
  const told = periodOf(element, [start, end], conversion);
  return told ?? (old.state === 'value' ? convertRange(old, conversion)?.value : undefined);
}

/** A Period of two DTMs, or undefined where both are absent. One that ends before it begins has no end. */
export function period(
  start: Element | undefined,
  end: Element | undefined,
  conversion: Conversion,
): ReturnType<typeof compact> {
  const from = start && instantOf(start, conversion);
  const to = end && instantOf(end, conversion);
  const reversed = from !== undefined && to !== undefined && to < from;
  if (reversed) {
    conversion.remark('warning', 'The period ends before it begins; its end was left out');
  }
  return compact({
    start: start && dateTimeText(start, conversion),
    end: reversed ? undefined : end && dateTimeText(end, conversion),
  });
}
