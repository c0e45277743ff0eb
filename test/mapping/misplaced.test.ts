import { describe, expect, it } from 'vitest';
import { openMaps } from '../../src/cli/maps.ts';
import { mapWith, messageOf, msh } from './pack-fixture.ts';

const { pack, faults } = await openMaps({ site: '', zone: 'UTC' });
if (!pack) throw new Error(JSON.stringify(faults));

const pid = 'PID|1||84^^^MERCY^MR||Doe^Jo';
const obr = 'OBR|1||F1^LAB|GLU^Glucose^L|||20260101||||||||||||||||||F';
const result = (id: string): string => `OBX|1|NM|${id}^A test^L||4|mmol/L|||||F`;
const sequence = (segments: readonly string[]) =>
  mapWith(pack, messageOf(msh('ORU^R01'), ...segments)).issues.filter(
    ({ code }) => code === 'segment-sequence',
  );

describe('a segment where the message structure has no place for it', () => {
  it('a result before the person and the order is named, with its position', () => {
    const [first] = sequence([result('GLU'), pid, obr, result('K')]);
    expect(first).toMatchObject({ severity: 'warning', location: 'OBX[1]' });
  });

  it('a result that is nobody’s is refused, and its place named', () => {
    const { issues } = mapWith(pack, messageOf(msh('ORU^R01'), result('GLU'), pid, obr));
    expect(issues.filter(({ severity }) => severity === 'error')).toEqual([
      {
        code: 'required-field',
        severity: 'error',
        diagnostics: 'Observation was not made: its required subject has no value',
        location: 'OBX',
      },
    ]);
  });

  it('nothing is said of a message in order', () => {
    expect(sequence([pid, obr, result('GLU'), result('K')])).toEqual([]);
  });
});
