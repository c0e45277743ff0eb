import { describe, expect, it } from 'vitest';
import {
  approximately,
  impreciseNumber,
  isRawNumber,
  numberText,
  rawNumber,
} from '../../src/fhir/decimal.ts';

/** The bounds as decimals: the test lets JavaScript read them, never compute them. */
const readings: readonly (readonly [text: string, lo: string, hi: string])[] = [
  ['100', '99.5', '100.5'],
  ['100.00', '99.995', '100.005'],
  ['1e2', '95', '105'],
  ['1E2', '95', '105'],
  ['1.0e2', '95', '105'],
  ['1.00e2', '99.5', '100.5'],
  ['5.4', '5.35', '5.45'],
  ['5.40', '5.395', '5.405'],
  ['5.4e-3', '0.00535', '0.00545'],
  ['2e-3', '0.00195', '0.00205'],
  ['0', '-0.5', '0.5'],
  ['0.0', '-0.05', '0.05'],
  ['-5', '-5.5', '-4.5'],
  ['-5.40', '-5.405', '-5.395'],
  ['+7', '6.5', '7.5'],
  ['.5', '0.45', '0.55'],
  ['0.1', '0.05', '0.15'],
  ['0.3', '0.25', '0.35'],
  ['1.1', '1.05', '1.15'],
  ['2.675', '2.6745', '2.6755'],
  ['1000000', '999999.5', '1000000.5'],
  ['123456789012345678', '123456789012345677.5', '123456789012345678.5'],
  ['0.000000001', '0.0000000005', '0.0000000015'],
  ['1e-10', '9.5e-11', '1.05e-10'],
  ['7e0', '6.95', '7.05'],
];

describe('impreciseNumber', () => {
  it.each(readings)('%s is [%s, %s)', (text, lo, hi) => {
    expect(impreciseNumber(text)).toEqual({
      value: Number(text),
      lo: Number(lo),
      hi: Number(hi),
    });
  });

  it.each([
    '',
    'abc',
    '1,5',
    '1.',
    '--1',
    '1e',
    '0x10',
    'Infinity',
    'NaN',
    '1e999',
    '1 ',
    '1e1000',
  ])('%j is no number', (text) => {
    expect(impreciseNumber(text)).toBeUndefined();
  });
});

describe('approximately', () => {
  it.each([
    ['100', 90, 110],
    ['-100', -110, -90],
    ['1', 0.5, 1.5],
    ['0', -0.5, 0.5],
  ])('%s is within %d and %d', (text, lo, hi) => {
    const number = impreciseNumber(text);
    expect(number && approximately(number)).toEqual({ value: Number(text), lo, hi });
  });
});

describe('raw numbers', () => {
  it('keep their text', () => {
    expect(JSON.stringify([rawNumber('1.00')])).toBe('[1.00]');
    expect(numberText(rawNumber('1.00'))).toBe('1.00');
    expect(numberText(1.5)).toBe('1.5');
    expect(numberText('1.5')).toBeUndefined();
    expect(numberText(NaN)).toBeUndefined();
    expect(isRawNumber({ rawJSON: '1' })).toBe(false);
  });
});
