import type { SlotRule } from '../language/model.ts';
import { ruleId } from '../map-issue.ts';
import type { CompiledSlot, MutableObject, Target } from '../run/compiled.ts';
import { isObject } from './element.ts';

/**
 * A slot for each period whose two ends come from two fields: where it ends before it begins, as senders have it
 * now and then, it has no end, with a warning. FHIR forbids such a period, and the rest of the message is worth taking.
 */
export function periodSlots(rules: readonly SlotRule[]): CompiledSlot[] {
  const starts = new Set(rules.flatMap((rule) => placeOf(rule, 'start') ?? []));
  if (starts.size === 0) return [];
  return rules.flatMap((rule) => {
    const place = placeOf(rule, 'end');
    return place !== undefined && starts.has(place) ? [periodSlot(rule, place.split('.'))] : [];
  });
}

/** `period` of a slot at `period.start`. */
function placeOf({ element: { value } }: SlotRule, end: 'start' | 'end'): string | undefined {
  if (value.length < 2 || value.at(-1)?.name !== end) return undefined;
  if (value.some(({ url, choice }) => url !== undefined || choice)) return undefined;
  return value
    .slice(0, -1)
    .map(({ name }) => name)
    .join('.');
}

function periodSlot(rule: SlotRule, path: readonly string[]): CompiledSlot {
  return {
    name: rule.name,
    rule: ruleId(rule.place),
    required: undefined,
    source: undefined,
    clears: [],
    isIdle: undefined,
    run: (frame, target) => {
      const period = below(target, path);
      if (!period || !isReversed(period)) return 'off';
      delete period['end'];
      const diagnostics = 'The period ends before it begins; its end was left out';
      const { segment } = frame;
      const location =
        segment && frame.run.position({ segment: segment.name, segmentIndex: segment.index });
      frame.run.issue('warning', 'data-type', { diagnostics, location });
      return 'off';
    },
  };
}

function below({ object }: Target, path: readonly string[]): MutableObject | undefined {
  let place: unknown = object;
  for (const name of path) {
    if (!isObject(place)) return undefined;
    const inner: unknown = place[name];
    place = Array.isArray(inner) ? inner[0] : inner;
  }
  return isObject(place) ? place : undefined;
}

function isReversed({ start, end }: MutableObject): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return false;
  return Date.parse(start) > Date.parse(end);
}
