/**
 * The oracle: searches and targets as intervals of whole thousandths, worked out by hand from the precision of the digits
 * (http://hl7.org/fhir/R4/search.html#number), and the prefixes as the specification words them.
 */
interface Searched {
  readonly text: string;
  readonly value: number;
  /** Half a unit of the last digit either way; the upper end is not in it. */
  readonly lo: number;
  readonly hi: number;
}

const searched: readonly Searched[] = [
  { text: '100', value: 100_000, lo: 99_500, hi: 100_500 },
  { text: '100.0', value: 100_000, lo: 99_950, hi: 100_050 },
  { text: '100.00', value: 100_000, lo: 99_995, hi: 100_005 },
  { text: '1e2', value: 100_000, lo: 95_000, hi: 105_000 },
  { text: '2e-1', value: 200, lo: 195, hi: 205 },
  { text: '-5', value: -5_000, lo: -5_500, hi: -4_500 },
];

/** Both ends are in a target; a comparator leaves one open. */
type Target = readonly [name: string, quantity: object, lo: number, hi: number];

const point = (value: number): Target => [
  String(value / 1_000),
  { value: value / 1_000 },
  value,
  value,
];

const targets: readonly Target[] = [
  ...[94_999, 95_000, 99_499, 99_500, 99_950, 99_995, 100_000, 100_004, 100_005].map(point),
  ...[100_049, 100_050, 100_499, 100_500, 104_999, 105_000].map(point),
  ...[194, 195, 200, 204, 205, -5_500, -5_000, -4_501, -4_500, 0].map(point),
  ['< 100', { comparator: '<', value: 100 }, -Infinity, 100_000],
  ['>= 100', { comparator: '>=', value: 100 }, 100_000, Infinity],
];

const meaning: Readonly<Record<string, (s: Searched, lo: number, hi: number) => boolean>> = {
  '': (s, lo, hi) => lo >= s.lo && lo < s.hi && hi <= s.hi,
  eq: (s, lo, hi) => lo >= s.lo && lo < s.hi && hi <= s.hi,
  ne: (s, lo, hi) => lo < s.lo || lo >= s.hi || hi > s.hi,
  gt: (s, _lo, hi) => hi > s.value,
  lt: (s, lo) => lo < s.value,
  ge: (s, _lo, hi) => hi >= s.value,
  le: (s, lo) => lo <= s.value,
  sa: (s, lo) => lo > s.value,
  eb: (s, _lo, hi) => hi < s.value,
};

/** What a search by number says of a quantity. */
export const numberRows = Object.entries(meaning).flatMap(([prefix, holds]) =>
  searched.flatMap((s) =>
    targets.map(([name, quantity, lo, hi]) => ({
      search: `${prefix}${s.text}`,
      name,
      quantity,
      expected: holds(s, lo, hi),
    })),
  ),
);
