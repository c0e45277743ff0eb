import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { Profiler, profileValuesMax, type Profile } from '../../src/hl7v2/profile.ts';

const head = (id: string, type = 'ORU^R01'): string =>
  `MSH|^~\\&|LAB|MERCY|WEIR|HUB|20260301||${type}|${id}|P|2.5.1`;

function profileOf(...messages: readonly (readonly string[])[]): Profile {
  const profiler = new Profiler();
  for (const segments of messages) {
    const { message } = parseMessage(segments.join('\r'));
    if (message !== undefined) profiler.add(message, 'utf-8');
  }
  return profiler.result();
}

const fieldOf = ({ fields }: Profile, position: string) =>
  fields.find((field) => field.position === position);

describe('a profile of messages', () => {
  const profile = profileOf(
    [
      head('1'),
      'PID|1||77^^^MERCY^MR~9^^^STATE^SS||SHAW^ALAN||19660214|M',
      'OBR|1||F-1|CHEM^Chemistry^LAB',
      'OBX|1|NM|K^Potassium^LAB||4.1|mmol/L||N|||F',
      'OBX|2|NM|NA^Sodium^LAB||140|mmol/L||""|||F',
      'ZLB|1|FASTING since 0600',
    ],
    [head('2', 'ADT^A08'), 'PID|1||78^^^MERCY^MR||REED^ANN'],
  );

  it('counts messages by type, version, charset, sender and authority', () => {
    expect(profile).toMatchObject({
      messages: 2,
      types: [
        { value: 'ORU^R01', count: 1 },
        { value: 'ADT^A08', count: 1 },
      ],
      versions: [{ value: '2.5.1', count: 2 }],
      charsets: [{ value: 'utf-8', count: 2 }],
      senders: [{ value: 'LAB|MERCY', count: 2 }],
      authorities: [
        { value: 'MERCY', count: 2 },
        { value: 'STATE', count: 1 },
      ],
    });
  });

  it('names segments, how many there are of them, and those that HL7 does not know', () => {
    const of = (name: string) => profile.segments.find((segment) => segment.name === name);
    expect(of('OBX')).toEqual({ name: 'OBX', known: true, count: 2, messages: 1, most: 2 });
    expect(of('ZLB')).toEqual({ name: 'ZLB', known: false, count: 1, messages: 1, most: 1 });
  });

  it('says of a field how it is used', () => {
    expect(fieldOf(profile, 'PID-3')).toMatchObject({
      dataType: 'CX',
      valued: 2,
      nulls: 0,
      repetitionsMax: 2,
      lengthMax: 26,
      components: [1, 4, 5],
    });
    expect(fieldOf(profile, 'OBX-8')).toMatchObject({ valued: 1, nulls: 1 });
    expect(fieldOf(profile, 'PID-4')).toBeUndefined();
  });

  it('shows codes with their system, and of nothing else what it says', () => {
    expect(fieldOf(profile, 'OBX-3')?.codes).toEqual([
      { value: 'K^^LAB', count: 1 },
      { value: 'NA^^LAB', count: 1 },
    ]);
    expect(fieldOf(profile, 'ZLB-2')?.shapes).toEqual([{ value: 'AAAAAAA AAAAA 9999', count: 1 }]);
    expect(JSON.stringify(profile)).not.toMatch(/SHAW|ALAN|REED|FASTING/);
  });

  it('keeps no more distinct values of a field than its bound', () => {
    const codes = Array.from({ length: profileValuesMax + 50 }, (_, n) => `OBX|1|ST|C${String(n)}`);
    const { codes: kept = [] } = fieldOf(profileOf([head('3'), ...codes]), 'OBX-3') ?? {};
    expect(kept).toHaveLength(profileValuesMax + 1);
    expect(kept[0]).toEqual({ value: 'other', count: 50 });
  });
});
