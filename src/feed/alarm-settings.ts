import { Duration } from 'luxon';
import type { AlarmSettings, Silence, SilenceRow } from './alarm.ts';

/** `alarms:` of a feed file, checked key by key. */
export interface AlarmFile {
  readonly age?: string;
  readonly errorRate?: number;
  readonly errors?: number;
  readonly errorWindow?: string;
  readonly queue?: number;
  /** `off`, `learned`, a duration, or one by `mon-fri 08-18`. */
  readonly silence?: string | Readonly<Record<string, string>>;
}

const minuteMs = 60_000;

export const defaultAlarms: AlarmSettings = {
  ageMs: 15 * minuteMs,
  errorRate: 0.2,
  errorsMin: 5,
  errorWindowMs: 15 * minuteMs,
  queueDepth: 2_000,
  silence: 'learned',
};

/** What is wrong with `alarms:`; undefined where nothing is. */
export function alarmFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return usage;
  const file = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(file).find((key) => !Object.hasOwn(checks, key));
  if (unknown !== undefined) return `alarms has no ${unknown}; ${usage}`;
  const wrong = Object.entries(file).find(([key, each]) => checks[key]?.(each) !== true);
  return wrong === undefined ? undefined : `alarms.${wrong[0]} is wrong; ${usage}`;
}

const usage =
  'alarms is { age: PT15M, errorRate: 0.2, errors: 5, errorWindow: PT15M, queue: 2000, ' +
  "silence: off | learned | PT1H | { 'mon-fri 08-18': PT10M, 'sat,sun 00-24': PT2H } }";

const isDuration = (value: unknown): boolean =>
  typeof value === 'string' && Duration.fromISO(value).toMillis() > 0;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;

const checks: Readonly<Record<string, (value: unknown) => boolean>> = {
  age: isDuration,
  errorRate: (value) => typeof value === 'number' && value > 0 && value <= 1,
  errors: isCount,
  errorWindow: isDuration,
  queue: isCount,
  silence: (value) =>
    value === 'off' ||
    value === 'learned' ||
    isDuration(value) ||
    (typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(
        ([hours, every]) => rowOf(hours) !== undefined && isDuration(every),
      )),
};

/** The settings of a feed; a checked file over the defaults. One that says how often it speaks is missed after three times that. */
export function alarmSettings(file: AlarmFile, expectedEveryMs: number | undefined): AlarmSettings {
  const ms = (text: string | undefined, byDefault: number): number =>
    text === undefined ? byDefault : Duration.fromISO(text).toMillis();
  const byDefault: Silence =
    expectedEveryMs === undefined ? defaultAlarms.silence : always(3 * expectedEveryMs);
  return {
    ageMs: ms(file.age, defaultAlarms.ageMs),
    errorRate: file.errorRate ?? defaultAlarms.errorRate,
    errorsMin: file.errors ?? defaultAlarms.errorsMin,
    errorWindowMs: ms(file.errorWindow, defaultAlarms.errorWindowMs),
    queueDepth: file.queue ?? defaultAlarms.queueDepth,
    silence: file.silence === undefined ? byDefault : silenceOf(file.silence),
  };
}

function silenceOf(said: NonNullable<AlarmFile['silence']>): Silence {
  if (said === 'off' || said === 'learned') return said;
  if (typeof said === 'string') return always(Duration.fromISO(said).toMillis());
  return Object.entries(said).flatMap(([hours, every]) => {
    const row = rowOf(hours);
    return row === undefined ? [] : { ...row, everyMs: Duration.fromISO(every).toMillis() };
  });
}

function always(everyMs: number): readonly SilenceRow[] {
  return [{ days: [1, 2, 3, 4, 5, 6, 7], from: 0, until: 24, everyMs }];
}

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** `mon-fri 08-18`, `sat,sun 00-24`. */
function rowOf(text: string): Omit<SilenceRow, 'everyMs'> | undefined {
  const [, dayText = '', fromText, untilText] = /^([a-z,-]+) (\d\d)-(\d\d)$/.exec(text) ?? [];
  const [from, until] = [Number(fromText), Number(untilText)];
  const days = dayText.split(',').flatMap((range) => {
    const [first = -1, last = first] = range.split('-').map((day) => dayNames.indexOf(day));
    const length = last - first + 1;
    return first < 0 || length < 1 ? [0] : Array.from({ length }, (_, index) => first + index + 1);
  });
  return days.includes(0) || !(from < until && until <= 24) ? undefined : { days, from, until };
}
