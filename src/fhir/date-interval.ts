/** A closed-open interval of time in epoch milliseconds; an open end is ±Infinity. */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

const dateForm =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * The interval that a FHIR date, dateTime or instant stands for: its precision is its width (`2013` a year,
 * `2013-01-14T10:00` a minute, with seconds a second, with a fraction a millisecond). Without an offset the time
 * is UTC, as the server says in its CapabilityStatement. `:60` counts as the second after `:59`. Undefined for
 * what is no date of the calendar, year 0000, hour 24, or an offset past 14:00.
 * Form: http://hl7.org/fhir/R4/search.html#date.
 */
export function dateInterval(text: string): Interval | undefined {
  const match = dateForm.exec(text);
  if (!match) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  if (year === '0000' || !isDay(Number(year), month, day)) return undefined;
  if (hour === undefined || minute === undefined) return days(Number(year), month, day);
  const offset = zoneMinutes(zone);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  if (offset === undefined) return undefined;
  const start =
    epochDay(Number(year), Number(month), Number(day)) +
    (Number(hour) * 60 + Number(minute) - offset) * 60_000 +
    Number(second ?? 0) * 1000;
  if (second === undefined) return { lo: start, hi: start + 60_000 };
  if (fraction === undefined) return { lo: start, hi: start + 1000 };
  const lo = start + Number(fraction.padEnd(3, '0').slice(0, 3));
  return { lo, hi: lo + 1 };
}

/** From the start of `start` to the end of `end`; a side that is not a date is open. */
export function periodInterval(start: unknown, end: unknown): Interval | undefined {
  const from = typeof start === 'string' ? dateInterval(start) : undefined;
  const to = typeof end === 'string' ? dateInterval(end) : undefined;
  if (!from && !to) return undefined;
  return { lo: from?.lo ?? -Infinity, hi: to?.hi ?? Infinity };
}

/**
 * The interval of the prefix `ap`: widened either way by a tenth of the distance between the value and now
 * (http://hl7.org/fhir/R4/search.html#prefix), in whole milliseconds.
 */
export function aroundInterval({ lo, hi }: Interval, now: number): Interval {
  const distance = now < lo ? lo - now : now >= hi ? now - hi : 0;
  const margin = Math.floor(distance / 10);
  return { lo: lo - margin, hi: hi + margin };
}

function days(year: number, month: string | undefined, day: string | undefined): Interval {
  if (month === undefined) return { lo: epochDay(year, 1, 1), hi: epochDay(year + 1, 1, 1) };
  const m = Number(month);
  if (day === undefined) return { lo: epochDay(year, m, 1), hi: epochDay(year, m + 1, 1) };
  const lo = epochDay(year, m, Number(day));
  return { lo, hi: lo + 86_400_000 };
}

function isDay(year: number, month: string | undefined, day: string | undefined): boolean {
  const m = Number(month ?? 1);
  const d = Number(day ?? 1);
  return m >= 1 && m <= 12 && d >= 1 && d <= daysOf(year, m);
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Midnight UTC; `Date.UTC` takes years below 100 for 19xx, so they are set apart. */
function epochDay(year: number, month: number, day: number): number {
  return year < 100
    ? new Date(0).setUTCFullYear(year, month - 1, day)
    : Date.UTC(year, month - 1, day);
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  if (minutes > 14 * 60 || Number(zone.slice(4, 6)) > 59) return undefined;
  return zone.startsWith('-') ? -minutes : minutes;
}
