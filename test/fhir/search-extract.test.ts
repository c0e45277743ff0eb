import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/fhir/json.ts';
import type { IndexEntry } from '../../src/fhir/search-ast.ts';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { limits } from '../../src/limits.ts';

function entries(resource: object, param: string): readonly IndexEntry[] {
  return extractIndex(resource as never).filter((entry) => entry.param === param);
}

/** Without the parameter's name and its kind, which the test says. */
function valuesOf(type: string, members: object, param: string): readonly object[] {
  return entries({ resourceType: type, ...members }, param).map(
    ({ param: _param, kind: _kind, ...value }) => value,
  );
}

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);

describe('extractIndex', () => {
  it.each<readonly [name: string, type: string, members: object, param: string, values: object[]]>([
    [
      'a code with the system of its value set',
      'Patient',
      { gender: 'male' },
      'gender',
      [{ system: 'http://hl7.org/fhir/administrative-gender', code: 'male' }],
    ],
    [
      'a code without binding',
      'ValueSet',
      { version: '1' },
      'version',
      [{ system: null, code: '1' }],
    ],
    [
      'a boolean',
      'Patient',
      { active: false },
      'active',
      [{ system: 'http://terminology.hl7.org/CodeSystem/special-values', code: 'false' }],
    ],
    [
      'codings',
      'Observation',
      { code: { coding: [{ system: 's', code: 'c' }, { code: 'd' }, { system: 't' }, {}] } },
      'code',
      [
        { system: 's', code: 'c' },
        { system: null, code: 'd' },
        { system: 't', code: '' },
      ],
    ],
    [
      'identifiers, each once',
      'Patient',
      {
        identifier: [
          { system: 's', value: 'v' },
          { system: 's', value: 'v', use: 'old' },
          { value: 'w' },
        ],
      },
      'identifier',
      [
        { system: 's', code: 'v' },
        { system: null, code: 'w' },
      ],
    ],
    [
      'contact points',
      'Patient',
      { telecom: [{ system: 'email', value: 'a@b' }] },
      'email',
      [{ system: 'email', code: 'a@b' }],
    ],
    ['a number as token', 'Patient', { identifier: [5] }, 'identifier', []],
    [
      'parts of a name',
      'Patient',
      { name: [{ family: 'Ö', given: ['A', 'B'], text: 'A B Ö' }] },
      'name',
      [
        { folded: 'a b o', exact: 'A B Ö' },
        { folded: 'o', exact: 'Ö' },
        { folded: 'a', exact: 'A' },
        { folded: 'b', exact: 'B' },
      ],
    ],
    [
      'parts of an address',
      'Patient',
      { address: [{ line: ['1 X St'], city: 'Y', country: 'Z' }] },
      'address',
      [
        { folded: '1 x st', exact: '1 X St' },
        { folded: 'y', exact: 'Y' },
        { folded: 'z', exact: 'Z' },
      ],
    ],
    [
      'a date',
      'Patient',
      { birthDate: '2000-02' },
      'birthdate',
      [{ lo: day('2000-02-01'), hi: day('2000-03-01') }],
    ],
    ['a date that is none', 'Patient', { birthDate: '2000-02-31' }, 'birthdate', []],
    [
      'an open period',
      'Encounter',
      { period: { start: '2000-02-01' } },
      'date',
      [{ lo: day('2000-02-01'), hi: Infinity }],
    ],
    ['an empty period', 'Encounter', { period: {} }, 'date', []],
    [
      'a range',
      'Condition',
      { onsetRange: { low: { value: 1 }, high: { value: 3, unit: 'a' } } },
      'onset-age',
      [{ lo: 1, hi: 3, value: 2, system: null, code: null, unit: null }],
    ],
    [
      'half a range',
      'RiskAssessment',
      { prediction: [{ probabilityRange: { high: { value: 3 } } }] },
      'probability',
      [{ lo: -Infinity, hi: 3, value: 3 }],
    ],
    [
      'money',
      'Invoice',
      { totalNet: { value: 5, currency: 'EUR' } },
      'totalnet',
      [{ lo: 5, hi: 5, value: 5, system: 'urn:iso:std:iso:4217', code: 'EUR', unit: null }],
    ],
    [
      'sampled data',
      'Observation',
      { valueSampledData: { origin: { value: 0, unit: 'mV' }, lowerLimit: -1, upperLimit: 1 } },
      'value-quantity',
      [{ lo: -1, hi: 1, value: 0, system: null, code: null, unit: 'mV' }],
    ],
    [
      'a quantity without value',
      'Observation',
      { valueQuantity: { unit: 'mg' } },
      'value-quantity',
      [],
    ],
    [
      'an integer',
      'MolecularSequence',
      { variant: [{ start: 7 }] },
      'variant-start',
      [{ lo: 7, hi: 7, value: 7 }],
    ],
    [
      'a canonical with and without its version',
      'Patient',
      { meta: { profile: ['http://p|1', 'http://q'] } },
      '_profile',
      [{ value: 'http://p|1' }, { value: 'http://p' }, { value: 'http://q' }],
    ],
    [
      'references of every form',
      'DiagnosticReport',
      {
        result: [
          { reference: 'Observation/1' },
          { reference: 'Observation/1/_history/2' },
          { reference: 'http://x/fhir/Observation/1/_history/3' },
          { reference: 'urn:uuid:a' },
          { reference: '#a' },
          { reference: 'Observation?code=x' },
          { reference: 'rubbish' },
          { display: 'x' },
          { identifier: { system: 's', value: 'v' } },
        ],
      },
      'result',
      [
        { type: 'Observation', id: '1', version: null, url: null },
        { type: 'Observation', id: '1', version: '2', url: null },
        { type: null, id: null, version: '3', url: 'http://x/fhir/Observation/1' },
        { type: null, id: null, version: null, url: 'urn:uuid:a' },
        { system: 's', code: 'v' },
      ],
    ],
    [
      'a canonical as reference',
      'PlanDefinition',
      { library: ['http://l|2'] },
      'depends-on',
      [{ type: null, id: null, version: '2', url: 'http://l' }],
    ],
    [
      'the resource that a Bundle starts with',
      'Bundle',
      { entry: [{ resource: { resourceType: 'Composition', id: 'c' } }] },
      'composition',
      [{ type: 'Composition', id: 'c', version: null, url: null }],
    ],
    [
      'nothing the store keeps itself',
      'Patient',
      { id: 'a', meta: { lastUpdated: '2020-01-01T00:00:00Z' } },
      '_id',
      [],
    ],
  ])('extracts %s', (...row) => {
    const [, type, members, param, values] = row;
    expect(valuesOf(type, members, param)).toEqual(values);
  });

  it('reads raw numbers', () => {
    const text = '{"resourceType":"Observation","valueQuantity":{"value":1.50}}';
    const resource = parseJson(text).value as never;
    expect(entries(resource, 'value-quantity')).toMatchObject([{ value: 1.5, lo: 1.5, hi: 1.5 }]);
  });

  it('cuts long strings, but no character in two', () => {
    const family = `${'a'.repeat(limits.searchStringCharsMax - 1)}😀`;
    const [entry] = entries({ resourceType: 'Patient', name: [{ family }] }, 'family');
    expect(entry).toMatchObject({ exact: 'a'.repeat(limits.searchStringCharsMax - 1) });
  });

  it('has nothing for an unknown type', () => {
    expect(extractIndex({ resourceType: 'Martian' })).toEqual([]);
    expect(extractIndex({ resourceType: 'constructor' })).toEqual([]);
  });

  it('never throws, whatever stands where', () => {
    const odd = fc.oneof(
      fc.json().map((text) => JSON.parse(text) as unknown),
      fc.constant(null),
    );
    const keys = fc.constantFrom(
      ...[
        'name',
        'telecom',
        'meta',
        'address',
        'birthDate',
        'deceasedDateTime',
        'link',
        'identifier',
      ],
      ...['generalPractitioner', 'managingOrganization', 'communication', 'active', 'contained'],
    );
    expect(extractIndex({ resourceType: 'Patient', deceasedDateTime: { valueOf: [] } })).toEqual(
      [],
    );
    fc.assert(
      fc.property(fc.dictionary(keys, odd), (members) => {
        expect(extractIndex({ ...members, resourceType: 'Patient' })).toBeInstanceOf(Array);
      }),
      { numRuns: 1000 },
    );
  });
});
