import { expect, it } from 'vitest';
import { checkDigitFault } from '../../src/fhir/check-digit.ts';

const loinc = 'http://loinc.org';
const snomed = 'http://snomed.info/sct';

it.each([
  ...['2823-3', '2951-2', '718-7', '4548-4', '1-8', '100019-9', 'LA6576-8', 'LP14885-5'].map(
    (code) => [loinc, code],
  ),
  ...['38341003', '73211009', '404684003', '22298006', '900000000000207008'].map((code) => [
    snomed,
    code,
  ]),
  ['http://example.org', 'anything'],
])('%s has %s', (system, code) => {
  expect(checkDigitFault(system, code)).toBeUndefined();
});

it.each([
  [loinc, '2823-4', 'has a wrong check digit'],
  [loinc, '2832-3', 'has a wrong check digit'],
  [loinc, '08-Jan', 'is not of the form 2823-3'],
  [loinc, 'K', 'is not of the form 2823-3'],
  [snomed, '38341004', 'has a wrong check digit'],
  [snomed, '38314003', 'has a wrong check digit'],
  [snomed, '3.8341E+07', 'is not of the form 38341003'],
])('%s has no %s', (system, code, fault) => {
  expect(checkDigitFault(system, code)).toBe(fault);
});
