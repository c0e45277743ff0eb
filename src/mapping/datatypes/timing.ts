import { isForeignToV2Table } from '../../fhir/v2-codes.ts';
import type { Element } from '../../hl7v2/message.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { compact, part, partText, typed, type Convert, type Typed } from './convert.ts';
import { decimal } from './number.ts';
import { period } from './time.ts';

/** Letters of `Q6H` and the like (HL7 table 0335) to UCUM units of time. */
const periodUnits: ReadonlyMap<string, string> = new Map(
  Object.entries({
    S: 's',
    M: 'min',
    H: 'h',
    D: 'd',
    W: 'wk',
    L: 'mo',
  }),
);

/** Codes of table 0335 that are so many times a day. */
const timesPerDay: ReadonlyMap<string, number> = new Map(
  Object.entries({ QD: 1, DAILY: 1, BID: 2, TID: 3, QID: 4 }),
);

/** Meal-related codes of table 0335, the same in FHIR's event-timing. */
const events: ReadonlySet<string> = new Set([
  'AC',
  'ACM',
  'ACD',
  'ACV',
  'PC',
  'PCM',
  'PCD',
  'PCV',
  'HS',
  'C',
  'CM',
  'CD',
  'CV',
]);

/** `repeat` of a repeat pattern such as BID, Q6H or QHS; undefined where the code says nothing regular. */
function repeatOf(code: string): Readonly<Record<string, string | number | string[]>> | undefined {
  const upper = code.trim().toUpperCase();
  const frequency = timesPerDay.get(upper);
  if (frequency !== undefined) return { frequency, period: 1, periodUnit: 'd' };
  if (upper === 'QHS') return { when: ['HS'] };
  if (events.has(upper)) return { when: [upper] };
  if (upper === 'QOD') return { frequency: 1, period: 2, periodUnit: 'd' };
  const [, count, unit = ''] = /^Q(\d{1,4})([SMHDWL])$/.exec(upper) ?? [];
  const periodUnit = periodUnits.get(unit);
  if (count === undefined || periodUnit === undefined) return undefined;
  return { frequency: 1, period: Number(count), periodUnit };
}

/** The codes of table 0335 that FHIR takes from v3-GTSAbbreviation. */
const gtsCodes: ReadonlySet<string> = new Set(['BID', 'TID', 'QID', 'QOD']);

const repeatPatterns = 'http://terminology.hl7.org/CodeSystem/v2-0335';

/** Undefined for what no table has as such (`Q8H` is a pattern of table 0335, not a code of it): then the text says it. */
function codingOf(code: string): Json | undefined {
  if (gtsCodes.has(code)) {
    return [{ system: 'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation', code }];
  }
  if (isForeignToV2Table(repeatPatterns, code)) return undefined;
  return [{ system: repeatPatterns, code }];
}

/** Days as FHIR names them, the first of HL7's week first (table 0527: DW begins with Monday). */
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

const minutesOf: Readonly<Record<string, number>> = { min: 1, h: 60, d: 24 * 60, wk: 7 * 24 * 60 };

/** `code` and `repeat`; what is told besides the code wins over what the code means. */
function timingOf(
  code: string,
  told: Readonly<Record<string, Json | undefined>>,
): Typed | undefined {
  const { bounds, ...explicit } = told;
  const rest = compact(explicit) as JsonObject | undefined;
  const repeat = compact({ ...boundsOf(bounds), ...repeatOf(code), ...rest });
  const concept = code === '' ? undefined : compact({ coding: codingOf(code), text: code });
  return typed('Timing', compact({ repeat, code: concept }));
}

function boundsOf(bounds: Json | undefined): JsonObject {
  if (typeof bounds !== 'object' || bounds === null) return {};
  return 'value' in bounds ? { boundsDuration: bounds } : { boundsPeriod: bounds };
}

/**
 * RPT: the pattern code; days of the week (RPT.2 to RPT.4: from which to which), a period (RPT.5 and RPT.6), an event of the day and
 * how far from it (RPT.8 to RPT.10).
 */
export const toTimingOfPattern: Convert = (element) => {
  const code = partText(element, 1);
  const count = decimal(partText(element, 5));
  const periodUnit = unitAt(element, 6);
  const isEvery = count !== undefined && periodUnit !== undefined && repeatOf(code) === undefined;
  const when = partText(element, 8).toUpperCase();
  const isWhen = events.has(when);
  return timingOf(code, {
    ...(isEvery ? { frequency: 1, period: count, periodUnit } : {}),
    dayOfWeek: daysOf(element),
    when: isWhen ? [when] : undefined,
    offset: isWhen ? offsetOf(element) : undefined,
  });
};

function unitAt(element: Element, number: number): string | undefined {
  return periodUnits.get(partText(element, number).toUpperCase().slice(0, 1));
}

function daysOf(element: Element): string[] | undefined {
  if (partText(element, 2).toUpperCase() !== 'DW') return undefined;
  const first = Number(partText(element, 3));
  const last = Number(partText(element, 4) || first);
  const some = days.slice(Math.max(first, 1) - 1, last);
  return some.length === 0 ? undefined : some;
}

/** Whole minutes; FHIR has no parts of them. */
function offsetOf(element: Element): number | undefined {
  const minutes = Number(partText(element, 9)) * (minutesOf[unitAt(element, 10) ?? ''] ?? NaN);
  return Number.isInteger(minutes) && minutes > 0 ? minutes : undefined;
}

/** RI: pattern and explicit times. */
export const toTimingOfInterval: Convert = (element) =>
  timingOf(partText(element, 1), { timeOfDay: timesOf(partText(element, 2)) });

/** TQ: interval (TQ.2), duration (TQ.3), start (TQ.4), end (TQ.5), how often in all (TQ.3 or TQ.12). */
export const toTimingOfQuantity: Convert = (element, conversion) => {
  const interval = part(element, 2);
  const duration = durationPattern.exec(partText(element, 3).toUpperCase());
  const [, kind = '', text = ''] = duration ?? [];
  const unit = periodUnits.get(kind);
  const lasting =
    unit === undefined ? undefined : { value: Number(text), unit, system: ucum, code: unit };
  const times = Number(partText(element, 12) || (kind === 'X' ? text : ''));
  return timingOf(interval.subcomponent(1).text, {
    bounds: period(part(element, 4), part(element, 5), conversion) ?? lasting,
    count: Number.isInteger(times) && times > 0 ? times : undefined,
    timeOfDay: timesOf(interval.subcomponent(2).text),
  });
};

/** `D3`, `W2`, `X5`: a unit of time, or X for times, and how many. */
const durationPattern = /^([SMHDWLX])(\d{1,5})$/;
const ucum = 'http://unitsofmeasure.org';

/** `0230,1415`; undefined where any is no time. */
function timesOf(text: string): string[] | undefined {
  if (text.trim() === '') return undefined;
  const times = text.split(',').map((one) => /^([01]\d|2[0-3]):?([0-5]\d)$/.exec(one.trim()));
  if (times.includes(null)) return undefined;
  return times.map((time) => `${time?.[1] ?? ''}:${time?.[2] ?? ''}:00`);
}
