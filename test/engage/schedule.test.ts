import { describe, expect, it } from 'vitest';
import {
  inZone,
  instantOf,
  parseOffset,
  parseWallTime,
  quietUntil,
  shift,
} from '../../src/engage/schedule.ts';

describe('an offset on the wall clock', () => {
  it.each([
    // Spring in New York: 2026-03-08 has no 02:30.
    ['2026-03-08T09:00:00-04:00', '-P1D', 'America/New_York', '2026-03-07T09:00:00-05:00'],
    ['2026-03-09T09:00:00-04:00', '-P1D', 'America/New_York', '2026-03-08T09:00:00-04:00'],
    ['2026-03-09T02:30:00-04:00', '-P1D', 'America/New_York', '2026-03-08T03:30:00-04:00'],
    ['2026-03-08T09:00:00-04:00', '-PT24H', 'America/New_York', '2026-03-07T08:00:00-05:00'],
    // Autumn: 2026-11-01 has 01:30 twice.
    ['2026-11-01T09:00:00-05:00', '-P1D', 'America/New_York', '2026-10-31T09:00:00-04:00'],
    ['2026-11-02T09:00:00-05:00', '-P1D', 'America/New_York', '2026-11-01T09:00:00-05:00'],
    ['2026-11-02T01:30:00-05:00', '-P1D', 'America/New_York', '2026-11-01T01:30:00-05:00'],
    ['2026-10-31T01:30:00-04:00', 'P1D', 'America/New_York', '2026-11-01T01:30:00-04:00'],
    // Europe changes on other days; the south the other way round; some places by half an hour, or never.
    ['2026-03-29T09:00:00+02:00', '-P1D', 'Europe/Berlin', '2026-03-28T09:00:00+01:00'],
    ['2026-10-25T09:00:00Z', '-P1D', 'Europe/London', '2026-10-24T09:00:00+01:00'],
    ['2026-10-04T09:00:00+11:00', '-P1D', 'Australia/Sydney', '2026-10-03T09:00:00+10:00'],
    ['2026-10-04T09:00:00+11:00', '-P1D', 'Australia/Lord_Howe', '2026-10-03T09:00:00+10:30'],
    ['2026-03-08T09:00:00-07:00', '-P1D', 'America/Phoenix', '2026-03-07T09:00:00-07:00'],
    // A time told in another zone than the one it is meant in.
    ['2026-03-08T13:00:00Z', '-P1D', 'America/New_York', '2026-03-07T09:00:00-05:00'],
    // Months end differently.
    ['2026-08-31T09:00:00-04:00', '-P6M', 'America/New_York', '2026-02-28T09:00:00-05:00'],
    ['2028-02-29T09:00:00-05:00', '-P1Y', 'America/New_York', '2027-02-28T09:00:00-05:00'],
    ['2026-03-08T01:30:00-05:00', 'PT2H', 'America/New_York', '2026-03-08T04:30:00-04:00'],
  ])('%s %s in %s is %s', (from, offset, zone, expected) => {
    const moved = shift(new Date(from), parseOffset(offset), zone);
    expect(inZone(moved, zone)).toBe(expected);
  });

  it('may name the time of day', () => {
    const zone = 'America/New_York';
    const from = new Date('2026-03-10T14:15:30-04:00');
    const moved = shift(from, parseOffset('-P2D'), zone, parseWallTime('08:00'));
    expect(inZone(moved, zone)).toBe('2026-03-08T08:00:00-04:00');
  });

  it('reads a time without an offset on the wall', () => {
    expect(instantOf('2026-03-08T09:00:00', 'America/New_York')?.toISOString()).toBe(
      '2026-03-08T13:00:00.000Z',
    );
    expect(instantOf('soon', 'UTC')).toBeUndefined();
    expect(instantOf(undefined, 'UTC')).toBeUndefined();
  });

  it.each(['1D', 'P', 'PT', '24h', ''])('"%s" is no duration', (text) => {
    expect(() => parseOffset(text)).toThrow(`"${text}" is no ISO 8601 duration`);
  });
});

describe('quiet hours', () => {
  const night = { from: parseWallTime('20:00'), to: parseWallTime('08:00') };
  const noon = { from: parseWallTime('12:00'), to: parseWallTime('13:30') };
  it.each([
    ['2026-03-02T19:59:00-05:00', night, undefined],
    ['2026-03-02T20:00:00-05:00', night, '2026-03-03T08:00:00-05:00'],
    ['2026-03-03T07:59:00-05:00', night, '2026-03-03T08:00:00-05:00'],
    ['2026-03-03T08:00:00-05:00', night, undefined],
    // The night of the change is an hour shorter; its morning is at eight all the same.
    ['2026-03-07T23:00:00-05:00', night, '2026-03-08T08:00:00-04:00'],
    ['2026-03-02T12:30:00-05:00', noon, '2026-03-02T13:30:00-05:00'],
    ['2026-03-02T11:30:00-05:00', noon, undefined],
  ])('at %s', (at, quiet, until) => {
    const zone = 'America/New_York';
    const end = quietUntil(new Date(at), quiet, zone);
    expect(end && inZone(end, zone)).toBe(until);
  });
});
