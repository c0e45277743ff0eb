import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { matches } from '../../src/fhir/search-match.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';
import { dateRows, dateSentences, firstHour } from '../conformance/date-rows.ts';

function found(search: string, effective: object): boolean {
  const now = (firstHour + 24) * 3_600_000;
  const parsed = parseSearch(['Observation'], [['date', search]], { strict: true, now });
  expect(parsed.issues).toEqual([]);
  const entries = extractIndex({ resourceType: 'Observation', ...effective });
  return matches(entries, { type: 'Observation', id: 'a', lastUpdated: 0 }, parsed.query.where);
}

describe('date search', () => {
  it('has a table worth the name', () => {
    expect(dateRows.length).toBeGreaterThanOrEqual(125);
    expect(dateRows.filter(([, , expected]) => expected).length).toBeGreaterThan(60);
  });

  it.each(dateRows)('%s finds %s: %s', (search, _name, expected, effective) => {
    expect(found(search, effective)).toBe(expected);
  });

  it.each(dateSentences)('%s on %j is %s', (search, effective, expected) => {
    expect(found(search, effective)).toBe(expected);
  });

  it('takes _lastUpdated as the instant it is', () => {
    const at = Date.parse('2020-05-01T10:00:00.500Z');
    const hit = (search: string): boolean => {
      const params = [['_lastUpdated', search]] as const;
      const { query } = parseSearch(['Patient'], params, { strict: true, now: 0 });
      return matches([], { type: 'Patient', id: 'a', lastUpdated: at }, query.where);
    };
    expect(hit('2020-05-01')).toBe(true);
    expect(hit('gt2020-05-01T10:00:00.500Z')).toBe(false);
    expect(hit('ge2020-05-01T10:00:00.500Z')).toBe(true);
    expect(hit('lt2020-05-01T10:00:00.501Z')).toBe(true);
    expect(hit('lt2020-05-01')).toBe(false);
  });
});
