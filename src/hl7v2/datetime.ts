/** How much of a time was said; nothing finer may be assumed. */
export type DateTimePrecision =
  'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

/** A DT, DTM or TS.1 value (HL7 v2.5.1 chapter 2A.21, 2A.22) as it was said. */
export interface DateTime {
  readonly precision: DateTimePrecision;
  readonly year: number;
  readonly month?: number;
  readonly day?: number;
  /** 0 to 23; a 24 was read as 0 of the next day. */
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
  /** The digits after the point, as many as there were. */
  readonly fraction?: string;
  /** `+0100`; absent where neither the text nor the option says. Never of a date without time. */
  readonly offset?: string;
}

export type DateTimeResult =
  | { readonly value: DateTime; readonly fault?: never }
  | { readonly value?: never; readonly fault: string };

const form =
  /^(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

const precisions = ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction'] as const;

/**
 * Reads `YYYY[MM[DD[HH[MM[SS[.S..]]]]]][+ZZZZ]`. The offset may be `+HHMM`, `+HH:MM`, `+HH` or `Z`;
 * `zoneOffset` (such as MSH-7's) is given to a time that has none. What does not exist (a 13th month,
 * 30 February) is a fault that quotes nothing; no part is ever made up.
 */
export function parseDateTime(
  text: string,
  options: { readonly zoneOffset?: string } = {},
): DateTimeResult {
  const match = form.exec(text.trim());
  if (!match) return { fault: 'The time is not of the form YYYY[MM[DD[HHMM[SS[.S]]]]][+ZZZZ]' };
  const parts = partsOf(match);
  const { year, month, day, hour, minute, second } = parts;
  const fault = datePartFault(year, month, day) ?? timePartFault(hour, minute, second);
  if (fault !== undefined) return { fault };
  const zone = match[8];
  const offset = zone === undefined ? options.zoneOffset : normalOffset(zone);
  if (zone !== undefined && offset === undefined)
    return { fault: 'The zone offset does not exist' };
  const said = hour === undefined || offset === undefined ? parts : { ...parts, offset };
  const value = hour === 24 ? nextMidnight(said) : said;
  return value.year > 9999 ? { fault: 'The year is beyond 9999' } : { value };
}

/** What was said; written out, as times are read all day. */
function partsOf(match: RegExpExecArray): DateTime {
  const [, year, month, day, hour, minute, second, fraction] = match;
  const said: { -readonly [Part in keyof DateTime]: DateTime[Part] } = {
    precision: precisionOf(match),
    year: Number(year),
  };
  if (month !== undefined) said.month = Number(month);
  if (day !== undefined) said.day = Number(day);
  if (hour !== undefined) said.hour = Number(hour);
  if (minute !== undefined) said.minute = Number(minute);
  if (second !== undefined) said.second = Number(second);
  if (fraction !== undefined) said.fraction = fraction;
  return said;
}

/** The finest part that was said: each needs the one before it. */
function precisionOf(match: RegExpExecArray): DateTimePrecision {
  let count = 1;
  while (count < precisions.length && match[count + 1] !== undefined) count += 1;
  return precisions[count - 1] ?? 'year';
}

/** An instant as DTM, to the millisecond and in UTC: `20240131080000.000+0000`. */
export function formatInstant(instant: Date): string {
  return `${instant.toISOString().replace(/[-:TZ]/g, '')}+0000`;
}

function datePartFault(year: number, month?: number, day?: number): string | undefined {
  if (year === 0) return 'The year is 0000';
  if (month === undefined) return undefined;
  if (month < 1 || month > 12) return 'The month is not between 01 and 12';
  if (day === undefined) return undefined;
  return day < 1 || day > daysIn(year, month) ? 'The month has no such day' : undefined;
}

/** A second of 60 is a leap second. */
function timePartFault(hour?: number, minute = 0, second = 0): string | undefined {
  if (hour === undefined) return undefined;
  if (hour > 24 || (hour === 24 && (minute > 0 || second > 0))) return 'There is no such hour';
  if (minute > 59) return 'The minute is not between 00 and 59';
  return second > 60 ? 'The second is not between 00 and 60' : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** `+hhmm`, or undefined for what no clock on earth shows. */
function normalOffset(zone: string): string | undefined {
  if (zone === 'Z') return '+0000';
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(2));
  if (Number(digits.slice(0, 2)) * 60 + minutes > 14 * 60 || minutes > 59) return undefined;
  return digits === '0000' ? '+0000' : zone.charAt(0) + digits;
}

/** 24:00 is 00:00 of the next day. */
function nextMidnight(said: DateTime): DateTime {
  const { year, month = 1, day = 1 } = said;
  if (day < daysIn(year, month)) return { ...said, day: day + 1, hour: 0 };
  if (month < 12) return { ...said, month: month + 1, day: 1, hour: 0 };
  return { ...said, year: year + 1, month: 1, day: 1, hour: 0 };
}
