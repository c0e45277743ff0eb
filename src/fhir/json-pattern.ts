/** `fixed[x]` and `pattern[x]` of profiles: http://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.fixed_x_. */
import { isRawNumber, numberText } from './decimal.ts';

/** Whether two values are the same; numbers by value. */
export function isSame(value: unknown, fixed: unknown): boolean {
  if (!isObject(fixed) || !isObject(value)) return isSameSimple(value, fixed);
  if (Array.isArray(fixed) || Array.isArray(value)) {
    return (
      Array.isArray(fixed) &&
      Array.isArray(value) &&
      fixed.length === value.length &&
      fixed.every((item, at) => isSame(value[at], item))
    );
  }
  const [own, wanted] = [Object.keys(value), Object.keys(fixed)];
  return own.length === wanted.length && wanted.every((key) => isSame(value[key], fixed[key]));
}

/** Whether a value has all that the pattern has: members, and for each item of an array some item. */
export function fitsPattern(value: unknown, pattern: unknown): boolean {
  if (!isObject(pattern) || !isObject(value)) return isSameSimple(value, pattern);
  if (Array.isArray(pattern)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return pattern.every((wanted) => items.some((item) => fitsPattern(item, wanted)));
  }
  return Object.keys(pattern).every((key) => fitsPattern(value[key], pattern[key]));
}

function isSameSimple(value: unknown, wanted: unknown): boolean {
  const [number, other] = [numberText(value), numberText(wanted)];
  if (number !== undefined && other !== undefined) return Number(number) === Number(other);
  return value === wanted;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isRawNumber(value);
}
