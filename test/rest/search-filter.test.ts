import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf } from './shown.ts';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';

const world: readonly { readonly resourceType: string; readonly id: string }[] = [
  patient('ada', {
    name: [{ family: 'Lovelace', given: ['Ada', 'Augusta'] }],
    gender: 'female',
    birthDate: '1815-12-10',
    identifier: [{ system: 'urn:mrn', value: '1' }],
  }),
  patient('bob', {
    name: [{ family: 'Peterson', given: ['Bob'] }],
    gender: 'male',
    birthDate: '1990-01-01',
    generalPractitioner: [{ reference: 'Organization/clinic' }],
  }),
  patient('eva', {
    name: [{ family: 'Müller', given: ['Eva', 'Petra'] }],
    gender: 'female',
    birthDate: '2001-02-03',
    identifier: [
      { system: 'urn:mrn', value: '2' },
      { system: 'urn:ssn', value: '1' },
    ],
  }),
  patient('nil', {}),
  named('clinic', 'Peter Clinic'),
  observation('o1', 'ada', { code: '1234-5', value: 5.4, at: '2020-01-01T10:00:00Z' }),
  observation('o2', 'bob', { code: '1234-5', value: 160, at: '2020-01-02' }),
  observation('o3', 'eva', { code: '9999-9', value: 7, from: '2020-01-01', to: '2020-01-31' }),
];

function patient(id: string, members: object) {
  return { resourceType: 'Patient', id, ...members };
}

function named(id: string, name: string) {
  return { resourceType: 'Organization', id, name };
}

interface Measured {
  readonly code: string;
  readonly value: number;
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
}

function observation(id: string, who: string, { code, value, at, from, to }: Measured) {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: loinc, code }] },
    subject: { reference: `Patient/${who}` },
    valueQuantity: { value, unit: 'mmol/L', system: ucum, code: 'mmol/L' },
    ...(at === undefined
      ? { effectivePeriod: { start: from, end: to } }
      : { effectiveDateTime: at }),
  };
}

/** Type, filter, ids. */
const found: readonly (readonly [type: string, filter: string, ids: string])[] = [
  // Texts: without case and accents, by every operator.
  ['Patient', 'name co "pet"', 'bob eva'],
  ['Patient', 'name co pet', 'bob eva'],
  ['Patient', 'given eq "ADA"', 'ada'],
  ['Patient', 'given eq ad', ''],
  ['Patient', 'given ne ada', 'ada bob eva'],
  ['Patient', 'given ne bob', 'ada eva'],
  ['Patient', 'family sw mull', 'eva'],
  ['Patient', 'family ew son', 'bob'],
  ['Patient', 'family ew ULLER', 'eva'],
  ['Patient', 'family gt muller', 'bob'],
  ['Patient', 'family ge muller', 'bob eva'],
  ['Patient', 'family lt muller', 'ada'],
  ['Patient', 'family le muller', 'ada eva'],
  ['Patient', 'name eq "a \\"b\\" \\u0041"', ''],
  // Tokens.
  ['Patient', 'gender eq female', 'ada eva'],
  ['Patient', 'gender ne female', 'bob'],
  ['Patient', 'not (gender eq female)', 'bob nil'],
  ['Patient', 'identifier eq urn:mrn|1', 'ada'],
  ['Patient', 'identifier eq 1', 'ada eva'],
  ['Patient', 'identifier ne 1', 'eva'],
  ['Patient', 'identifier ne urn:mrn|', 'eva'],
  ['Patient', 'gender in http://hl7.org/fhir/ValueSet/administrative-gender', 'ada bob eva'],
  ['Patient', 'gender ni http://hl7.org/fhir/ValueSet/administrative-gender', 'nil'],
  ['Observation', `code eq ${loinc}|1234-5`, 'o1 o2'],
  ['Observation', 'code eq loinc|1234-5', 'o1 o2'],
  // Dates, quantities, references, presence.
  ['Patient', 'birthdate ge 1990-01-01', 'bob eva'],
  ['Patient', 'birthdate eq 1990', 'bob'],
  ['Patient', 'birthdate ne 1990', 'ada eva'],
  ['Patient', 'birthdate pr true', 'ada bob eva'],
  ['Patient', 'birthdate pr false', 'nil'],
  ['Patient', '_lastUpdated ge 2020 and _id eq ada', 'ada'],
  ['Patient', '_id ne ada and gender eq female', 'eva'],
  ['Observation', 'date sa 2020-01-01', 'o2'],
  ['Observation', 'date po 2020-01-02', 'o2 o3'],
  ['Observation', 'date co 2020-01-15', 'o3'],
  ['Observation', 'date eb 2020-01-02', 'o1'],
  ['Observation', `value-quantity gt 100|${ucum}|mmol/L`, 'o2'],
  ['Observation', 'value-quantity lt 100|ucum|mmol/L', 'o1 o3'],
  ['Observation', 'value-quantity ap 5', 'o1'],
  ['Observation', 'subject re Patient/ada', 'o1'],
  ['Observation', 'subject re http://weir.test/fhir/Patient/ada', 'o1'],
  ['Observation', 'subject ne Patient/ada', 'o2 o3'],
  ['Observation', 'code-value-quantity eq 1234-5$gt150', 'o2'],
  // Paths.
  ['Observation', 'subject.name co "pet"', 'o2 o3'],
  ['Observation', 'subject:Patient.gender eq female', 'o1 o3'],
  ['Observation', 'subject.id eq ada', 'o1'],
  ['Observation', 'patient[gender eq female and name co pet].birthdate ge 2000', 'o3'],
  ['Observation', 'patient[gender eq male].organization pr true', ''],
  ['Observation', 'patient.general-practitioner:Organization.name sw peter', 'o2'],
  ['Patient', '_has:Observation:patient:code eq loinc|1234-5', 'ada bob'],
  ['Patient', 'given eq "ada" and _has:Observation:patient:code eq loinc|1234-5', 'ada'],
  ['Patient', 'not (_has:Observation:patient:code pr true)', 'nil'],
  // Logic goes from left to right, whatever the words.
  ['Patient', 'given eq ada or given eq bob and gender eq male', 'bob'],
  ['Patient', 'given eq ada or (given eq bob and gender eq male)', 'ada bob'],
  ['Patient', '((given eq ada)) or ( given eq eva )', 'ada eva'],
  ['Patient', 'not (given eq ada or given eq bob) and gender pr true', 'eva'],
  ['Patient', '  given   eq   ada  ', 'ada'],
  ['Patient', 'given eq ada and(gender eq female)', 'ada'],
];

/** Filter, and the character at which it is wrong. */
const refused: readonly (readonly [filter: string, character: number])[] = [
  ['given', 6],
  ['given eq', 7],
  ['given eq ', 10],
  ['given is ada', 7],
  ['given eq ada and', 17],
  ['given eq ada bob', 14],
  ['(given eq ada', 14],
  ['given eq ada)', 13],
  ['not given eq ada', 5],
  ['given eq "ada', 10],
  ['given eq "\\x"', 10],
  ['1given eq ada', 1],
  ['nonsense eq ada', 1],
  ['given eq ada and nonsense eq 1', 18],
  ['given.name eq ada', 1],
  ['general-practitioner[name eq x] eq ada', 32],
  ['general-practitioner[name eq x', 31],
  ['general-practitioner:Group.name eq x', 1],
  ['general-practitioner.nonsense eq x', 22],
  ['birthdate eq tomorrow', 14],
  ['birthdate sw 19', 14],
  ['given ap ada', 10],
  ['gender ss male', 11],
  ['gender sb male', 11],
  ['gender in http://unknown', 11],
  ['birthdate pr maybe', 14],
  ['_has:Nothing:patient:code eq 1', 1],
  ['_has:Observation:patient eq 1', 25],
  ['_has:Observation:code:code eq 1', 1],
  ['_query co x', 1],
  ['_content pr true', 13],
  ["given eq 'ada' or 1=1", 19],
];

describe.each(stores)('_filter on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const { status } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterAll(() => fhir.close());

  const search = (type: string, filter: string) =>
    fhir.call('GET', `/${type}?_filter=${encodeURIComponent(filter)}`);

  it('finds by every operator, path and connective', async () => {
    for (const [type, filter, ids] of found) {
      const { status, json } = await search(type, filter);
      const shown = status === 200 ? idsOf(json).toSorted().join(' ') : JSON.stringify(json);
      expect([filter, status, shown]).toEqual([filter, 200, ids]);
    }
  });

  it('says at which character a filter is wrong', async () => {
    const wrong: unknown[] = [];
    for (const [filter, character] of refused) {
      const { status, json } = await search('Patient', filter);
      const text = status === 400 ? json.issue[0]?.diagnostics : '';
      const said = /^_filter, character (\d+): /.exec(text ?? '')?.[1];
      if (said !== String(character)) wrong.push([filter, character, status, text]);
    }
    expect(wrong).toEqual([]);
  });

  it('is bounded in length, nesting and conditions, and stands beside other parameters', async () => {
    const nested = `${'('.repeat(limits.searchFilterDepthMax)}given eq ada${')'.repeat(limits.searchFilterDepthMax)}`;
    const turns = `given eq ada${' and given eq ada or given eq ada'.repeat(limits.searchFilterDepthMax)}`;
    const long = `given eq ${'a'.repeat(limits.searchFilterCharsMax)}`;
    const deep = `${'general-practitioner.'.repeat(limits.searchFilterDepthMax)}name eq a`;
    for (const filter of [nested, turns, deep]) {
      expect(await search('Patient', filter)).toMatchObject({ status: 400 });
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const posted = await fhir.call('POST', '/Patient/_search', {
      body: `_filter=${encodeURIComponent(long)}`,
      headers: form,
    });
    expect(posted.status).toBe(400);
    const both = await fhir.call('GET', '/Patient?_filter=name%20co%20pet&gender=female');
    expect(idsOf(both.json)).toEqual(['eva']);
    const twice = await fhir.call(
      'GET',
      '/Patient?_filter=name%20co%20pet&_filter=name%20co%20eva',
    );
    expect(idsOf(twice.json)).toEqual(['eva']);
    expect(await fhir.call('GET', '/Patient?_filter:x=name%20co%20pet')).toMatchObject({
      status: 400,
    });
  });

  it('shows a confined caller no more than a search would', async () => {
    const filter = encodeURIComponent('_has:Observation:patient:code eq loinc|1234-5');
    const mine = await fhir.call('GET', `/Patient?_filter=${filter}`, { token: 'app:ada' });
    expect(idsOf(mine.json)).toEqual(['ada']);
    const others = encodeURIComponent('subject.name co "pet"');
    const none = await fhir.call('GET', `/Observation?_filter=${others}`, { token: 'app:ada' });
    expect(idsOf(none.json)).toEqual([]);
    const role = await fhir.call('GET', `/Patient?_filter=${filter}`, { token: 'frontdesk' });
    expect(role.status).toBe(403);
  });
});
