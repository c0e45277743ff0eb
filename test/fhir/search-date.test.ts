import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { matches } from '../../src/fhir/search-match.ts';
import { parseSearch } from '../../src/fhir/search-parse.ts';

/**
 * The oracle: every date by hand as the list of hours it covers around 2013-01-14, so that the prefixes can be
 * worked out by counting hours, as the specification words them
 * (http://hl7.org/fhir/R4/search.html#prefix), without any interval arithmetic of the code under test.
 */
const firstHour = Date.parse('2013-01-13T00:00:00Z') / 3_600_000;

/** Hours 0..95 are the 13th to the 16th of January; -1 and 96 stand for all before and after. */
type Hours = readonly [first: number, last: number];

const searched: readonly (readonly [text: string, hours: Hours])[] = [
  ['2013', [-1, 96]],
  ['2013-01-13', [0, 23]],
  ['2013-01-14', [24, 47]],
  ['2013-01-15', [48, 71]],
  ['2013-01-16', [72, 95]],
];

const before = -1000;
const after = 1000;

const targets: readonly (readonly [name: string, effective: object, hours: Hours])[] = [
  ['the day', { effectiveDateTime: '2013-01-14' }, [24, 47]],
  ['the day before', { effectiveDateTime: '2013-01-13' }, [0, 23]],
  ['two days after', { effectiveDateTime: '2013-01-16' }, [72, 95]],
  ['three days', period('2013-01-13', '2013-01-15'), [0, 71]],
  ['from the day on', period('2013-01-14', undefined), [24, after]],
  ['up to the day', period(undefined, '2013-01-14'), [before, 47]],
  ['noon to noon', period('2013-01-13T12:00:00Z', '2013-01-14T11:59:59.999Z'), [12, 35]],
  ['across midnight', period('2013-01-14T22:00:00Z', '2013-01-15T01:59:59.999Z'), [46, 49]],
];

function period(start: string | undefined, end: string | undefined): object {
  return { effectivePeriod: { ...(start ? { start } : {}), ...(end ? { end } : {}) } };
}

/** What each prefix means, in hours of the search `s` and of the target `t`. */
const meaning: Readonly<Record<string, (s: Hours, t: Hours) => boolean>> = {
  '': ([s1, s2], [t1, t2]) => s1 <= t1 && t2 <= s2,
  eq: ([s1, s2], [t1, t2]) => s1 <= t1 && t2 <= s2,
  ne: ([s1, s2], [t1, t2]) => t1 < s1 || t2 > s2,
  gt: ([, s2], [, t2]) => t2 > s2,
  lt: ([s1], [t1]) => t1 < s1,
  ge: ([s1], [, t2]) => t2 >= s1,
  le: ([, s2], [t1]) => t1 <= s2,
  sa: ([, s2], [t1]) => t1 > s2,
  eb: ([s1], [, t2]) => t2 < s1,
};

const rows = Object.keys(meaning).flatMap((prefix) =>
  searched
    .filter(([text]) => text !== '2013')
    .flatMap(([text, s]) =>
      targets.map(
        ([name, effective, t]) =>
          [prefix + text, name, meaning[prefix]?.(s, t) ?? false, effective] as const,
      ),
    ),
);

function found(search: string, effective: object): boolean {
  const now = (firstHour + 24) * 3_600_000;
  const parsed = parseSearch(['Observation'], [['date', search]], { strict: true, now });
  expect(parsed.issues).toEqual([]);
  const entries = extractIndex({ resourceType: 'Observation', ...effective });
  return matches(entries, { type: 'Observation', id: 'a', lastUpdated: 0 }, parsed.query.where);
}

describe('date search', () => {
  it('has a table worth the name', () => {
    expect(rows.length).toBeGreaterThanOrEqual(125);
    expect(rows.filter(([, , expected]) => expected).length).toBeGreaterThan(60);
  });

  it.each(rows)('%s finds %s: %s', (search, _name, expected, effective) => {
    expect(found(search, effective)).toBe(expected);
  });

  /** The specification's own sentences, and what other servers got wrong. */
  it.each([
    ['eq2013-01-14', { effectiveDateTime: '2013-01-14T00:00:00Z' }, true],
    ['eq2013-01-14', { effectiveDateTime: '2013-01-14T10:00:00Z' }, true],
    ['eq2013-01-14', { effectiveDateTime: '2013-01-15T00:00:00Z' }, false],
    ['ne2013-01-14', { effectiveDateTime: '2013-01-15T00:00:00Z' }, true],
    ['ne2013-01-14', { effectiveDateTime: '2013-01-14T10:00:00Z' }, false],
    ['lt2013-01-14T10:00', { effectiveDateTime: '2013-01-14' }, true],
    ['gt2013-01-14T10:00', { effectiveDateTime: '2013-01-14' }, true],
    ['ge2013-03-14', period('2013-01-21', undefined), true],
    ['le2013-03-14', period('2013-01-21', undefined), true],
    ['sa2013-03-14', period('2013-03-15', undefined), true],
    ['sa2013-03-14', period('2013-01-21', undefined), false],
    ['sa2013-03-14', period(undefined, '2013-01-21'), false],
    ['eb2013-03-14', period('2013-03-15', undefined), false],
    ['eb2013-03-14', period('2013-01-21', undefined), false],
    ['eb2013-03-14', period(undefined, '2013-01-21'), true],
    ['ap2013-01-14', { effectiveDateTime: '2013-01-14' }, true],
    ['ap2013-03-14', { effectiveDateTime: '2013-01-21' }, false],
    ['2013-01', { effectiveDateTime: '2013-01-05' }, true],
    ['2013-01', { effectiveDateTime: '2013' }, false],
    ['2013-01-14T10:00:00+02:00', { effectiveDateTime: '2013-01-14T08:00:00Z' }, true],
    ['2013-01-14T10:00:00 02:00', { effectiveDateTime: '2013-01-14T10:00:00+02:00' }, true],
    ['2020,2013', { effectiveDateTime: '2013-01-14' }, true],
    ['2013-06', { effectiveTiming: { event: ['2013-06-02', '2013-06-20'] } }, true],
    ['2013-06-10', { effectiveTiming: { event: ['2013-06-02', '2013-06-20'] } }, false],
    ['sa2013-06', { effectiveTiming: { repeat: { boundsPeriod: { start: '2013-07-01' } } } }, true],
    ['2013', { effectiveTiming: { code: { text: 'QD' } } }, false],
  ] as const)('%s on %j is %s', (search, effective, expected) => {
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
