import { describe, expect, it } from 'vitest';
import { elementsOf, mapWith, messageOf, msh, packOf, patientMap } from './pack-fixture.ts';

function map(slots: string, ...segments: readonly string[]) {
  const result = mapWith(packOf(patientMap(slots)), messageOf(msh('ADT^A01'), ...segments));
  const [first] = result.resources;
  return { patient: first && elementsOf(first.resource), clears: first?.clears, ...result };
}

const objectNames = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

describe('names of Object.prototype where a code is looked up', () => {
  it.each(objectNames)('%s is a code like any other', (name) => {
    const { patient } = map(
      'name: { each: PID-5, as: HumanName }\naddress: { each: PID-11, as: Address }\ntelecom: { each: PID-13, as: ContactPoint }\nmaritalStatus: { from: PID-16, as: CodeableConcept }',
      `PID|1||||Alvarez^^^^^^${name}||||||Main St^^^^^^${name}||555^${name}^${name}|||x^^${name}`,
    );
    expect(patient).toEqual({
      name: [{ family: 'Alvarez' }],
      address: [{ line: ['Main St'] }],
      telecom: [{ system: 'phone', value: '555' }],
      maritalStatus: {
        coding: [{ system: expect.stringMatching(/^urn:weir:codesystem:/) as string, code: 'x' }],
      },
    });
  });
});

describe('values that FHIR does not take', () => {
  it('a code has single blanks, a uri none', () => {
    const { patient } = map(
      'maritalStatus: { from: PID-16, as: CodeableConcept }\nimplicitRules: { from: PID-23, as: uri }',
      `PID|1${'|'.repeat(15)}M\t  x^Married^L${'|'.repeat(7)}http://a b\tc`,
    );
    expect(patient).toMatchObject({
      implicitRules: 'http://a%20b%09c',
      maritalStatus: { coding: [{ code: 'M x' }] },
    });
  });

  it('a period that ends before it begins has no end, and the message a warning', () => {
    const slots = 'identifier: { each: PID-3, as: Identifier }';
    const { patient, issues } = map(slots, 'PID|1||7^^^A^MR^^20260102^20260101');
    expect(patient).toMatchObject({ identifier: [{ period: { start: '2026-01-02' } }] });
    expect(JSON.stringify(patient)).not.toContain('end');
    expect(issues).toMatchObject([{ code: 'data-type', severity: 'warning' }]);
    const same = map(slots, 'PID|1||7^^^A^MR^^20260101^20260101');
    expect(same.patient).toMatchObject({ identifier: [{ period: { end: '2026-01-01' } }] });
  });

  it.each([
    ['20260630235960', '10', 'MIN'],
    ['99991231235900', '10', 'MIN'],
    ['20260101100000', '9'.repeat(400), 'MIN'],
    ['20260101100000', '1e999', 'MIN'],
    ['20260101100000', '10', 'constructor'],
  ])('%s plus %s %s gives nothing and breaks nothing', (start, amount, unit) => {
    const { patient } = map(
      'gender: { const: unknown }\ndeath: { at: "deceased[x]", as: dateTime, call: addDuration, args: { start: PID-29, amount: PID-25, unit: PID-26 } }\nbirthDate: PID-7',
      `PID|1||||||2000||||||||||||||||||${amount}|${unit}|||${start}`,
    );
    expect(patient).toEqual({ gender: 'unknown', birthDate: '2000' });
  });
});

it('an empty extension clears itself and no other', () => {
  const url = (name: string): string => `extension(http://example.org/${name})`;
  const { clears } = map(
    `race: { at: "${url('race')}.extension(text).valueString", from: PID-10 }\nplace: { at: "${url('place')}.valueString", from: PID-23 }\nbirthDate: PID-7`,
    'PID|1||||||2000|||""|||||||||||||Town',
  );
  expect(clears).toEqual([`${url('race')}.extension(text)`]);
});
