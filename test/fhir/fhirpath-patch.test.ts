import { describe, expect, it } from 'vitest';
import { applyFhirPathPatch } from '../../src/fhir/fhirpath-patch.ts';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { parseJson, stringify } from '../../src/fhir/json.ts';
import type { JsonObject, Resource } from '../../src/fhir/resource.ts';

type Parts = Readonly<Record<string, unknown>>;

/** An operation from its parts: texts are valueString, numbers valueInteger, objects stand as they are. */
function operation(parts: Parts): JsonObject {
  const part = Object.entries(parts).map(([name, value]) => {
    if (name === 'type') return { name, valueCode: value };
    if (typeof value === 'number') return { name, valueInteger: value };
    return typeof value === 'string'
      ? { name, valueString: value }
      : { name, ...(value as object) };
  });
  return { name: 'operation', part } as JsonObject;
}

function patchOf(...operations: readonly Parts[]): JsonObject {
  return { resourceType: 'Parameters', parameter: operations.map(operation) };
}

function patched(resource: object, ...operations: readonly Parts[]): unknown {
  return applyFhirPathPatch(resource as Resource, patchOf(...operations));
}

const patient = {
  resourceType: 'Patient',
  id: '1',
  birthDate: '1920-01-01',
  name: [
    { use: 'official', family: 'Alvarez', given: ['Maria', 'J'] },
    { use: 'usual', text: 'Mia' },
  ],
  identifier: [
    { system: 'a', value: '1' },
    { system: 'b', value: '2' },
    { system: 'c', value: '3' },
  ],
};
const order = (result: unknown) =>
  (result as typeof patient).identifier.map(({ value }) => value).join('');
const identifiers = { type: 'move', path: 'Patient.identifier' };

describe('FHIRPath Patch', () => {
  it('adds a primitive, and in place of one that is there', () => {
    const added = patched(
      { resourceType: 'Patient' },
      { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1930-01-01' } },
    );
    expect(added).toEqual({ resourceType: 'Patient', birthDate: '1930-01-01' });
    const again = { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1931' } };
    expect(patched(added as object, again)).toMatchObject({ birthDate: '1931' });
  });

  it('adds to the end of a list, and begins one', () => {
    const value = { valueHumanName: { text: 'Third' } };
    const add = { type: 'add', path: 'Patient', name: 'name', value };
    expect(patched(patient, add)).toMatchObject({ name: [{}, {}, { text: 'Third' }] });
    expect(patched({ resourceType: 'Patient' }, add)).toMatchObject({ name: [{ text: 'Third' }] });
  });

  it('adds a group made of parts', () => {
    const value = {
      part: [
        { name: 'name', valueHumanName: { text: 'Ada' } },
        { name: 'relationship', valueCodeableConcept: { text: 'sister' } },
        { name: 'relationship', valueCodeableConcept: { text: 'guardian' } },
      ],
    };
    const result = patched(patient, { type: 'add', path: 'Patient', name: 'contact', value });
    expect(result).toMatchObject({
      contact: [
        { name: { text: 'Ada' }, relationship: [{ text: 'sister' }, { text: 'guardian' }] },
      ],
    });
  });

  it('keeps one type of a choice', () => {
    const observation = { resourceType: 'Observation', valueString: 'x' };
    const value = { valueQuantity: { value: 3 } };
    const expected = { resourceType: 'Observation', valueQuantity: { value: 3 } };
    expect(
      patched(observation, { type: 'add', path: 'Observation', name: 'value', value }),
    ).toEqual(expected);
    expect(patched(observation, { type: 'replace', path: 'Observation.value', value })).toEqual(
      expected,
    );
  });

  it('inserts at an index', () => {
    const value = { valueIdentifier: { value: '0' } };
    const insert = { type: 'insert', path: 'Patient.identifier', value };
    expect([0, 1, 3].map((index) => order(patched(patient, { ...insert, index })))).toEqual([
      '0123',
      '1023',
      '1230',
    ]);
    expect(patched({ resourceType: 'Patient' }, { ...insert, index: 0 })).toMatchObject({
      identifier: [{ value: '0' }],
    });
  });

  it('deletes what a path finds, with an empty list and the extensions of a primitive', () => {
    const remove = (path: string, from: object = patient) =>
      patched(from, { type: 'delete', path });
    expect(remove('Patient.birthDate')).not.toHaveProperty('birthDate');
    expect(order(remove("Patient.identifier.where(system = 'b')"))).toBe('13');
    expect(remove('Patient.name[0].given[1]')).toMatchObject({ name: [{ given: ['Maria'] }, {}] });
    expect(remove('Patient.deceased')).toEqual(patient);
    const one = { resourceType: 'Patient', name: [{ text: 'x' }], _birthDate: { id: 'a' } };
    expect(remove('Patient.name.first()', one)).not.toHaveProperty('name');
    expect(remove('Patient.birthDate', { ...one, birthDate: '2000' })).toEqual({
      resourceType: 'Patient',
      name: [{ text: 'x' }],
    });
  });

  it('replaces one element', () => {
    const replace = (path: string, value: object) =>
      patched(patient, { type: 'replace', path, value });
    const { name } = replace("Patient.name.where(use='official').given.last()", {
      valueString: 'K',
    }) as typeof patient;
    expect(name[0]?.given).toEqual(['Maria', 'K']);
    expect(replace('birthDate', { valueDate: '1921' })).toMatchObject({ birthDate: '1921' });
  });

  it.each([
    [0, 2, '231'],
    [2, 0, '312'],
    [1, 1, '123'],
  ])('moves %i to %i', (source, destination, expected) => {
    expect(order(patched(patient, { ...identifiers, source, destination }))).toBe(expected);
  });

  it('does one operation after the other, and leaves the given resource as it is', () => {
    const before = structuredClone(patient);
    const result = patched(
      patient,
      { type: 'delete', path: 'Patient.identifier[0]' },
      { type: 'replace', path: 'Patient.identifier[0].value', value: { valueString: 'two' } },
    );
    expect(order(result)).toBe('two3');
    expect(patient).toEqual(before);
  });

  it('keeps digits', () => {
    const { value: observation } = parseJson(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00}}',
    );
    const { value: parameters } = parseJson(
      stringify(patchOf({ type: 'add', path: 'Observation', name: 'status' })).replace(
        ']}]}',
        ',{"name":"value","valueCode":"final"}]}]}',
      ),
    );
    const result = applyFhirPathPatch(observation as unknown as Resource, parameters as JsonObject);
    expect(stringify(result)).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":1.00},"status":"final"}',
    );
  });

  it.each<[string, Parts]>([
    ['structure', { type: 'remove', path: 'Patient' }],
    ['structure', { path: 'Patient.birthDate' }],
    ['structure', { type: 'delete' }],
    ['structure', { type: 'add', path: 'Patient', name: 'birthDate' }],
    ['structure', { type: 'add', path: 'Patient', name: 'birthDate', value: {} }],
    ['structure', { ...identifiers, source: 0 }],
    ['value', { type: 'delete', path: 'Patient.name' }],
    ['value', { type: 'delete', path: 'Patient' }],
    ['value', { type: 'delete', path: 'Patient.name[' }],
    ['value', { type: 'delete', path: 'Patient.children()' }],
    ['value', { type: 'replace', path: 'Patient.photo', value: { valueString: 'x' } }],
    ['value', { type: 'add', path: 'Patient', name: 'nonsense', value: { valueString: 'x' } }],
    ['value', { type: 'add', path: 'Patient', name: 'deceased', value: { valueString: 'x' } }],
    [
      'value',
      { type: 'insert', path: 'Patient.birthDate', index: 0, value: { valueDate: '2000' } },
    ],
    ['value', { ...identifiers, source: 0, destination: 3 }],
    ['value', { ...identifiers, source: -1, destination: 0 }],
    ['not-supported', { type: 'delete', path: "Patient.name.where(family.matches('(a+)+b'))" }],
    ['limit', { type: 'delete', path: `Patient.name${'[0]'.repeat(1_000)}` }],
  ])('refuses as %s: %j', (code, parts) => {
    try {
      patched(patient, parts);
    } catch (error) {
      if (!(error instanceof OutcomeError)) throw error;
      expect(error.issues[0].code).toBe(code);
      expect(error.issues[0].diagnostics).not.toContain('Alvarez');
      return;
    }
    throw new Error('It was taken');
  });

  it.each([{}, { parameter: [{ name: 'other' }] }, { parameter: [3] }])(
    'refuses %j, which is no patch',
    (parameters) => {
      expect(() => applyFhirPathPatch(patient as Resource, parameters as JsonObject)).toThrow(
        /FHIRPath Patch/,
      );
    },
  );
});
