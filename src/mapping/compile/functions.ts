import { messageUri } from '../../fhir/message-source.ts';
import type { Element } from '../../hl7v2/message.ts';
import { codeSystemUri } from '../datatypes/coding-system.ts';
import { partText, typed, type Conversion, type Typed } from '../datatypes/convert.ts';
import { authorityOf } from '../datatypes/identifier.ts';
import { narrativeDiv } from '../datatypes/text.ts';
import { dateTimeText, instantOf } from '../datatypes/time.ts';
import type { MessageRun } from '../run/compiled.ts';

/** What a function gets for one of its arguments. */
export interface Argument {
  readonly element: Element;
  readonly v2Type: string;
}

export type Arguments = Readonly<Record<string, Argument | undefined>>;

/** A pure function that maps may call by name. */
export interface MapFunction {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** FHIR type of what it gives. */
  readonly gives: string;
  readonly run: (
    args: Arguments,
    at: { conversion: Conversion; run: MessageRun },
  ) => Typed | undefined;
}

const minuteMs = 60_000;
const firstMs = Date.parse('0001-01-01T00:00:00Z');
const lastMs = Date.parse('9999-12-31T23:59:59Z');

/** Units of time as v2 and UCUM write them, in milliseconds. */
const unitMs: ReadonlyMap<string, number> = new Map(
  Object.entries({
    s: 1_000,
    sec: 1_000,
    second: 1_000,
    seconds: 1_000,
    m: minuteMs,
    min: minuteMs,
    mins: minuteMs,
    minute: minuteMs,
    minutes: minuteMs,
    h: 60 * minuteMs,
    hr: 60 * minuteMs,
    hrs: 60 * minuteMs,
    hour: 60 * minuteMs,
    hours: 60 * minuteMs,
    d: 1_440 * minuteMs,
    day: 1_440 * minuteMs,
    days: 1_440 * minuteMs,
    wk: 10_080 * minuteMs,
    w: 10_080 * minuteMs,
    week: 10_080 * minuteMs,
    weeks: 10_080 * minuteMs,
  }),
);

function textOf(argument: Argument | undefined): string {
  return argument?.element.text ?? '';
}

/** `start` plus (or with -1 minus) an amount of time; keeps the offset of `start`. */
function addDuration(
  { start, amount, unit }: Arguments,
  conversion: Conversion,
  direction: 1 | -1 = 1,
): Typed | undefined {
  const text = start && dateTimeText(start.element, conversion);
  const match = /^(.*T[\d:.]+)(Z|[+-]\d{2}:\d{2})$/.exec(text ?? '');
  const count = Number(textOf(amount));
  const length = unitMs.get(textOf(unit).toLowerCase() || 'min');
  if (!match || length === undefined || textOf(amount) === '') return undefined;
  const [, , offset = 'Z'] = match;
  const shiftMs = offset === 'Z' ? 0 : offsetMs(offset);
  const local = new Date(Date.parse(text ?? '') + direction * count * length + shiftMs);
  // Past the calendar of FHIR, or no number at all, or after a leap second.
  if (!(local.getTime() >= firstMs && local.getTime() <= lastMs)) return undefined;
  return typed('dateTime', `${local.toISOString().slice(0, 19)}${offset}`);
}

function offsetMs(offset: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(offset) ?? [];
  const size = Number(hours) * 60 + Number(minutes);
  return (sign === '-' ? -size : size) * minuteMs;
}

function durationMinutes({ start, end }: Arguments, conversion: Conversion): Typed | undefined {
  const from = start && instantOf(start.element, conversion);
  const to = end && instantOf(end.element, conversion);
  if (from === undefined || to === undefined) return undefined;
  const minutes = Math.round((to - from) / minuteMs);
  return minutes > 0 ? { type: 'positiveInt', value: minutes } : undefined;
}

function changed(change: (text: string) => string): MapFunction {
  return {
    required: ['of'],
    optional: [],
    gives: 'string',
    run: ({ of }) => typed('string', change(textOf(of))),
  };
}

function concat(args: Arguments): Typed | undefined {
  const given = ['a', 'b', 'c', 'd'].filter((name) => name in args);
  const texts = given.map((name) => textOf(args[name]));
  return texts.includes('') ? undefined : typed('string', texts.join(''));
}

/** The functions of docs/reference/mapping-language.md. */
export const mapFunctions: Readonly<Record<string, MapFunction>> = {
  authority: {
    required: ['of'],
    optional: [],
    gives: 'uri',
    run: ({ of }, { conversion }) =>
      of && typed('uri', conversion.message.authority(authorityOf(of.v2Type, of.element))),
  },
  sender: {
    required: [],
    optional: [],
    gives: 'uri',
    run: (_, { conversion }) =>
      typed(
        'uri',
        conversion.message.authority({ namespace: '', universalId: '', universalIdType: '' }),
      ),
  },
  addDuration: {
    required: ['start', 'amount'],
    optional: ['unit'],
    gives: 'dateTime',
    run: (args, { conversion }) => addDuration(args, conversion),
  },
  subtractDuration: {
    required: ['end', 'amount'],
    optional: ['unit'],
    gives: 'dateTime',
    run: ({ end, amount, unit }, { conversion }) =>
      addDuration({ start: end, amount, unit }, conversion, -1),
  },
  duration: {
    required: ['start', 'end'],
    optional: [],
    gives: 'positiveInt',
    run: (args, { conversion }) => durationMinutes(args, conversion),
  },
  lower: changed((text) => text.toLowerCase()),
  upper: changed((text) => text.toUpperCase()),
  codeSystem: {
    required: ['of'],
    optional: [],
    gives: 'uri',
    run: ({ of }, { conversion }) => {
      const name = textOf(of);
      if (name === '') return undefined;
      const known = conversion.message.packCodeSystem?.(name);
      return typed('uri', known ?? codeSystemUri(name, conversion.message.localAuthority));
    },
  },
  concat: { required: ['a', 'b'], optional: ['c', 'd'], gives: 'string', run: concat },
  messageUri: {
    required: [],
    optional: [],
    gives: 'uri',
    run: (_, { run }) => typed('uri', messageUri(run.context.feed, run.message.controlId)),
  },
  fileUri: {
    required: ['of'],
    optional: [],
    gives: 'url',
    run: ({ of }) => of && typed('url', partText(of.element, 1)),
  },
  textHtml: {
    required: ['of'],
    optional: [],
    gives: 'xhtml',
    run: ({ of }) => typed('xhtml', textOf(of) === '' ? '' : narrativeDiv(textOf(of))),
  },
};
