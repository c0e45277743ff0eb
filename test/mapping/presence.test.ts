import { describe, expect, it } from 'vitest';
import { elementsOf, mapWith, messageOf, msh, packOf, patientMap } from './pack-fixture.ts';
import type { MappingResult } from '../../src/mapping/result.ts';

function run(slots: string, ...segments: readonly string[]): MappingResult {
  return mapWith(packOf(patientMap(slots)), messageOf(msh('ADT^A01'), ...segments));
}

function patient(result: MappingResult): Record<string, unknown> {
  return elementsOf(result.resources[0]?.resource);
}

function lost(result: MappingResult): readonly string[] {
  return result.loss
    .map(({ position }) => position)
    .filter((position) => !position.startsWith('MSH'));
}

/** What a slot does that has nothing to read: it does not run, and nobody notices. */
describe('a slot without anything to read', () => {
  it('leaves what its condition reads as read', () => {
    const slots = 'name: PID-5\nbirthDate: { from: PID-7, when: "PID-8 = F" }';
    expect(lost(run(slots, 'PID|||||Doe|||M'))).toEqual([]);
    expect(lost(run('name: PID-5', 'PID|||||Doe|||M'))).toEqual(['PID-8']);
  });

  it('leaves what the conditions inside of its set read as read', () => {
    const slots = `name: PID-5
contact: { set: { name: { from: PID-9, when: "PID-8 = F" }, gender: { const: male } } }`;
    const result = run(slots, 'PID|||||Doe|||M');
    expect(lost(result)).toEqual([]);
    expect(patient(result)['contact']).toBeUndefined();
  });

  it('gives its constant alternative, and no element of constants alone', () => {
    const slots = `name: PID-5
gender: { oneOf: [{ from: PID-8 }, { const: unknown }] }
communication: { set: { language: { set: { coding: { const: { code: en } }, text: PID-15 } } } }`;
    const result = run(slots, 'PID|||||Doe');
    expect(patient(result)).toMatchObject({ gender: 'unknown' });
    expect(patient(result)['communication']).toBeUndefined();
    expect(result.trace.map(({ target }) => target)).toEqual(['patient.name[0]', 'patient.gender']);
  });

  it('still tells of what is required', () => {
    const slots = 'name: PID-5\nbirthDate: { from: PID-7, required: warn }';
    expect(run(slots, 'PID|||||Doe').issues.map(({ code }) => code)).toEqual(['required-field']);
    const inner = `name: PID-5
communication: { set: { language: { from: PID-15, required: warn } } }`;
    expect(run(inner, 'PID|||||Doe').issues.map(({ code }) => code)).toEqual(['required-field']);
  });

  it('takes a required element for given where an earlier slot filled it', () => {
    const slots = `name: PID-5
gender: { from: PID-8 }
again: { at: gender, from: PID-10, required: true }`;
    const result = run(slots, 'PID|||||Doe|||female');
    expect(patient(result)).toMatchObject({ gender: 'female' });
  });

  it('runs where a field holds "" or separators alone', () => {
    const slots = 'name: PID-5\nbirthDate: PID-7\nmaritalStatus: PID-16';
    const result = run(slots, 'PID|||||Doe||""|||||||||^^');
    expect(result.resources[0]?.clears).toEqual(['birthDate']);
  });

  it('finds the segment that it can see, as ever', () => {
    const slots = 'name: PID-5\nbirthDate: PD1-13';
    expect(patient(run(slots, 'PID|||||Doe', 'PD1|||||||||||||19800203'))).toMatchObject({
      birthDate: '1980-02-03',
    });
  });

  it('leaves what the condition of an alternative reads as read, though another gives the value', () => {
    const slots = `name: PID-5
deceased: { at: "deceased[x]", oneOf: [{ from: PID-29, as: dateTime, when: "PID-8 = F" }, { from: PID-30, as: boolean }] }`;
    const result = run(slots, `PID|||||Doe|||M${'|'.repeat(22)}Y`);
    expect(patient(result)).toMatchObject({ deceasedBoolean: true });
    expect(lost(result)).toEqual([]);
  });
});

/** Where nothing before it can have filled its element, a slot does not look. */
describe('a slot whose element may have a value', () => {
  it('is passed over where a slot of another type of the same element came first', () => {
    const slots = `name: PID-5
order: { at: multipleBirthInteger, from: PID-25, as: integer }
twin: { at: "multipleBirth[x]", from: PID-24, as: boolean }`;
    const both = patient(run(slots, `PID|||||Doe${'|'.repeat(19)}Y|2`));
    expect(both).toMatchObject({ multipleBirthInteger: 2 });
    expect(both['multipleBirthBoolean']).toBeUndefined();
  });

  it('is passed over where a slot of the whole element came first', () => {
    const slots = `name: PID-5
marital: { at: maritalStatus, from: PID-16 }
text: { at: maritalStatus.text, from: PID-17, as: string }`;
    const text = (segment: string): unknown => patient(run(slots, segment))['maritalStatus'];
    expect(text(`PID|||||Doe${'|'.repeat(11)}M^Married^^^^^^^wed|other`)).toMatchObject({
      text: 'wed',
    });
    expect(text(`PID|||||Doe${'|'.repeat(12)}other`)).toEqual({ text: 'other' });
  });

  it('is passed over in a reference of which the value has said as much', () => {
    const doctor = `  doctor:
    type: Practitioner
    from: PD1-4
    key: '1'
    set: { identifier: { from: '.', as: Identifier } }
`;
    const slots = `name: PID-5
generalPractitioner: { each: PD1-4, to: doctor, set: { display: { const: somebody } } }`;
    const { resources } = mapWith(
      packOf({ 'a.map.yaml': `${patientMap(slots)['a.map.yaml'] ?? ''}${doctor}` }),
      messageOf(msh('ADT^A01'), 'PID|||||Doe', 'PD1||||7001^Okafor^Ngozi'),
    );
    const [made] = resources.filter(({ name }) => name === 'patient');
    expect(elementsOf(made?.resource)).toMatchObject({
      generalPractitioner: [{ display: 'Ngozi Okafor' }],
    });
  });
});
