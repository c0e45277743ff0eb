import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, parseDateTime } from '../../src/hl7v2/datetime.ts';

describe('parseDateTime', () => {
  const day = { year: 2024, month: 2, day: 29 };
  it.each([
    ['2024', { precision: 'year', year: 2024 }],
    ['202402', { precision: 'month', year: 2024, month: 2 }],
    ['20240229', { precision: 'day', ...day }],
    ['2024022913', { precision: 'hour', ...day, hour: 13 }],
    ['202402291305', { precision: 'minute', ...day, hour: 13, minute: 5 }],
    ['20240229130507', { precision: 'second', ...day, hour: 13, minute: 5, second: 7 }],
    [
      '20240229130507.12345',
      { precision: 'fraction', ...day, hour: 13, minute: 5, second: 7, fraction: '12345' },
    ],
    ['2024022913+0100', { precision: 'hour', ...day, hour: 13, offset: '+0100' }],
    ['2024022913-05', { precision: 'hour', ...day, hour: 13, offset: '-0500' }],
    ['2024022913+05:30', { precision: 'hour', ...day, hour: 13, offset: '+0530' }],
    ['2024022913Z', { precision: 'hour', ...day, hour: 13, offset: '+0000' }],
    ['2024022913-0000', { precision: 'hour', ...day, hour: 13, offset: '+0000' }],
    ['20240229+0100', { precision: 'day', ...day }],
    [' 20240229 ', { precision: 'day', ...day }],
    ['202402292400', { precision: 'minute', year: 2024, month: 3, day: 1, hour: 0, minute: 0 }],
    ['2023123124', { precision: 'hour', year: 2024, month: 1, day: 1, hour: 0 }],
    [
      '20161231235960',
      { precision: 'second', year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60 },
    ],
  ])('%j', (text, value) => {
    expect(parseDateTime(text)).toEqual({ value });
  });

  it('gives the zone offset to a time that has none, never to a date', () => {
    const options = { zoneOffset: '-0500' };
    expect(parseDateTime('2024022913', options).value?.offset).toBe('-0500');
    expect(parseDateTime('2024022913+01', options).value?.offset).toBe('+0100');
    expect(parseDateTime('20240229', options).value).not.toHaveProperty('offset');
  });

  it.each([
    '',
    'unknown',
    '24',
    '202',
    '20241',
    '20240230',
    '20230229',
    '19000229',
    '20241301',
    '20240001',
    '20240100',
    '2024010125',
    '202401012401',
    '202401011060',
    '20240101101061',
    '00000000',
    '0000',
    '2024-01-31',
    '20240131T1000',
    '20240101101010.',
    '202401011010.5',
    '2024010110+1500',
    '2024010110+1460',
    '2024010110+1',
    '20240101 1010',
  ])('%j is a fault that does not quote it', (text) => {
    const { value, fault } = parseDateTime(text);
    expect(value).toBeUndefined();
    expect(fault).toBeTypeOf('string');
    if (text.length > 4) expect(fault).not.toContain(text);
  });

  it('reads every instant that formatInstant writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (instant) => {
          const { value } = parseDateTime(formatInstant(instant));
          expect(value).toMatchObject({
            precision: 'fraction',
            year: instant.getUTCFullYear(),
            month: instant.getUTCMonth() + 1,
            day: instant.getUTCDate(),
            hour: instant.getUTCHours(),
            offset: '+0000',
          });
        },
      ),
    );
  });
});
