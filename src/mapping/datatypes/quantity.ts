import type { Json } from '../../fhir/resource.ts';
import type { Element } from '../../hl7v2/message.ts';
import {
  compact,
  part,
  partText,
  textExtension,
  typed,
  type Conversion,
  type Convert,
  type Typed,
} from './convert.ts';
import { decimal, integer } from './number.ts';
import { unitOf, unitText } from './units.ts';

const comparators: ReadonlySet<string> = new Set(['<', '<=', '>=', '>']);

function quantity(
  text: string,
  unit: Readonly<Record<string, Json | undefined>>,
  comparator?: string,
): Json | undefined {
  const value = decimal(text);
  if (value === undefined) return undefined;
  const sign = comparator !== undefined && comparators.has(comparator) ? comparator : undefined;
  return compact({ value, comparator: sign, ...unit });
}

/** NM. `<5` gets a comparator; what is no number stays as text, with a warning. */
function numberConverter(type: string): Convert {
  return (element, conversion) => {
    const { text } = element;
    if (text === '') return undefined;
    const [, sign, digits = ''] = /^(<=|>=|<|>)?\s*(.*)$/s.exec(text.trim()) ?? [];
    const value = quantity(digits, unitOf(conversion.unit, conversion), sign);
    return value === undefined ? notNumeric(element, conversion) : { type, value };
  };
}

function notNumeric(element: Element, conversion: Conversion): Typed | undefined {
  if (conversion.allows('string')) {
    conversion.remark('warning', 'The value is not a number; it was kept as text');
    return textWithUnit(element, conversion);
  }
  conversion.remark('warning', 'The value is not a number; it was left out');
  return undefined;
}

/** The text as it came, with the unit: without it `1,5` or `5 - 10` would say less than the sender did. */
function textWithUnit(element: Element, conversion: Conversion): Typed | undefined {
  const unit = unitOf(conversion.unit, conversion)['unit'];
  const text = element.text;
  return typed('string', typeof unit === 'string' && text !== '' ? `${text} ${unit}` : text);
}

function integerConverter(type: string, least: number): Convert {
  return (element, conversion) => {
    if (element.text === '') return undefined;
    const value = integer(element.text, least);
    if (value === undefined) {
      conversion.remark('warning', `The value does not fit ${type}; it was left out`);
      return undefined;
    }
    return { type, value };
  };
}

const toDecimal: Convert = (element, conversion) => {
  if (element.text === '') return undefined;
  const value = decimal(element.text);
  return value === undefined ? notNumeric(element, conversion) : { type: 'decimal', value };
};

/** NM and SI by FHIR type. */
export const numberConverters: Readonly<Record<string, Convert>> = {
  Quantity: numberConverter('Quantity'),
  Duration: numberConverter('Duration'),
  Age: numberConverter('Age'),
  decimal: toDecimal,
  integer: integerConverter('integer', -2_147_483_648),
  positiveInt: integerConverter('positiveInt', 1),
  unsignedInt: integerConverter('unsignedInt', 0),
  string: (element) => typed('string', element.text),
};

/** The four parts of an SN. Senders that do not know its components write `>100`, `1:128` or `10-20` into the first or second. */
function structuredParts(element: Element): readonly [string, string, string, string] {
  const said = [1, 2, 3, 4].map((number) => partText(element, number));
  const [sign = '', first = '', separator = '', second = ''] = said;
  const whole = [sign, first].filter((text) => text !== '' && !/^(<>|[<>]=?|=)$/.test(text));
  const [text = ''] = whole;
  const loose = /^(<>|[<>]=?|=)?\s*(-?\d[\d.]*)(?:\s*([-:/+])\s*(\d[\d.]*)?)?$/.exec(text);
  if (!loose || whole.length !== 1 || separator !== '' || second !== '') {
    return [sign, first, separator, second];
  }
  const [, own = text === first ? sign : '', low = '', between = '', high = ''] = loose;
  return [own, low, between, high];
}

/**
 * SN (v2.5.1 2.A.69): comparator, number, separator, number. `^10` and `>^100` are quantities, `^1^:^128` a
 * ratio, `^2^-^5` a range; anything else (`<>^5`, `^2^+`) stays as text.
 */
export const toStructuredNumeric: Convert = (element, conversion) => {
  const parts = structuredParts(element);
  const [sign, first, separator, second] = parts;
  const unit = unitOf(conversion.unit, conversion);
  const low = quantity(first, unit, sign);
  const high = quantity(second, unit);
  const plain = sign === '' || sign === '=';
  if (separator === '' && second === '' && low !== undefined && (plain || comparators.has(sign))) {
    return { type: 'Quantity', value: low };
  }
  if (low !== undefined && high !== undefined && plain) {
    if (separator === '-' && conversion.allows('Range')) {
      return { type: 'Range', value: { ...asReported(parts), low, high } };
    }
    if ((separator === ':' || separator === '/') && conversion.allows('Ratio')) {
      return { type: 'Ratio', value: { ...asReported(parts), numerator: low, denominator: high } };
    }
  }
  return structuredText(parts, conversion);
};

/** `1:128`: how the laboratory wrote what is now two quantities. */
function asReported(texts: readonly string[]): { readonly extension: Json } {
  return { extension: textExtension(originalText, 'valueString', texts.join('')) };
}

const originalText = 'http://hl7.org/fhir/StructureDefinition/originalText';

function structuredText(texts: readonly string[], conversion: Conversion): Typed | undefined {
  if (!conversion.allows('string')) return undefined;
  const text = texts.join('');
  const unit = unitOf(conversion.unit, conversion)['unit'];
  return typed('string', typeof unit === 'string' && text !== '' ? `${text} ${unit}` : text);
}

export const toStructuredText: Convert = (element) =>
  typed('string', [1, 2, 3, 4].map((number) => partText(element, number)).join(''));

/** CQ: a number with its own unit. */
export function compositeQuantity(type: string): Convert {
  return (element, conversion) => {
    const own = part(element, 2);
    const unit =
      own.state === 'value'
        ? own.level !== 'subcomponent'
          ? unitOf(own, conversion)
          : unitText(own.text)
        : unitOf(conversion.unit, conversion);
    const text = partText(element, 1);
    if (text === '') return undefined;
    const value = quantity(text, unit);
    return value === undefined ? notNumeric(element, conversion) : { type, value };
  };
}

/** NR: two numbers. */
export const toRange: Convert = (element, conversion) => {
  const unit = unitOf(conversion.unit, conversion);
  const low = quantity(partText(element, 1), unit);
  const high = quantity(partText(element, 2), unit);
  return typed('Range', compact({ low, high }));
};

/** MO, and the MO within a CP. */
export const toMoney: Convert = (element) => {
  const price = part(element, 1);
  const nested = price.level !== 'subcomponent' && price.subcomponent(2).text !== '';
  const value = decimal(partText(element, 1));
  const currency = nested ? price.subcomponent(2).text : partText(element, 2);
  if (value === undefined) return undefined;
  const code = /^[A-Z]{3}$/.test(currency) ? currency : undefined;
  return typed('Money', compact({ value, currency: code }));
};
