import { expect, it } from 'vitest';
import { maintenanceEnd } from '../../../src/feed/destination/maintenance.ts';

const night = { weekdays: [6], fromMinute: 22 * 60, toMinute: 2 * 60 + 30, zone: 'Europe/Rome' };

it.each([
  ['before', '2026-05-02T21:59:00+02:00', undefined],
  ['at its beginning', '2026-05-02T22:00:00+02:00', '2026-05-03T02:30:00+02:00'],
  ['past midnight', '2026-05-03T01:00:00+02:00', '2026-05-03T02:30:00+02:00'],
  ['at its end', '2026-05-03T02:30:00+02:00', undefined],
  ['on another day', '2026-05-03T22:30:00+02:00', undefined],
  // The clocks go forward at 02:00: 02:30 is 03:30.
  [
    'in the night of the change to summer',
    '2026-03-28T23:00:00+01:00',
    '2026-03-29T03:30:00+02:00',
  ],
] as const)('%s', (_, now, end) => {
  const found = maintenanceEnd([night], new Date(now));
  expect(found?.getTime()).toBe(end && Date.parse(end));
});
