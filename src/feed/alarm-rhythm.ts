import { DateTime } from 'luxon';
import type { Silence } from './alarm.ts';

/** How often a feed speaks at one hour of the week: messages per hour, and in how many weeks that was seen. */
export interface HourRhythm {
  readonly perHour: number;
  readonly weeks: number;
}

/** By hour of the week in the feed's zone, from Monday 0 to Sunday 23. */
export type Rhythm = Readonly<Record<string, HourRhythm>>;

/** A new week counts so much against those before. */
const newWeek = 0.3;
const hourMs = 3_600_000;
/** Looking further back changes nothing: a feed that was silent for so long is an alarm or never one. */
const hoursMax = 7 * 24;

/** The hour of the week of an instant. */
export function hourOfWeek(at: Date, zone: string | undefined): number {
  const local = DateTime.fromJSDate(at, { zone: zone ?? 'UTC' });
  return (local.weekday - 1) * 24 + local.hour;
}

/** The rhythm after an hour in which so many messages came. */
export function learn(rhythm: Rhythm, hour: number, count: number): Rhythm {
  const before = rhythm[String(hour)];
  const perHour = before === undefined ? count : before.perHour * (1 - newWeek) + count * newWeek;
  return { ...rhythm, [hour]: { perHour, weeks: (before?.weeks ?? 0) + 1 } };
}

/**
 * How many messages should have come between two instants, and how many are too many to miss. What is configured may be
 * missed once. What is learned is missed when ten did not come, since feeds speak irregularly: with messages at random that
 * happens once in 20,000 times. An hour that was seen in fewer than two weeks counts for nothing.
 */
export function missedBetween(
  [from, to]: readonly [Date, Date],
  given: { readonly silence: Silence; readonly rhythm: Rhythm; readonly zone: string | undefined },
): { readonly missed: number; readonly missedMax: number } {
  const { silence, rhythm, zone } = given;
  if (silence === 'off') return { missed: 0, missedMax: 1 };
  let missed = 0;
  let at = Math.max(from.getTime(), to.getTime() - hoursMax * hourMs);
  while (at < to.getTime()) {
    const end = Math.min(nextHour(at), to.getTime());
    missed += ((end - at) / hourMs) * perHour(silence, rhythm, hourOfWeek(new Date(at), zone));
    at = end;
  }
  return { missed, missedMax: silence === 'learned' ? 10 : 1 };
}

/** All zones begin their hours at a quarter. */
function nextHour(at: number): number {
  const quarterMs = hourMs / 4;
  return (Math.floor(at / quarterMs) + 1) * quarterMs;
}

function perHour(silence: Exclude<Silence, 'off'>, rhythm: Rhythm, hour: number): number {
  if (silence === 'learned') {
    const known = rhythm[String(hour)];
    return known === undefined || known.weeks < 2 ? 0 : known.perHour;
  }
  const [day, time] = [Math.floor(hour / 24) + 1, hour % 24];
  const row = silence.find(
    ({ days, from, until }) => days.includes(day) && from <= time && time < until,
  );
  return row === undefined ? 0 : hourMs / row.everyMs;
}
