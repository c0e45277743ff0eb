/**
 * The oracle: every date by hand as the list of hours it covers around 2013-01-14, so that the prefixes can be
 * worked out by counting hours, as the specification words them
 * (http://hl7.org/fhir/R4/search.html#prefix), without any interval arithmetic of the code under test.
 */
export const firstHour = Date.parse('2013-01-13T00:00:00Z') / 3_600_000;

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

/** What a search by date says of a target. */
export type DateRow = readonly [search: string, name: string, expected: boolean, effective: object];

export const dateRows: readonly DateRow[] = Object.keys(meaning).flatMap((prefix) =>
  searched
    .filter(([text]) => text !== '2013')
    .flatMap(([text, s]) =>
      targets.map(
        ([name, effective, t]) =>
          [prefix + text, name, meaning[prefix]?.(s, t) ?? false, effective] as const,
      ),
    ),
);

/** The specification's own sentences, and what other servers got wrong. */
export const dateSentences: readonly (readonly [
  search: string,
  effective: object,
  expected: boolean,
])[] = [
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
];
