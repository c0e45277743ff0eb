import type { Element } from '../../hl7v2/message.ts';
import { compact, part, typed, type Conversion, type Convert } from './convert.ts';

/** A v2 time in its parts; what was not said is absent (precision is kept). */
interface Moment {
  readonly date: string;
  /** `hh:mm:ss` with fraction, if hours were given. */
  readonly time?: string;
  readonly offset?: string;
}

const form =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d+))?)?)?)?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/;
const isoForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/;

/** Reads `YYYY[MM[DD[HH[MM[SS[.S+]]]]]][+ZZZZ]` (v2.5.1 2.A.22), and ISO 8601, which some send. */
function readMoment(text: string): Moment | undefined {
  const match = form.exec(text) ?? isoForm.exec(text);
  if (!match) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  if (month === '00' || day === '00')
    return readMoment(month === '00' ? year : year + String(month));
  const date = [year, month, day].filter((piece) => piece !== undefined).join('-');
  if (!isDate(date)) return undefined;
  // Hours alone are no FHIR time; the minutes are then those of the full hour, as HL7 means it.
  if (hour === undefined) return { date, ...(zone && { offset: readOffset(zone) }) };
  if (hour === '24' && Number(minute ?? 0) === 0) {
    return { date: nextDay(date), time: '00:00:00', ...(zone && { offset: readOffset(zone) }) };
  }
  if (Number(hour) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return undefined;
  const seconds = second === '60' ? '59' : (second ?? '00');
  const time = `${hour}:${minute ?? '00'}:${seconds}${fraction === undefined ? '' : `.${fraction}`}`;
  return { date, time, ...(zone && { offset: readOffset(zone) }) };
}

function readOffset(zone: string): string {
  if (zone === 'Z') return 'Z';
  const digits = zone.replace(':', '').padEnd(5, '0');
  return `${digits.slice(0, 3)}:${digits.slice(3, 5)}`;
}

function isDate(date: string): boolean {
  const [year = '', month = '01', day = '01'] = date.split('-');
  const instant = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return (
    Number(year) > 0 && new Date(instant).toISOString().slice(0, 10) === `${year}-${month}-${day}`
  );
}

function nextDay(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Offset of the value, else of MSH-7, else of the feed's zone, else UTC with a remark. */
function offsetOf(moment: Moment, conversion: Conversion): string {
  if (moment.offset !== undefined) return moment.offset;
  if (conversion.messageOffset !== undefined) return conversion.messageOffset;
  const zone = conversion.zoneOffset?.(`${moment.date}T${moment.time ?? '00:00:00'}`);
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
  return typed('Period', period(part(element, 1), part(element, 2), conversion));
}

/** `HH[MM[SS[.S+]]]` (TM) as a FHIR time. */
export function convertTime(element: Element, conversion: Conversion): ReturnType<Convert> {
  const match = /^(\d{2}):?(?:(\d{2}):?(?:(\d{2})(\.\d+)?)?)?(?:[+-]\d{4})?$/.exec(element.text);
  if (!match) {
    if (element.text !== '') {
      conversion.remark('warning', 'The value is not a time of HL7; it was left out');
    }
    return undefined;
  }
  const [, hour = '', minute = '00', second = '00', fraction = ''] = match;
  return typed('time', `${hour}:${minute}:${second}${fraction}`);
}

/** A Period of two DTMs, or undefined where both are absent. */
export function period(
  start: Element | undefined,
  end: Element | undefined,
  conversion: Conversion,
): ReturnType<typeof compact> {
  return compact({
    start: start && dateTimeText(start, conversion),
    end: end && dateTimeText(end, conversion),
  });
}
