import { parseDateTime } from '../datetime.ts';

/** Before this age nobody is told from others by it (45 CFR 164.514(b)(2)(i)(C)). */
const ageMax = 89;
const dayMs = 86_400_000;

/**
 * A DT, DTM or TS.1 so many days later (or earlier), as precise as it was; time of day, fraction and offset stay. Of a month its
 * middle is shifted, of a year its midsummer. Undefined for what is no date.
 */
export function shiftDate(text: string, days: number): string | undefined {
  const { value } = parseDateTime(text);
  if (value === undefined) return undefined;
  const { year, month, day } = readDate(text);
  const middle = Date.UTC(year, (month ?? 7) - 1, day ?? (month === undefined ? 1 : 15));
  const shifted = digitsOf(new Date(middle + days * dayMs));
  const length = day === undefined ? (month === undefined ? 4 : 6) : 8;
  const [lead = ''] = /^\s*/.exec(text) ?? [];
  return lead + shifted.slice(0, length) + text.slice(lead.length + length);
}

/**
 * A birth date, so that nobody is older than 90 at `at`, an HL7 date: who is gets the first day of the year in which they would
 * have been born, at their own time of day. Undefined where nothing is to be done.
 */
export function capAge(birth: string, at: string): string | undefined {
  if (parseDateTime(birth).value === undefined || parseDateTime(at).value === undefined)
    return undefined;
  const born = readDate(birth);
  const now = readDate(at);
  const had =
    (now.month ?? 12) * 100 + (now.day ?? 31) >= (born.month ?? 1) * 100 + (born.day ?? 1);
  if (now.year - born.year - (had ? 0 : 1) <= ageMax) return undefined;
  const length = born.day === undefined ? (born.month === undefined ? 4 : 6) : 8;
  const first = `${String(now.year - ageMax - 1)}0101`.slice(0, length);
  return birth.replace(
    /^(\s*)\d{4,8}/,
    (digits, lead: string) => lead + first + digits.slice(lead.length + length),
  );
}

function readDate(text: string): {
  readonly year: number;
  readonly month: number | undefined;
  readonly day: number | undefined;
} {
  const [, year = '0', month, day] = /^\s*(\d{4})(\d\d)?(\d\d)?/.exec(text) ?? [];
  const number = (digits: string | undefined) =>
    digits === undefined ? undefined : Number(digits);
  return { year: Number(year), month: number(month), day: number(day) };
}

function digitsOf(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}
