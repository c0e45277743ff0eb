/** Primitive values as the base of validation takes them (http://hl7.org/fhir/R4/datatypes.html#primitive). */
import { isValidCalendarDate, validationRegexes } from '@medplum/core';
import { limits } from '../limits.ts';
import { isRawNumber } from './decimal.ts';

/** Whether a JSON value is one of a primitive type; of a type that is not known here, none is. */
export function quickPrimitive(type: string): (value: unknown) => boolean {
  switch (type) {
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'decimal':
      return (value) => Number.isFinite(numberOf(value));
    case 'integer':
      return (value) => isIntegerFrom(value, -(2 ** 31));
    case 'unsignedInt':
      return (value) => isIntegerFrom(value, 0);
    case 'positiveInt':
      return (value) => isIntegerFrom(value, 1);
    case 'base64Binary':
      return isBase64;
    case 'date':
    case 'dateTime':
    case 'instant':
      return textOf(type, isValidCalendarDate);
    default:
      return textOf(type, undefined);
  }
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return isRawNumber(value) ? Number(value.rawJSON) : Number.NaN;
}

function isIntegerFrom(value: unknown, least: number): boolean {
  const number = numberOf(value);
  return Number.isInteger(number) && number >= least && number < 2 ** 31;
}

const textMax = 1024 * 1024;

/** `xhtml` has a form that anything meets; a type without a form is not known to be a text. */
function textOf(
  type: string,
  holds: ((text: string) => boolean) | undefined,
): (value: unknown) => boolean {
  const form = validationRegexes[type];
  if (form === undefined) return () => false;
  return (value) =>
    typeof value === 'string' &&
    value.length <= textMax &&
    value.trim() !== '' &&
    form.test(value) &&
    (holds === undefined || holds(value));
}

function isBase64(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length % 4 === 0 &&
    (value.length / 4) * 3 <= limits.restBodyBytesMax &&
    /^[A-Za-z\d+/]+={0,2}$/.test(value)
  );
}
