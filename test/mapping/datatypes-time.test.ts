import { describe, expect, it } from 'vitest';
import { convert, type Given } from './convert-fixture.ts';

const utc = 'information: A time without offset was taken as UTC; give the feed a zone';

describe('times', () => {
  it.each([
    ['DTM[dateTime]', '1980', '1980'],
    ['DTM[dateTime]', '198002', '1980-02'],
    ['DTM[dateTime]', '19800203', '1980-02-03'],
    ['DTM[dateTime]', '19800000', '1980'],
    ['DTM[dateTime]', '198002031530-0500', '1980-02-03T15:30:00-05:00'],
    ['DTM[dateTime]', '19800203153012.1234+01', '1980-02-03T15:30:12.1234+01:00'],
    ['DTM[dateTime]', '198002032400+0100', '1980-02-04T00:00:00+01:00'],
    ['DTM[date]', '198002031530', '1980-02-03'],
    ['TS[instant]', '198002031530+0000', '1980-02-03T15:30:00+00:00'],
    ['DTM[time]', '198002031530', '15:30:00'],
    ['TM[time]', '0830', '08:30:00'],
    ['DTM[Period]', '1980', { start: '1980' }],
    ['DR[Period]', '1980^1981', { start: '1980', end: '1981' }],
  ])('%s of %s', (name, text, value) => {
    expect(convert(name, text).typed).toMatchObject({ value });
  });

  it('takes the offset of the value, else of MSH-7, else of the feed’s zone, else UTC with a remark', () => {
    const time = '198002031530';
    const dateTime = (text: string, given: Given) => convert('DTM[dateTime]', text, given);
    const said = { offset: '+02:00', zone: '+03:00' };
    expect(dateTime(`${time}+0100`, said).typed).toMatchObject({
      value: '1980-02-03T15:30:00+01:00',
    });
    expect(dateTime(time, said).typed).toMatchObject({ value: '1980-02-03T15:30:00+02:00' });
    expect(dateTime(time, { zone: '+03:00' }).typed).toMatchObject({
      value: '1980-02-03T15:30:00+03:00',
    });
    expect(dateTime(time, {})).toEqual({
      typed: { type: 'dateTime', value: '1980-02-03T15:30:00Z' },
      remarks: [utc],
    });
  });

  it.each(['19801332', 'yesterday', '1980-02-30'])('leaves out %s with a warning', (text) => {
    const { typed, remarks } = convert('DTM[dateTime]', text);
    expect(typed).toBeNull();
    expect(remarks).toEqual(['warning: The value is not a date or time of HL7; it was left out']);
  });

  it('makes no instant of a date alone', () => {
    expect(convert('DTM[instant]', '19800203').typed).toBeNull();
  });
});

const systems = {
  gts: 'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation',
  v2: 'http://terminology.hl7.org/CodeSystem/v2-0335',
};

function coded(system: keyof typeof systems, code: string) {
  return { coding: [{ system: systems[system], code }], text: code };
}

describe('timing', () => {
  it.each([
    [
      'RPT[Timing]',
      'BID',
      { repeat: { frequency: 2, period: 1, periodUnit: 'd' }, code: coded('gts', 'BID') },
    ],
    [
      'RPT[Timing]',
      'Q6H',
      { repeat: { frequency: 1, period: 6, periodUnit: 'h' }, code: { text: 'Q6H' } },
    ],
    [
      'RPT[Timing]',
      '^DW^1^5^1^W^^PC^30^MIN',
      {
        repeat: {
          frequency: 1,
          period: 1,
          periodUnit: 'wk',
          dayOfWeek: ['mon', 'tue', 'wed', 'thu', 'fri'],
          when: ['PC'],
          offset: 30,
        },
      },
    ],
    ['RPT[Timing]', '^DW^3', { repeat: { dayOfWeek: ['wed'] } }],
    ['RPT[Timing]', 'X^DW^8^9^1^^^ZZ^5^H', { code: { text: 'X' } }],
    [
      'RPT[Timing]',
      'HS^^^^^^^AC^2^H',
      { repeat: { when: ['AC'], offset: 120 }, code: { text: 'HS' } },
    ],
    [
      'RI[Timing]',
      'QD^0830,2015',
      {
        repeat: {
          ...{ frequency: 1, period: 1, periodUnit: 'd' },
          timeOfDay: ['08:30:00', '20:15:00'],
        },
        code: { text: 'QD' },
      },
    ],
    [
      'TQ[Timing]',
      '1^BID&0800^D7^^^^^^^^^14',
      {
        repeat: {
          ...{ frequency: 2, period: 1, periodUnit: 'd', timeOfDay: ['08:00:00'] },
          boundsDuration: { value: 7, unit: 'd', system: 'http://unitsofmeasure.org', code: 'd' },
          count: 14,
        },
        code: coded('gts', 'BID'),
      },
    ],
    ['TQ[Timing]', '1^^X3', { repeat: { count: 3 } }],
    ['TQ[Timing]', '1^Once^INDEF', { code: coded('v2', 'Once') }],
    [
      'TQ[Timing]',
      '1^Q8H^D3^20260101^20260104',
      {
        repeat: {
          frequency: 1,
          period: 8,
          periodUnit: 'h',
          boundsPeriod: { start: '2026-01-01', end: '2026-01-04' },
        },
        code: { text: 'Q8H' },
      },
    ],
  ])('%s of %s', (name, text, expected) => {
    expect(convert(name, text).typed).toEqual({ type: 'Timing', value: expected });
  });
});
