import type { RawNumber } from './resource.ts';

/** A reading of what `JSON.rawJSON` makes; the types of ES2026 that TypeScript's library lacks yet. */
interface RawJsonApi {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}

const rawJson = JSON as unknown as RawJsonApi;

/** A number that is written back as this very text; the text must be a JSON number. */
export function rawNumber(text: string): RawNumber {
  return rawJson.rawJSON(text);
}

export function isRawNumber(value: unknown): value is RawNumber {
  return rawJson.isRawJSON(value);
}

/** The source text of a JSON number, plain or raw; undefined for anything else. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return isRawNumber(value) ? value.rawJSON : undefined;
}

/** A number as the search grammar and JSON have it: sign, digits, fraction, exponent. */
const numberForm = /^[+-]?(\d{1,200}(?:\.(\d{1,200}))?|\.(\d{1,200}))(?:[eE]([+-]?\d{1,3}))?$/;

/** A number with the interval that its digits mean: half a unit of the last digit either way. */
export interface ImpreciseNumber {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * Implicit precision (http://hl7.org/fhir/R4/search.html#number): `100` is [99.5, 100.5), `100.00` is
 * [99.995, 100.005). The specification gives [95, 105) for `1e2`, which is that of `1.0e2`: an exponent without
 * fraction is read as if `.0` stood there. The bounds are the doubles nearest to the decimal bounds. Undefined
 * where the text is no number or out of a double's range.
 */
export function impreciseNumber(text: string): ImpreciseNumber | undefined {
  const match = numberForm.exec(text);
  if (!match) return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  const [, mantissa = '', after, only, power] = match;
  const fraction = after ?? only ?? (power === undefined ? '' : '0');
  const exponent = Number(power ?? 0) - fraction.length;
  const negative = text.startsWith('-');
  // In tenths of the last digit: exact in integers, so that 5.40 - 0.005 is the double of 5.395.
  const digits = BigInt(`${mantissa.replace(/\..*/, '')}${fraction}`);
  const tenths = (negative ? -digits : digits) * 10n;
  return {
    value,
    lo: decimalValue(tenths - 5n, exponent - 1),
    hi: decimalValue(tenths + 5n, exponent - 1),
  };
}

/** The double nearest to digits * 10^exponent. */
function decimalValue(digits: bigint, exponent: number): number {
  return Number(`${String(digits)}e${String(exponent)}`);
}

/**
 * The interval of the prefix `ap`: a tenth of the value either way, but never less than the implicit
 * precision (http://hl7.org/fhir/R4/search.html#prefix recommends 10 %).
 */
export function approximately({ value, lo, hi }: ImpreciseNumber): ImpreciseNumber {
  const tenth = Math.abs(value) / 10;
  return { value, lo: Math.min(lo, value - tenth), hi: Math.max(hi, value + tenth) };
}
