import { isRawNumber } from './decimal.ts';
import { isLogicalId } from './reference.ts';
import type { Property } from './shape.ts';
import type { Fault } from './fault.ts';

const dateTimeForm = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;
const integerText = /^-?(?:0|[1-9]\d*)$/;
const integerTypes: ReadonlySet<string> = new Set(['integer', 'positiveInt', 'unsignedInt']);

/**
 * What the base passes over in a primitive value: a JSON type that only looks right, a logical id, times
 * without seconds or zone, integers written with a fraction (http://hl7.org/fhir/R4/datatypes.html).
 */
export function primitiveFault(value: unknown, property: Property): Fault | undefined {
  if (typeof value === 'object' && !isRawNumber(value)) {
    return { code: 'structure', diagnostics: 'A simple value is expected here' };
  }
  if (typeof value === 'string') return textFault(value, property);
  if (isRawNumber(value) && integerTypes.has(property.type) && !integerText.test(value.rawJSON)) {
    return { code: 'value', diagnostics: 'An integer has no fraction and no exponent' };
  }
  return undefined;
}

function textFault(value: string, { type, key, element }: Property): Fault | undefined {
  if (value === '') return { code: 'structure', diagnostics: 'A text may not be empty' };
  // `id` is in the summary of every resource, and that of an element in none.
  if (key === 'id' && element.summary && !isLogicalId(value)) {
    return { code: 'id-invalid', diagnostics: 'A logical id must match [A-Za-z0-9-.]{1,64}' };
  }
  if (type === 'dateTime' && !dateTimeForm.test(value)) {
    return { code: 'value', diagnostics: 'A dateTime with a time needs seconds and a zone' };
  }
  return undefined;
}
