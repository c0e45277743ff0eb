import { describe, expect, it } from 'vitest';
import { canonicalUnit, canonicalValue } from '../../src/fhir/ucum.ts';

function canonical(value: number, code: string): readonly [number, string] | undefined {
  const unit = canonicalUnit(code);
  return unit && [canonicalValue(value, unit), unit.unit];
}

describe('canonical units', () => {
  it.each<readonly [number, string, number, string]>([
    [1, 'g/L', 100, 'mg/dL'],
    [5.4, 'mg', 0.0054, 'g'],
    [1, 'kg', 1000, 'g'],
    [70.3, 'kg', 70300, 'g'],
    [120, 'mm[Hg]', 15998.64, 'Pa'],
    [37, 'Cel', 310.15, 'K'],
    [98.6, '[degF]', 37, 'Cel'],
    [0, '[degRe]', 273.15, 'K'],
    [6, '[in_i]', 15.24, 'cm'],
    [2, 'h', 120, 'min'],
    [1, 'wk', 7, 'd'],
    [5, '%', 0.05, '1'],
    [3, '{score}', 3, '1'],
    [2, 'mg{creat}', 2, 'mg'],
    [36.6, 'Cel{oral}', 36.6, 'Cel'],
    [4, '10*3/uL', 4, '10*9/L'],
    [4, '10^3/uL', 4, '10*9/L'],
    [5, 'mmol/L', 0.005, 'mol/L'],
    [30, 'm[IU]/L', 30, 'u[IU]/mL'],
    [30, '[iU]/L', 30, '[IU]/L'],
    [1, "[arb'U]/mL", 1000, "[arb'U]/L"],
    [2, 'L/(min.m2)', 2, 'L/min/m2'],
  ])('%d %s is %d %s', (value, code, other, otherCode) => {
    expect(canonical(value, code)).toBeDefined();
    expect(canonical(value, code)).toEqual(canonical(other, otherCode));
  });

  it.each<readonly [number, string, number, string]>([
    [100, 'mg/dL', 1000, 'g.m-3'],
    [37, 'Cel', 310.15, 'K'],
    [7.4, '[pH]', 7.4, '[pH]'],
    [3, 'dB', 3, 'dB'],
    [1, '[IU]/L', 1000, '[IU].m-3'],
    [1, '/min', 0.0166666666667, 's-1'],
    [12, '1', 12, '1'],
  ])('%d %s is written %d %s', (value, code, amount, unit) => {
    expect(canonical(value, code)).toEqual([amount, unit]);
  });

  it.each([
    ['[IU]/L', '/L'],
    ['[IU]', '1'],
    ['[IU]', "[arb'U]"],
    ['[pH]', 'mol/L'],
    ['dB', '1'],
    ['[CFU]/mL', '[PFU]/mL'],
  ])('%s does not compare with %s', (one, other) => {
    expect(canonicalUnit(one)?.unit).not.toBe(canonicalUnit(other)?.unit);
  });

  it.each([
    '',
    'zzz',
    'constructor',
    'toString',
    '__proto__',
    'mg/',
    '((((',
    '[lb_av]1000',
    'milligram',
  ])('%j is none', (code) => {
    expect(canonicalUnit(code)).toBeUndefined();
    expect(canonicalUnit(code)).toBeUndefined();
  });

  it('reads no endless code', () => {
    expect(canonicalUnit('m'.padEnd(101, '.m'))).toBeUndefined();
    expect(canonicalUnit(`${'('.repeat(49)}m${')'.repeat(49)}`)?.unit).toBe('m');
  });

  it('keeps open ends', () => {
    const unit = canonicalUnit('mg');
    expect(unit && canonicalValue(-Infinity, unit)).toBe(-Infinity);
  });
});
