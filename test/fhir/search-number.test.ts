import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { matches } from '../../src/fhir/search-match.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import { numberRows } from '../conformance/number-rows.ts';

function found(type: string, param: string, search: string, members: object): boolean {
  const { query, issues } = parseSearch([type], [[param, search]], { strict: true, now: 0 });
  expect(issues).toEqual([]);
  const entries = extractIndex({ resourceType: type, ...members });
  return matches(entries, { type, id: 'a', lastUpdated: 0 }, query.where);
}

describe('prefixes of numbers and quantities', () => {
  it('are at least a hundred rows, found and not', () => {
    expect(numberRows.length).toBeGreaterThan(100);
    expect(new Set(numberRows.map(({ expected }) => expected)).size).toBe(2);
  });

  it.each(numberRows)('$name is found by $search: $expected', ({ search, quantity, expected }) => {
    const mass = { ...quantity, system: 'http://unitsofmeasure.org', code: 'kg' };
    const plain = found('Observation', 'value-quantity', search, { valueQuantity: quantity });
    const unit = `${search}|http://unitsofmeasure.org|kg`;
    const canonical = found('Observation', 'value-quantity', unit, { valueQuantity: mass });
    expect([plain, canonical]).toEqual([expected, expected]);
    if ('comparator' in quantity) return;
    const { value } = quantity as { readonly value: number };
    const prediction = [{ probabilityDecimal: value }];
    expect(found('RiskAssessment', 'probability', search, { prediction })).toBe(expected);
  });
});
