import { textOf } from './place.ts';
import type { Manner, Write } from './say.ts';

const form =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * A date, dateTime or instant as DTM (HL7 v2.5.1 2A.22), with the precision and the offset that it has; a time is put
 * into the receiver's zone first. Undefined where it is none.
 */
export function dtmText(text: string, { inZone }: Pick<Manner, 'inZone'>): string | undefined {
  const zoned = text.includes('T') ? inZone(text) : text;
  const match = form.exec(zoned);
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', ...rest] = match;
  const [fraction = '', offset = ''] = rest;
  // HL7 v2 has four digits of a second.
  const clock = hour === '' ? '' : `${hour}${minute}${second}${fraction.slice(0, 5)}`;
  return `${year}${month}${day}${clock}${offset === 'Z' ? '+0000' : offset.replace(':', '')}`;
}

export const writeTime: Write = (place, manner) => {
  const written = dtmText(textOf(place.value), manner);
  if (written !== undefined) manner.said.add(place);
  return written;
};

/** The day alone. */
export const writeDate: Write = (place, manner) => {
  const text = textOf(place.value);
  const written = dtmText(text, manner)?.slice(0, 8);
  if (written !== undefined && !text.includes('T')) manner.said.add(place);
  return written;
};

/** A FHIR time as TM. */
export const writeClock: Write = (place, manner) => {
  const text = textOf(place.value);
  if (!/^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text)) return undefined;
  manner.said.add(place);
  return text.replaceAll(':', '').slice(0, 11);
};

/** Period, or one time, as DR. */
export const writeRange: Write = (place, manner) => {
  if (typeof place.value === 'string') return writeTime(place, manner);
  const both = ['start', 'end'].map((name) => periodEnd(place, name, manner));
  return both.some((part) => part !== undefined) ? both : undefined;
};

function periodEnd(place: Parameters<Write>[0], name: string, manner: Manner): string | undefined {
  const { value, at, owner } = place;
  const member = (value as Readonly<Record<string, unknown>>)[name];
  if (member === undefined) return undefined;
  return writeTime({ value: member, at: `${at}.${name}`, owner }, manner) as string | undefined;
}

/** How long a Period is, in minutes. */
export const writeLength: Write = (place, manner) => {
  const { start, end } = place.value as { readonly start?: string; readonly end?: string };
  const minutes = (Date.parse(end ?? '') - Date.parse(start ?? '')) / 60_000;
  if (!Number.isInteger(minutes)) return undefined;
  manner.said.add({ ...place, at: `${place.at}.end` });
  return String(minutes);
};
