import type { Element } from '../../hl7v2/message.ts';
import { compact, part, partText, typed, type Conversion, type Convert } from './convert.ts';
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

function timingOf(code: string, bounds: ReturnType<typeof period>): ReturnType<typeof typed> {
  const repeat = compact({ boundsPeriod: bounds, ...repeatOf(code) });
  const concept = code === '' ? undefined : { text: code };
  return typed('Timing', compact({ repeat, code: concept }));
}

/** RPT: the pattern code, else frequency and period (RPT.5 and RPT.6). */
export const toTimingOfPattern: Convert = (element) => {
  const code = partText(element, 1);
  const count = decimal(partText(element, 5));
  const unit = periodUnits.get(partText(element, 6).toUpperCase().slice(0, 1));
  if (code !== '' || count === undefined || unit === undefined) return timingOf(code, undefined);
  return typed('Timing', { repeat: { frequency: 1, period: count, periodUnit: unit } });
};

/** RI: pattern and explicit times. */
export const toTimingOfInterval: Convert = (element) => timingOf(partText(element, 1), undefined);

/** TQ: interval (TQ.2), start (TQ.4), end (TQ.5). */
export const toTimingOfQuantity: Convert = (element, conversion) =>
  timingOf(patternOf(element), bounds(element, conversion));

function patternOf(element: Element): string {
  return part(element, 2).subcomponent(1).text;
}

function bounds(element: Element, conversion: Conversion): ReturnType<typeof period> {
  return period(part(element, 4), part(element, 5), conversion);
}
