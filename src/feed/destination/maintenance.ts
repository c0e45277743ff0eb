import { DateTime } from 'luxon';
import type { MaintenanceWindow } from './destination.ts';

/** When the window ends in which `now` is; undefined where it is in none. Of several, the last to end. */
export function maintenanceEnd(windows: readonly MaintenanceWindow[], now: Date): Date | undefined {
  const ends = windows.flatMap((window) => endOf(window, now) ?? []);
  return ends.length === 0 ? undefined : new Date(Math.max(...ends));
}

/** Looks at the window that began today, and at yesterday's, which may go past midnight. */
function endOf(window: MaintenanceWindow, now: Date): number | undefined {
  const today = DateTime.fromJSDate(now, { zone: window.zone }).startOf('day');
  for (const day of [today, today.minus({ days: 1 })]) {
    if (window.weekdays.length > 0 && !window.weekdays.includes(day.weekday)) continue;
    const { fromMinute, toMinute } = window;
    const lastDay = toMinute > fromMinute ? day : day.plus({ days: 1 });
    const from = onTheWall(day, fromMinute);
    const to = onTheWall(lastDay, toMinute);
    if (from <= now.getTime() && now.getTime() < to) return to;
  }
  return undefined;
}

/** The wall clock, not so many minutes after midnight: a day may have 23 or 25 hours. */
function onTheWall(day: DateTime, minute: number): number {
  return day.set({ hour: Math.floor(minute / 60), minute: minute % 60 }).toMillis();
}
