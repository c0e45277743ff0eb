import { describe, expect, it } from 'vitest';
import { builtInDefinitions } from '../../src/fhir/built-in-definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { compileProfile, profilesNamedBy } from '../../src/fhir/snapshot.ts';
import { profileIssues } from '../../src/fhir/validate-profile.ts';
import type { ProfileSource } from '../../src/fhir/validate-profile.ts';
import {
  at,
  pressureOf,
  profiles,
  raceOf,
  raceText,
  rightLab,
  rightPatient,
  valueSets,
} from './profile-fixture.ts';

const byUrl = new Map(profiles.map((each) => [String(each['url']), each]));

function profileOf(url: string, more: readonly Resource[] = []) {
  const find = (canonical: string): Resource | undefined =>
    more.find((each) => each['url'] === canonical) ?? byUrl.get(canonical);
  const definition = find(url);
  return definition && compileProfile(definition, find);
}

const source: ProfileSource = {
  profile: (url) => {
    const found = profileOf(url);
    return typeof found === 'object' ? found : undefined;
  },
  contains: (valueSet, system, code) =>
    valueSets[valueSet]?.some((each) => each === `${system ?? ''}|${code}`),
};

/** `code place` of each issue, a warning with `?`. */
function check(name: string, resource: Resource): readonly string[] {
  const profile = profileOf(at(name));
  if (typeof profile !== 'object') throw new Error(profile ?? `no profile ${name}`);
  return profileIssues(resource, profile, source).map(
    ({ code, severity, expression = [] }) =>
      `${severity === 'warning' ? '?' : ''}${code} ${expression.join()}`,
  );
}

const patient = (more: object): Resource => ({ ...rightPatient, ...more });
const lab = (more: object): Resource => ({ ...rightLab, ...more });
const mrn = { system: 'urn:mrn', value: '123' };
const quantity = { valueQuantity: { value: 1 } };

describe('validation against a profile', () => {
  it.each<[string, string, Resource, readonly string[]]>([
    ['a right patient', 'patient', rightPatient, []],
    [
      'none of what must be',
      'patient',
      { resourceType: 'Patient' },
      [
        'required Patient.identifier',
        'required Patient.identifier',
        'required Patient.name',
        'required Patient.gender',
      ],
    ],
    [
      'a slice that is missing',
      'patient',
      patient({ identifier: [{ system: 'urn:ssn' }] }),
      ['required Patient.identifier'],
    ],
    [
      'a slice too often',
      'patient',
      patient({ identifier: [mrn, mrn] }),
      ['invariant Patient.identifier'],
    ],
    [
      'a slice by pattern too',
      'patient',
      patient({ identifier: [mrn, { system: 'urn:ssn' }] }),
      [],
    ],
    [
      'a value of no slice, closed',
      'patient',
      patient({ identifier: [mrn, { system: 'urn:x' }] }),
      ['invariant Patient.identifier[1]'],
    ],
    [
      'what a slice needs',
      'patient',
      patient({ identifier: [{ system: 'urn:mrn' }] }),
      ['required Patient.identifier[0].value'],
    ],
    [
      'a text too long',
      'patient',
      patient({ identifier: [{ ...mrn, value: '123456789' }] }),
      ['invariant Patient.identifier[0].value'],
    ],
    [
      'what may not be',
      'patient',
      patient({ photo: [{ url: 'http://a' }] }),
      ['invariant Patient.photo'],
    ],
    [
      'a constraint',
      'patient',
      patient({ deceasedBoolean: true, active: true }),
      ['invariant Patient'],
    ],
    ['a constraint that is met', 'patient', patient({ deceasedBoolean: true, active: false }), []],
    [
      'a constraint of a warning',
      'patient',
      patient({ name: [{ family: 'byron' }] }),
      ['?invariant Patient.name[0].family'],
    ],
    ['an extension by its profile', 'patient', patient({ extension: [raceOf(raceText)] }), []],
    [
      'an extension that lacks a part',
      'patient',
      patient({ extension: [raceOf()] }),
      ['required Patient.extension[0].extension', 'required Patient.extension[0].extension'],
    ],
    [
      'a code outside of a required binding',
      'patient',
      patient({
        extension: [
          raceOf(raceText, { url: 'ombCategory', valueCoding: { system: 'urn:r', code: '9' } }),
        ],
      }),
      ['code-invalid Patient.extension[0].extension[1].value'],
    ],
    [
      'a wrong type of value',
      'patient',
      patient({ extension: [raceOf(raceText, { url: 'ombCategory', valueString: '9' })] }),
      [
        'code-invalid Patient.extension[0].extension[1].value',
        'invariant Patient.extension[0].extension[1].value',
      ],
    ],
    [
      'an extension twice',
      'patient',
      patient({ extension: [raceOf(raceText), raceOf(raceText)] }),
      ['invariant Patient.extension'],
    ],
    [
      'another extension',
      'patient',
      patient({ extension: [{ url: 'urn:e', valueCode: 'a' }] }),
      [],
    ],
    [
      'a code outside of an extensible binding',
      'patient',
      patient({ communication: [{ language: { coding: [{ system: 'urn:bcp', code: 'xx' }] } }] }),
      ['?code-invalid Patient.communication[0].language'],
    ],
    ['a text there', 'patient', patient({ communication: [{ language: { text: 'Elvish' } }] }), []],
    [
      'a target of a reference',
      'patient',
      patient({ generalPractitioner: [{ reference: 'Practitioner/1' }] }),
      [],
    ],
    ['a profile for another type', 'patient', rightLab, ['invariant Observation']],
    ['a right result', 'lab', rightLab, []],
    [
      'no category of the slice',
      'lab',
      lab({ category: [{ text: 'lab' }] }),
      ['required Observation.category'],
    ],
    [
      'a category more',
      'lab',
      lab({ category: [...(rightLab['category'] as []), { text: 'a' }] }),
      [],
    ],
    [
      'a subject of another type',
      'lab',
      lab({ subject: { reference: 'Group/1' } }),
      ['reference-target Observation.subject'],
    ],
    ['no subject', 'lab', lab({ subject: undefined }), ['required Observation.subject']],
    [
      'a value of another type',
      'lab',
      { ...lab({ valueQuantity: undefined }), valueBoolean: true },
      ['invariant Observation.value'],
    ],
    [
      'one type of a choice by its own path',
      'lab',
      lab({ valueQuantity: { system: 'urn:u', code: 'g' } }),
      ['invariant Observation.value.system'],
    ],
    [
      'that path with another type',
      'lab',
      { ...lab({ valueQuantity: undefined }), valueString: 'a' },
      [],
    ],
    [
      'slices by type, open at the end',
      'lab',
      lab({ hasMember: [{ reference: 'MolecularSequence/1' }, { reference: 'Observation/1' }] }),
      ['invariant Observation.hasMember[1]'],
    ],
    ['a derived profile', 'glucose', rightLab, []],
    [
      'a pattern',
      'glucose',
      lab({ code: { coding: [{ system: 'http://loinc.org', code: '1-8' }] } }),
      ['invariant Observation.code'],
    ],
    [
      'a pattern among more codings',
      'glucose',
      lab({
        code: {
          text: 'x',
          coding: [{ code: 'own' }, { system: 'http://loinc.org', code: '2339-0' }],
        },
      }),
      [],
    ],
    [
      'what both profiles ask for',
      'glucose',
      lab({ valueQuantity: undefined, category: [] }),
      [
        'required Observation.category',
        'required Observation.category',
        'required Observation.value',
      ],
    ],
    ['components', 'pressure', pressureOf(['systolic'], ['diastolic']), []],
    [
      'a component that is missing',
      'pressure',
      pressureOf(['systolic'], ['mean']),
      ['required Observation.component'],
    ],
    [
      'a component twice',
      'pressure',
      pressureOf(['systolic'], ['systolic'], ['diastolic']),
      ['invariant Observation.component'],
    ],
    [
      'what is below a component',
      'pressure',
      pressureOf(
        ['systolic', { valueQuantity: { unit: 'mm' } }],
        ['diastolic', { valueString: 'a' }],
      ),
      ['required Observation.component[0].value.value', 'invariant Observation.component[1].value'],
    ],
    ['a third component', 'pressure', pressureOf(['systolic'], ['diastolic'], ['x', quantity]), []],
    [
      'slices by what exists',
      'exists',
      {
        resourceType: 'Patient',
        contact: [{ organization: { display: 'A' } }, { gender: 'male' }],
      },
      ['required Patient.contact[1].name'],
    ],
    [
      'slices by profile',
      'bundle',
      { resourceType: 'Bundle', type: 'collection', entry: [{ resource: rightPatient }] },
      [],
    ],
    [
      'slices by profile that nothing conforms to',
      'bundle',
      {
        resourceType: 'Bundle',
        type: 'collection',
        entry: [{ resource: { resourceType: 'Patient' } }],
      },
      ['required Bundle.entry'],
    ],
  ])('%s', (_what, name, resource, issues) => {
    expect(check(name, JSON.parse(JSON.stringify(resource)) as Resource)).toEqual(issues);
  });

  it('tells a code that cannot be checked as a warning', () => {
    const profile = profileOf(at('patient'));
    if (typeof profile !== 'object') throw new Error(profile);
    const unknown = { ...source, contains: () => undefined };
    const resource = patient({ communication: [{ language: { coding: [{ code: 'x' }] } }] });
    expect(profileIssues(resource, profile, unknown)).toMatchObject([
      { severity: 'warning', code: 'not-supported' },
    ]);
  });

  it('says why a profile cannot be used', () => {
    const one = {
      ...byUrl.get(at('lab')),
      resourceType: 'StructureDefinition',
      baseDefinition: 'urn:none',
    };
    expect(compileProfile(one, () => undefined)).toBe('The profile urn:none is not known');
    expect(compileProfile(one, () => one)).toContain('derives from itself');
    const odd = { resourceType: 'StructureDefinition', url: 'urn:o', type: 'Cat' };
    expect(compileProfile(odd, () => undefined)).toContain('no type of FHIR R4');
  });

  it('is not disturbed by a definition of a wrong shape', () => {
    for (const element of [
      7,
      [7, null, {}],
      [{ path: 3 }, { path: 'Patient.name', min: 'x', max: 1 }],
    ]) {
      const definition = {
        resourceType: 'StructureDefinition',
        url: 'urn:o',
        type: 'Patient',
        differential: { element },
      };
      const profile = compileProfile(definition, () => undefined);
      if (typeof profile !== 'object') throw new Error(profile);
      expect(profileIssues(rightPatient, profile, source)).toEqual([]);
    }
  });

  it.each([
    ["name.family.matches('^(a+)+$')", ['invariant']],
    ["name.family.matches('^(?=a+)(a+)+$')", []],
  ])('evaluates what would not end in time that does, or not: %s', (expression, codes) => {
    const constraint = [{ key: 'x-1', severity: 'error', human: 'x', expression }];
    const definition = {
      resourceType: 'StructureDefinition',
      url: 'urn:o',
      type: 'Patient',
      differential: { element: [{ path: 'Patient', constraint }] },
    };
    const profile = compileProfile(definition, () => undefined);
    if (typeof profile !== 'object') throw new Error(profile);
    const name = [{ family: `${'a'.repeat(40)}b` }];
    const issues = profileIssues(patient({ name }), profile, source);
    expect(issues.map(({ code }) => code)).toEqual(codes);
  });

  it("takes R4's own profiles, all of which can be read", async () => {
    const definitions = await builtInDefinitions();
    const find = (url: string): Resource | undefined =>
      definitions.find('StructureDefinition', url.replace(/\|.*$/, ''));
    const urls = definitions.urls('StructureDefinition');
    expect(urls.length).toBeGreaterThan(400);
    for (const url of urls) {
      const definition = find(url);
      expect(definition && typeof compileProfile(definition, find)).toBe('object');
      expect(definition && profilesNamedBy(definition)).toBeInstanceOf(Array);
    }
    const bp = find('http://hl7.org/fhir/StructureDefinition/bp');
    const profile = bp && compileProfile(bp, find);
    if (typeof profile !== 'object') throw new Error(profile);
    const issues = profileIssues(pressureOf(['systolic']), profile, source);
    expect(issues.map(({ expression }) => expression?.[0])).toContain('Observation.category');
  });
});
