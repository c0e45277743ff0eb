import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/fhir/json.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import {
  asResource,
  codesAndPlaces,
  observation,
  patient,
  type PlantedFault,
} from './planted-fault.ts';
import { noSynthea, syntheaResources } from './synthea.ts';

const faults: readonly PlantedFault[] = [
  ['an unknown type', { resourceType: 'Martian' }, 'structure', ''],
  ['an abstract type', { resourceType: 'DomainResource' }, 'structure', ''],
  ['no type', { id: 'a' }, 'structure', ''],
  ['an unknown element', { ...patient, shoeSize: 42 }, 'structure', 'Patient.shoeSize'],
  [
    'an unknown element below',
    { ...patient, name: [{ nick: 'A' }] },
    'structure',
    'Patient.name[0].nick',
  ],
  [
    'a missing required element',
    { ...observation, status: undefined },
    'required',
    'Observation.status',
  ],
  [
    'a missing required group member',
    { ...patient, link: [{ type: 'refer' }] },
    'required',
    'Patient.link[0].other',
  ],
  [
    'one value where many may stand',
    { ...patient, name: { family: 'A' } },
    'structure',
    'Patient.name',
  ],
  [
    'many values where one may stand',
    { ...patient, gender: ['male'] },
    'structure',
    'Patient.gender',
  ],
  ['a number for a text', { ...patient, birthDate: 1970 }, 'structure', 'Patient.birthDate'],
  ['a text for a boolean', { ...patient, active: 'true' }, 'structure', 'Patient.active'],
  ['a text for a group', { ...patient, contact: ['Anna'] }, 'structure', 'Patient.contact[0]'],
  ['an object for a text', { ...patient, gender: { a: 1 } }, 'structure', 'Patient.gender'],
  ['an empty text', { ...patient, language: '' }, 'structure', 'Patient.language'],
  ['a blank text', { ...patient, name: [{ family: '  ' }] }, 'value', 'Patient.name[0].family'],
  ['an empty array', { ...patient, name: [] }, 'structure', 'Patient.name'],
  ['an empty object', { ...patient, name: [{}] }, 'structure', 'Patient.name[0]'],
  [
    'an empty object below',
    { ...observation, code: { coding: [{}] } },
    'structure',
    'Observation.code.coding[0]',
  ],
  ['a null', { ...patient, gender: null }, 'structure', 'Patient.gender'],
  ['a null among groups', { ...patient, name: [null] }, 'structure', 'Patient.name[0]'],
  [
    'a null without partner',
    { ...patient, name: [{ given: ['A', null] }] },
    'structure',
    'Patient.name[0].given[1]',
  ],
  [
    'nulls in both arrays',
    { ...patient, name: [{ given: ['A', null], _given: [{ id: 'x' }, null] }] },
    'structure',
    'Patient.name[0].given[1]',
  ],
  [
    'more extensions than values',
    { ...patient, name: [{ given: ['A'], _given: [null, { id: 'x' }] }] },
    'structure',
    'Patient.name[0].given',
  ],
  ['an underscore on a group', { ...patient, _name: [{ id: 'a' }] }, 'structure', 'Patient.name'],
  [
    'a value inside an underscore',
    { ...patient, _birthDate: { value: 'x' } },
    'structure',
    'Patient.birthDate',
  ],
  ['an id with a blank', { ...patient, id: 'bad id!' }, 'id-invalid', 'Patient.id'],
  ['an id of 65 characters', { ...patient, id: 'a'.repeat(65) }, 'id-invalid', 'Patient.id'],
  ['31 February', { ...patient, birthDate: '1990-02-31' }, 'value', 'Patient.birthDate'],
  [
    'a time in a date',
    { ...patient, birthDate: '1990-02-01T10:00:00Z' },
    'value',
    'Patient.birthDate',
  ],
  [
    'a time without zone',
    { ...observation, effectiveDateTime: '2020-01-01T10:00:00' },
    'value',
    'Observation.effective',
  ],
  [
    'a time without seconds',
    { ...observation, effectiveDateTime: '2020-01-01T10:00Z' },
    'value',
    'Observation.effective',
  ],
  ['hour 24', { ...observation, issued: '2020-01-01T24:00:00Z' }, 'value', 'Observation.issued'],
  [
    'an instant without time',
    { ...observation, issued: '2020-01-01' },
    'value',
    'Observation.issued',
  ],
  ['a code outside its value set', { ...patient, gender: 'zzz' }, 'code-invalid', 'Patient.gender'],
  ['a code in the wrong case', { ...patient, gender: 'Female' }, 'code-invalid', 'Patient.gender'],
  [
    'a code of a data type outside its value set',
    { ...patient, name: [{ family: 'A', use: 'sometimes' }] },
    'code-invalid',
    'Patient.name[0].use',
  ],
  [
    'a concept outside its value set',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/p1' },
      clinicalStatus: { coding: [{ system: 'http://example.org', code: 'active' }] },
    },
    'code-invalid',
    'Condition.clinicalStatus',
  ],
  [
    'two values of a choice',
    { ...patient, deceasedBoolean: true, deceasedDateTime: '2020' },
    'structure',
    'Patient.deceased',
  ],
  [
    'a choice of a type it has not',
    { ...patient, deceasedString: 'x' },
    'structure',
    'Patient.deceasedString',
  ],
  [
    'two values in an extension',
    { ...patient, extension: [{ url: 'http://e', valueString: 'a', valueCode: 'a' }] },
    'structure',
    'Patient.extension[0].value',
  ],
  [
    'an extension without url',
    { ...patient, extension: [{ valueString: 'a' }] },
    'required',
    'Patient.extension[0].url',
  ],
  [
    'an extension of nothing',
    { ...patient, extension: [{ url: 'http://e' }] },
    'invariant',
    'Patient.extension[0]',
  ],
  [
    'an extension with value and extensions',
    {
      ...patient,
      extension: [
        { url: 'http://e', valueString: 'a', extension: [{ url: 'b', valueString: 'c' }] },
      ],
    },
    'invariant',
    'Patient.extension[0]',
  ],
  [
    'a contact without details (pat-1)',
    { ...patient, contact: [{ gender: 'male' }] },
    'invariant',
    'Patient.contact[0]',
  ],
  [
    'a period that ends before it starts (per-1)',
    { ...patient, name: [{ period: { start: '2020', end: '2010' } }] },
    'invariant',
    'Patient.name[0].period',
  ],
  [
    'a contact point without system (cpt-2)',
    { ...patient, telecom: [{ value: '555' }] },
    'invariant',
    'Patient.telecom[0]',
  ],
  [
    'a unit code without system (qty-3)',
    { ...observation, valueQuantity: { value: 1, code: 'mg' } },
    'invariant',
    'Observation.value',
  ],
  [
    'a range upside down (rng-2)',
    { ...observation, valueRange: { low: { value: 9 }, high: { value: 1 } } },
    'invariant',
    'Observation.value',
  ],
  [
    'data without content type (att-1)',
    { ...patient, photo: [{ data: 'AAAA' }] },
    'invariant',
    'Patient.photo[0]',
  ],
  [
    'data that is not base64',
    { ...patient, photo: [{ contentType: 'a/b', data: 'A' }] },
    'value',
    'Patient.photo[0].data',
  ],
  [
    'an entry with a fault',
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        {
          fullUrl: 'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09',
          resource: { ...patient, gender: 'zzz' },
        },
      ],
    },
    'code-invalid',
    'Bundle.entry[0].resource.gender',
  ],
  [
    'a fraction in an integer',
    { ...patient, multipleBirthInteger: 1.5 },
    'value',
    'Patient.multipleBirth',
  ],
  [
    'a negative position',
    {
      resourceType: 'Encounter',
      status: 'planned',
      class: { code: 'AMB' },
      diagnosis: [{ condition: { reference: 'Condition/1' }, rank: -1 }],
    },
    'value',
    'Encounter.diagnosis[0].rank',
  ],
];

/** What looks odd and is right. */
const right: readonly (readonly [name: string, resource: object])[] = [
  ['a plain Patient', patient],
  [
    'an extension in place of a value',
    {
      ...patient,
      birthDate: undefined,
      _birthDate: { extension: [{ url: 'http://e', valueString: 'a' }] },
    },
  ],
  [
    'nulls with partners',
    {
      ...patient,
      name: [
        {
          given: ['A', null],
          _given: [null, { extension: [{ url: 'http://e', valueString: 'a' }] }],
        },
      ],
    },
  ],
  [
    'a period of unlike precision',
    { ...patient, name: [{ period: { start: '2020-05-01', end: '2020' } }] },
  ],
];

describe('validateResource', () => {
  it.each(faults)('finds %s', (_name, resource, code, place) => {
    const issues = validateResource(asResource(resource));
    expect(codesAndPlaces(issues)).toContainEqual([code, place]);
    expect(issues.every((issue) => issue.severity === 'error')).toBe(true);
  });

  it.each(right)('accepts %s', (_name, resource) => {
    expect(validateResource(asResource(resource))).toEqual([]);
  });

  it('reads raw numbers', () => {
    const text = (number: string): string =>
      `{"resourceType":"Patient","multipleBirthInteger":${number}}`;
    const codesOf = (number: string): readonly string[] =>
      validateResource(parseJson(text(number)).value as never).map((i) => i.code);
    expect(codesOf('2')).toEqual([]);
    expect(codesOf('2.0')).toEqual(['value']);
    expect(codesOf('1e999')).toEqual(['value']);
  });

  it('answers for what is no object at all', () => {
    for (const value of [
      null,
      5,
      'Patient',
      [],
      { resourceType: 7 },
      { resourceType: '__proto__' },
    ]) {
      expect(validateResource(value as never).map((i) => i.code)).toEqual(['structure']);
    }
  });

  it('repeats no value of the resource', () => {
    for (const [, resource] of faults) {
      const text = JSON.stringify(validateResource(asResource(resource)));
      expect(text).not.toMatch(/Peters|Anna|zzz|sometimes/);
    }
  });

  it.skipIf(noSynthea)('has nothing against Synthea', () => {
    const issues = syntheaResources(3).flatMap((resource) => validateResource(resource));
    expect(issues).toEqual([]);
  });

  it('never throws, whatever stands where', () => {
    const odd = fc.oneof(
      fc.json().map((text) => JSON.parse(text) as unknown),
      fc.constant(null),
    );
    const keys = fc.constantFrom(
      ...['id', 'meta', 'text', 'contained', 'extension', 'name', '_birthDate', 'contact', 'link'],
    );
    const property = fc.property(fc.dictionary(keys, odd), (members) => {
      const issues = validateResource({ ...members, resourceType: 'Patient' });
      return issues.every((issue) => issue.diagnostics !== '');
    });
    fc.assert(property, { numRuns: 500 });
  });
});
