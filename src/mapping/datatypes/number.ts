import { rawNumber } from '../../fhir/decimal.ts';
import type { Json } from '../../fhir/resource.ts';

const decimalForm = /^[+-]?(\d+)(\.\d+)?$/;
const exactDigitsMax = 15;

/**
 * An HL7 NM as a JSON number, to the digit (`1.00` stays `1.00`). Leading zeros and a plus sign, which
 * JSON does not have, go. Undefined where the text is no number, or one past what a double can tell.
 */
export function decimal(text: string): Json | undefined {
  const trimmed = text.trim();
  if (!decimalForm.test(trimmed)) return undefined;
  if (!Number.isFinite(Number(trimmed))) return undefined;
  const digits = trimmed.replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1');
  const short = digits.length <= exactDigitsMax && String(Number(digits)) === digits;
  return short ? Number(digits) : rawNumber(digits);
}

/** An integer within a FHIR integer's 32 bits and at least `least`, or undefined. */
export function integer(text: string, least: number): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d{1,10}$/.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return value >= least && value <= 2_147_483_647 ? value : undefined;
}
