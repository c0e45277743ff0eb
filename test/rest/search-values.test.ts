import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf } from './shown.ts';

const ucum = 'http://unitsofmeasure.org';
const loinc = 'http://loinc.org';

const world: readonly { readonly resourceType: string; readonly id: string }[] = [
  pressure('high', 150, 80),
  pressure('low', 120, 145),
  glucose('g1', { value: 100, unit: 'mg/dL', system: ucum, code: 'mg/dL' }),
  glucose('g2', { value: 2, unit: 'g/L', system: ucum, code: 'g/L' }),
  glucose('g3', { value: 100, unit: 'mg/dL' }),
  glucose('g4', { value: 37, system: ucum, code: 'Cel' }),
  place('vienna', 48.2082, 16.3738),
  place('graz', 47.0707, 15.4395),
  { resourceType: 'Location', id: 'nowhere' },
  patient('ada', 'MR', 'female'),
  patient('bob', 'SS', 'male'),
];

function pressure(id: string, systolic: number, diastolic: number) {
  const part = (code: string, value: number) => ({
    code: { coding: [{ system: loinc, code }] },
    valueQuantity: { value, unit: 'mmHg', system: ucum, code: 'mm[Hg]' },
  });
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: loinc, code: '85354-9', display: 'Blood pressure panel' }] },
    component: [part('8480-6', systolic), part('8462-4', diastolic)],
  };
}

function glucose(id: string, valueQuantity: object) {
  const code = { coding: [{ system: loinc, code: '2339-0' }], text: 'Glucose, Blut' };
  return { resourceType: 'Observation', id, status: 'final', code, valueQuantity };
}

function place(id: string, latitude: number, longitude: number) {
  return { resourceType: 'Location', id, position: { latitude, longitude } };
}

function patient(id: string, type: string, gender: string) {
  const system = 'http://terminology.hl7.org/CodeSystem/v2-0203';
  const identifier = [{ type: { coding: [{ system, code: type }] }, system: 'urn:s', value: '7' }];
  return { resourceType: 'Patient', id, gender, identifier };
}

const genders = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const v2 = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** Search, ids. */
const found: readonly (readonly [string, readonly string[]])[] = [
  ['/Observation?component-code-value-quantity=8480-6$gt140', ['high']],
  ['/Observation?component-code-value-quantity=8462-4$gt140', ['low']],
  [`/Observation?combo-code-value-quantity=${loinc}|8480-6$lt18|${ucum}|kPa`, ['low']],
  ['/Observation?code-value-quantity=2339-0$100', ['g1', 'g3']],
  [`/Observation?code-value-quantity=2339-0$ge1|${ucum}|g/L`, ['g1', 'g2']],
  [`/Observation?component-code-value-quantity:missing=false`, ['high', 'low']],
  ['/Observation?combo-code-value-concept:missing=false', []],
  [`/Observation?value-quantity=1|${ucum}|g/L`, ['g1']],
  [`/Observation?value-quantity=gt1500|${ucum}|mg/L`, ['g2']],
  [`/Observation?value-quantity=98.6|${ucum}|[degF]`, ['g4']],
  [`/Observation?value-quantity=100||mg/dL`, ['g1', 'g3']],
  [`/Observation?value-quantity=ge0|${ucum}|m`, []],
  ['/Observation?code:text=blood p', ['high', 'low']],
  ['/Observation?code:text=GLUCOSE\\,', ['g1', 'g2', 'g3', 'g4']],
  ['/Observation?code:text=pressure', []],
  ['/Location?near=48.2|16.4|10|km', ['vienna']],
  ['/Location?near=48.2|16.4|125|[mi_i]', ['vienna', 'graz']],
  ['/Location?near=48.2|16.4', ['vienna']],
  ['/Location?near=47|15.4|10&near:missing=false', ['graz']],
  ['/Location?near:missing=true', ['nowhere']],
  [`/Patient?identifier:of-type=${v2}|MR|7`, ['ada']],
  [`/Patient?identifier:of-type=${v2}|MR|8`, []],
  ['/Patient?identifier=7', ['ada', 'bob']],
  [`/Patient?gender:in=${genders}`, ['ada', 'bob']],
  [`/Patient?gender:not-in=${genders}`, []],
];

const refused = [
  '/Observation?component-code-value-quantity=8480-6',
  '/Observation?component-code-value-quantity=8480-6$high',
  '/Location?near=91|0|1',
  '/Location?near=1|2|3|[lb_av]',
  '/Patient?identifier:of-type=MR|7',
  '/Patient?gender:in=http://unknown',
  '/Observation?code:below=a',
  '/Observation?_sort=component-code-value-quantity',
];

describe.each(stores)('values on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const { status } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterEach(() => fhir.close());

  it('B47 B48 composites, units, texts, places, identifier types and value sets', async () => {
    for (const [url, ids] of found) {
      const escaped = url.replaceAll('[', '%5B').replaceAll(']', '%5D');
      const headers = { prefer: 'handling=strict' };
      const { status, json } = await fhir.call('GET', escaped, { headers });
      expect([url, status, ...idsOf(json)]).toEqual([url, 200, ...ids]);
    }
  });

  it('B38 B61 what is no such value is 400', async () => {
    for (const url of refused) {
      const escaped = url.replaceAll('[', '%5B').replaceAll(']', '%5D');
      expect([url, (await fhir.call('GET', escaped)).status]).toEqual([url, 400]);
    }
  });
});

it('a chain that branches through everything is refused at once', async () => {
  const fhir = await openFhirApp(stores[0]?.[1] ?? (() => Promise.reject(new Error('No store'))));
  try {
    const name = `${'target.'.repeat(limits.searchChainMax + 1)}_id`;
    expect((await fhir.call('GET', `/Provenance?${name}=a`)).status).toBe(400);
  } finally {
    await fhir.close();
  }
});
