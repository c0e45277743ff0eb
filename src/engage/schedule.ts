import { DateTime, Duration } from 'luxon';

/** A signed ISO 8601 duration in calendar units: `P1D` is a day on the wall, not 24 hours. */
export interface Offset {
  readonly text: string;
  readonly duration: Duration;
}

export interface WallTime {
  readonly hour: number;
  readonly minute: number;
}

/** `-P1D`, `PT2H`. Throws an Error that names the text. */
export function parseOffset(text: string): Offset {
  const match = /^([+-]?)(P(?=.*\d).+)$/.exec(text);
  const duration = Duration.fromISO(match?.[2] ?? '');
  if (!match || !duration.isValid) throw new Error(`"${text}" is no ISO 8601 duration`);
  return { text, duration: match[1] === '-' ? duration.negate() : duration };
}

/** `08:00`. Throws an Error that names the text. */
export function parseWallTime(text: string): WallTime {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!match) throw new Error(`"${text}" is no time of day such as 08:00`);
  return { hour: Number(match[1]), minute: Number(match[2]) };
}

export function isZone(name: string): boolean {
  return DateTime.local({ zone: name }).isValid;
}

/** The instant of a FHIR dateTime; one without an offset is read on the wall of `zone`. */
export function instantOf(value: unknown, zone: string): Date | undefined {
  if (typeof value !== 'string') return undefined;
  const parsed = DateTime.fromISO(value, { zone });
  return parsed.isValid ? parsed.toJSDate() : undefined;
}

/**
 * Moves an instant by an offset on the wall clock of a zone. A time that does not exist there (spring)
 * becomes the one an hour later; of two that read the same (autumn), the one with the offset it came from.
 */
export function shift(from: Date, by: Offset, zone: string, wallClock?: WallTime): Date {
  const moved = DateTime.fromJSDate(from, { zone }).plus(by.duration);
  return (
    wallClock
      ? moved.set({ hour: wallClock.hour, minute: wallClock.minute, second: 0, millisecond: 0 })
      : moved
  ).toJSDate();
}

/** With the offset of the zone at that time: `2026-03-07T09:00:00-05:00`. */
export function inZone(at: Date, zone: string): string {
  return (
    DateTime.fromJSDate(at, { zone }).toISO({ suppressMilliseconds: true }) ?? at.toISOString()
  );
}

/** The end of the quiet hours that `at` lies in, or undefined if it lies in none. */
export function quietUntil(
  at: Date,
  quiet: { readonly from: WallTime; readonly to: WallTime },
  zone: string,
): Date | undefined {
  const local = DateTime.fromJSDate(at, { zone });
  const minute = local.hour * 60 + local.minute;
  const from = quiet.from.hour * 60 + quiet.from.minute;
  const to = quiet.to.hour * 60 + quiet.to.minute;
  const overMidnight = from > to;
  const inside = overMidnight ? minute >= from || minute < to : minute >= from && minute < to;
  if (!inside) return undefined;
  const day = overMidnight && minute >= from ? local.plus({ days: 1 }) : local;
  return day
    .set({ hour: quiet.to.hour, minute: quiet.to.minute, second: 0, millisecond: 0 })
    .toJSDate();
}
