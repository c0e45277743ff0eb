import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../src/hl7v2/check-message.ts';
import { primitiveFault } from '../../src/hl7v2/primitive.ts';
import { limits } from '../../src/limits.ts';
import { hostileMessages, readSamples } from '../property/hostile-arbitrary.ts';

const head = (version = '2.5.1', type = 'ADT^A08^ADT_A01'): string =>
  `MSH|^~\\&|EHR|M|W|H|202605011000||${type}|C1|P|${version}\r`;
const good = ['EVN||202605011000', 'PID|1||M1^^^M^MR||Alvarez^Maria||19800101|F', 'PV1|1|O'];

function faults(segments: readonly string[], header = head()): readonly string[] {
  const bytes = Buffer.from(header + segments.map((segment) => `${segment}\r`).join(''));
  return checkMessage(bytes).faults.map(
    ({ position, kind, text }) => `${position} ${kind} ${text}`,
  );
}

/** The good message with a segment in another form. */
function with_(segment: string): readonly string[] {
  const name = segment.slice(0, 3);
  return good.map((each) => (each.startsWith(name) ? segment : each));
}

it('a message that conforms has no faults', () => {
  expect(faults(good)).toEqual([]);
});

describe('each kind of fault, with its place', () => {
  const table: readonly [string, readonly string[], readonly string[]][] = [
    ['a segment that is missing', good.slice(0, 2), ['MSH structure PV1 is missing']],
    [
      'a segment of another structure',
      [...good, 'OBR|1|||1^X^L'],
      ['OBR structure is not part of the message structure (after PV1)'],
    ],
    [
      'a segment of nobody',
      [...good, 'QQQ|1'],
      ['QQQ structure is not part of the message structure, and no segment of HL7 (after PV1)'],
    ],
    [
      'a misplaced segment',
      [good[0] ?? '', good[2] ?? '', good[1] ?? ''],
      ['PID structure stands out of order (after PV1)'],
    ],
    [
      'one too many',
      [...good, 'PID|2||M2^^^M^MR||B^C'],
      ['PID[4] structure comes more often than its structure allows (after PV1)'],
    ],
    ['a Z segment is none', [...good, 'ZPI|x|^^^&&&'], []],
    [
      'a required field',
      with_('PID|1||||Alvarez^Maria'),
      ['PID-3 required Patient Identifier List is missing'],
    ],
    [
      'a required component',
      with_('PID|1||^^^M^MR||Alvarez^Maria'),
      ['PID-3.1 required ID Number is missing'],
    ],
    ['null is a value', with_('PID|1||M1^^^M^MR||Alvarez^Maria||""|""'), []],
    [
      'too many repetitions',
      with_('PV1|1|O~I'),
      ['PV1-2 cardinality may come 1 times and comes 2 times'],
    ],
    [
      'a field that the version has not',
      with_('PV1|1|O' + '|'.repeat(51) + 'x'),
      ['PV1-53 undefined is no field of 2.5.1'],
    ],
    [
      'a component that the type has not',
      with_(`PID|1||M1^^^M^MR^^^^^^x||Alvarez^Maria`),
      ['PID-3.11 undefined is no component of CX'],
    ],
    [
      'components of a primitive',
      with_('PV1|1^2|O'),
      ['PV1-1 type is SI, which has no components'],
    ],
    ['a number', with_('PV1|one|O'), ['PV1-1 type is no SI: it is no sequence number']],
    [
      'a time',
      with_('EVN||2026-05-01'),
      ['EVN-2.1 type is no DTM: it is not of the form YYYY[MM[DD[HHMM[SS[.S]]]]][+ZZZZ]'],
    ],
    [
      'a date that is none',
      with_('PID|1||M1^^^M^MR||Alvarez^Maria||20260230'),
      ['PID-7.1 type is no DTM: The month has no such day'],
    ],
    [
      'a length',
      with_('PID|12345||M1^^^M^MR||Alvarez^Maria'),
      ['PID-1 length has 5 characters, more than 4'],
    ],
    [
      'a table of HL7',
      with_('PID|1||M1^^^M^MR||Alvarez^Maria^^^^^Q'),
      ['PID-5.7 table table 0200 has no Q'],
    ],
    [
      'no code at all is not repeated',
      with_('PID|1||M1^^^M^MR||Alvarez^Maria^^^^^His secret name'),
      [
        'PID-5.7 length has 15 characters, more than 1',
        'PID-5.7 table table 0200 has no such code',
      ],
    ],
    ['a table of the site', with_('PV1|1|Q'), []],
    [
      'the second repetition',
      with_('PID|1||M1^^^M^MR~^^^M^MR||Alvarez^Maria'),
      ['PID-3[1].1 required ID Number is missing'],
    ],
  ];
  it.each(table)('%s', (_, segments, expected) => {
    expect(faults(segments)).toEqual(expected);
  });

  it('OBX-5 is what OBX-2 says, and several segments have their index', () => {
    const oru = head('2.5.1', 'ORU^R01^ORU_R01');
    const body = ['PID|1||M1^^^M^MR||A^B', 'OBR|1|||1^X^L'];
    expect(
      faults(
        [
          ...body,
          'OBX|1|NM|1^X^L||five||||||F',
          'OBX|2|ST|1^X^L||five||||||F',
          'OBX|3|NM|1^X^L||5||||||Q',
        ],
        oru,
      ),
    ).toEqual(['OBX[3]-5 type is no NM: it is no number', 'OBX[5]-11 table table 0085 has no Q']);
  });
});

describe('versions', () => {
  it.each([
    '2.1',
    '2.2',
    '2.3',
    '2.3.1',
    '2.4',
    '2.5',
    '2.5.1',
    '2.6',
    '2.7',
    '2.7.1',
    '2.8',
    '2.8.1',
    '2.8.2',
    '2.9',
  ])('%s is known', (version) => {
    expect(faults(good, head(version)).filter((each) => each.startsWith('MSH-12'))).toEqual([]);
  });
  it.each([
    ['', 'is empty'],
    ['3.0', 'is no version'],
    ['2.10', 'is no version'],
  ])('%s is told', (version, text) => {
    expect(faults(good, head(version)).join()).toContain(`MSH-12 table ${text}`);
  });
  it('a field of a later version is told, a length is up to 2.6', () => {
    const segments = with_(`PID|12345||M1^^^M^MR||Alvarez^Maria${'|'.repeat(35)}x`);
    expect(faults(segments, head('2.5.1'))).toContain('PID-40 undefined is no field of 2.5.1');
    expect(faults(segments, head('2.8')).join()).not.toMatch(/PID-40 undefined|PID-1 length/);
  });
});

it.each([
  ['nothing', '', 'The message is empty'],
  ['no message', 'hello', 'does not begin with MSH'],
  ['no separators', 'MSHabc', 'MSH-1 is not a field separator'],
])('%s is a fault of syntax', (_, text, said) => {
  expect(checkMessage(Buffer.from(text)).faults).toMatchObject([
    { kind: 'syntax', text: expect.stringContaining(said) as string },
  ]);
});

it('is bounded', () => {
  const many = Array.from({ length: 2000 }, (_, index) => `OBX|x|NM|||${index}x`);
  expect(faults(many)).toHaveLength(limits.conformanceFaultsMax);
});

it('never throws, whatever the message', () => {
  fc.assert(
    fc.property(hostileMessages(readSamples()), ({ bytes }) => {
      for (const { position, text } of checkMessage(bytes).faults) {
        expect(position).not.toBe('');
        expect(text).not.toBe('');
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

it.each([
  ['NM', '-1.50', true],
  ['NM', '<5', false],
  ['NM', '1,5', false],
  ['TM', '1030', true],
  ['TM', '103059.123+0100', true],
  ['TM', '10:30', false],
  ['DT', '202605', true],
  ['DT', '20260501101', false],
  ['TS', '20260501101010.1234-0500', true],
  ['ST', 'anything', true],
  ['constructor', 'x', true],
])('%s %s', (type, text, isGood) => {
  expect(primitiveFault(type, text) === undefined).toBe(isGood);
});
