import { describe, expect, it } from 'vitest';
import { aroundInterval, dateInterval, periodInterval } from '../../src/fhir/date-interval.ts';

/** Both ends as full instants, read by the platform. */
const readings: readonly (readonly [text: string, lo: string, hi: string])[] = [
  ['2013', '2013-01-01T00:00:00.000Z', '2014-01-01T00:00:00.000Z'],
  ['2013-01', '2013-01-01T00:00:00.000Z', '2013-02-01T00:00:00.000Z'],
  ['2013-12', '2013-12-01T00:00:00.000Z', '2014-01-01T00:00:00.000Z'],
  ['2013-01-14', '2013-01-14T00:00:00.000Z', '2013-01-15T00:00:00.000Z'],
  ['2012-02-29', '2012-02-29T00:00:00.000Z', '2012-03-01T00:00:00.000Z'],
  ['2000-02-29', '2000-02-29T00:00:00.000Z', '2000-03-01T00:00:00.000Z'],
  ['2013-01-14T10:00', '2013-01-14T10:00:00.000Z', '2013-01-14T10:01:00.000Z'],
  ['2013-01-14T10:00Z', '2013-01-14T10:00:00.000Z', '2013-01-14T10:01:00.000Z'],
  ['2013-01-14T10:00:05Z', '2013-01-14T10:00:05.000Z', '2013-01-14T10:00:06.000Z'],
  ['2013-01-14T10:00:05.5Z', '2013-01-14T10:00:05.500Z', '2013-01-14T10:00:05.501Z'],
  ['2013-01-14T10:00:05.123456Z', '2013-01-14T10:00:05.123Z', '2013-01-14T10:00:05.124Z'],
  ['2013-01-14T10:00:05+02:00', '2013-01-14T08:00:05.000Z', '2013-01-14T08:00:06.000Z'],
  ['2013-01-14T23:30:00-05:00', '2013-01-15T04:30:00.000Z', '2013-01-15T04:30:01.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:01.000Z'],
  ['0001', '0001-01-01T00:00:00.000Z', '0002-01-01T00:00:00.000Z'],
  ['0099-12-31', '0099-12-31T00:00:00.000Z', '0100-01-01T00:00:00.000Z'],
  ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
  ['9999', '9999-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z'],
];

const noDates = [
  ...['', '13', '2013-1', '2013-13', '2013-00', '2013-02-29', '1900-02-29', '2013-04-31'],
  ...[
    '2013-01-14T',
    '2013-01-14T10',
    '2013-01-14T24:00',
    '2013-01-14T10:60',
    '2013-01-14T10:00:61',
  ],
  ...['2013-01-14T10:00:00+15:00', '2013-01-14T10:00:00+10:60', '2013-01-14T10:00:00+1000'],
  ...['2013-01-14 10:00', '0000', '0000-01-01', '12013', 'notadate', '2013-01-14Z', ' 2013'],
];

function interval(lo: string, hi: string): { readonly lo: number; readonly hi: number } {
  return { lo: Date.parse(lo), hi: Date.parse(hi) };
}

describe('dateInterval', () => {
  it.each(readings)('%s is [%s, %s)', (text, lo, hi) => {
    expect(dateInterval(text)).toEqual(interval(lo, hi));
  });

  it.each(noDates)('%j is no date', (text) => {
    expect(dateInterval(text)).toBeUndefined();
  });
});

describe('periodInterval', () => {
  it('is open where a side is missing or no date', () => {
    const start = Date.parse('2013-01-14T00:00:00Z');
    expect(periodInterval('2013-01-14', undefined)).toEqual({ lo: start, hi: Infinity });
    expect(periodInterval('x', '2013-01-14')).toEqual({ lo: -Infinity, hi: start + 86_400_000 });
    expect(periodInterval(undefined, 5)).toBeUndefined();
  });
});

describe('aroundInterval', () => {
  const day = interval('2020-01-11T00:00:00Z', '2020-01-12T00:00:00Z');

  it('widens by a tenth of the distance from now', () => {
    const now = Date.parse('2020-01-22T00:00:00Z');
    expect(aroundInterval(day, now)).toEqual(
      interval('2020-01-10T00:00:00Z', '2020-01-13T00:00:00Z'),
    );
    const before = Date.parse('2020-01-01T00:00:00Z');
    expect(aroundInterval(day, before)).toEqual(
      interval('2020-01-10T00:00:00Z', '2020-01-13T00:00:00Z'),
    );
  });

  it('stays as it is around now', () => {
    expect(aroundInterval(day, Date.parse('2020-01-11T12:00:00Z'))).toEqual(day);
  });
});
