import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf } from './shown.ts';

const loinc = 'http://loinc.org';

const world: readonly { readonly resourceType: string; readonly id: string }[] = [
  of('Organization', 'clinic', { name: 'Clinic', partOf: { reference: 'Organization/trust' } }),
  of('Organization', 'trust', { name: 'Trust' }),
  of('Practitioner', 'doc', {}),
  of('Patient', 'ada', { managingOrganization: { reference: 'Organization/clinic' } }),
  of('Group', 'team', { type: 'person', actual: true }),
  observed('o1', 'Patient/ada', { performer: [{ reference: 'Practitioner/doc' }] }),
  observed('o2', 'Group/team', { hasMember: [{ reference: 'Observation/o1' }] }),
  observed('o3', 'Patient/gone', { derivedFrom: [{ reference: 'Observation/o2' }] }),
];

function of(resourceType: string, id: string, members: object) {
  return { resourceType, id, ...members };
}

function observed(id: string, reference: string, members: object) {
  const code = { coding: [{ system: loinc, code: id }] };
  return of('Observation', id, { status: 'final', code, subject: { reference }, ...members });
}

/** Search, matches, includes. */
const found: readonly (readonly [url: string, matches: string, includes: string])[] = [
  ['/Observation?_id=o1&_include=Observation:subject', 'o1', 'ada'],
  ['/Observation?_id=o1&_include=Observation:*', 'o1', 'ada doc'],
  ['/Observation?_id=o1&_include=*', 'o1', 'ada doc'],
  ['/Observation?_id=o1,o2&_include=Observation:subject:Patient', 'o1 o2', 'ada'],
  ['/Observation?_id=o1,o2&_include=Observation:subject:Group', 'o1 o2', 'team'],
  ['/Observation?_id=o1&_include=Observation:*:Practitioner', 'o1', 'doc'],
  ['/Observation?_id=o1,o2&_include=Observation:has-member', 'o1 o2', ''],
  ['/Observation?_id=o3&_include=Observation:subject', 'o3', ''],
  ['/Observation?_id=o3&_include=Observation:derived-from', 'o3', 'o2'],
  [
    '/Observation?_id=o3&_include=Observation:derived-from&_include:iterate=Observation:has-member',
    'o3',
    'o1 o2',
  ],
  [
    '/Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization',
    'o1',
    'ada clinic',
  ],
  [
    '/Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
    'o1',
    'ada clinic trust',
  ],
  ['/Observation?_id=o1&_include=Observation:subject&_include=Patient:organization', 'o1', 'ada'],
  ['/Patient?_revinclude=Observation:subject', 'ada', 'o1'],
  ['/Patient?_revinclude=Observation:*', 'ada', 'o1'],
  ['/Patient?_revinclude=*', 'ada', 'o1'],
  [
    '/Patient?_revinclude=Observation:subject&_revinclude:iterate=Observation:has-member',
    'ada',
    'o1 o2',
  ],
  ['/Organization?_id=trust&_revinclude:iterate=Organization:partof', 'trust', 'clinic'],
  ['/Patient?_count=1&_include=Patient:organization', 'ada', 'clinic'],
];

const refused = [
  '/Observation?_include=Observation',
  '/Observation?_include=Observation:code',
  '/Observation?_include=Observation:nothing',
  '/Observation?_include=Nothing:subject',
  '/Observation?_include=Observation:subject:Nothing',
  '/Observation?_include=Observation:subject:Organization',
  '/Observation?_include=Observation:subject:Patient:x',
  '/Observation?_include:each=Observation:subject',
  '/Observation?_revinclude=subject',
];

describe.each(stores)('includes and codes on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const { status } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterAll(() => fhir.close());

  it('B56 B57 includes go where they are told, each resource once', async () => {
    for (const [url, matches, includes] of found) {
      const { status, json } = await fhir.call('GET', url);
      expect([url, status]).toEqual([url, 200]);
      const of = (mode: string) =>
        json.entry
          .filter((entry) => entry.search.mode === mode)
          .map((entry) => entry.resource.id)
          .sort()
          .join(' ');
      expect([url, of('match'), of('include')]).toEqual([url, matches, includes]);
    }
    for (const url of refused) {
      expect([url, (await fhir.call('GET', url)).status]).toEqual([url, 400]);
    }
  });

  it('B51 code is that of the Observation, combo-code that of its components too', async () => {
    const body = {
      ...observed('bp', 'Patient/ada', {}),
      component: [
        { code: { coding: [{ system: loinc, code: '8480-6' }] }, valueInteger: 120 },
        { code: { coding: [{ system: loinc, code: '8462-4' }] }, valueInteger: 80 },
      ],
    };
    await fhir.call('PUT', '/Observation/bp', { body });
    const ids = async (search: string) => {
      const { json } = await fhir.call('GET', `/Observation?${search}`);
      return idsOf(json).join(' ');
    };
    expect(await ids('code=8480-6')).toBe('');
    expect(await ids('component-code=8480-6')).toBe('bp');
    expect(await ids('combo-code=8480-6')).toBe('bp');
    expect(await ids(`combo-code=${loinc}|bp`)).toBe('bp');
    expect(await ids('component-code=bp')).toBe('');
    await fhir.call('DELETE', '/Observation/bp');
  });

  it('B45 a time without a zone is UTC, and a zone is heeded', async () => {
    const body = {
      ...observed('noon', 'Patient/ada', {}),
      effectiveDateTime: '2020-06-01T23:30:00-05:00',
    };
    await fhir.call('PUT', '/Observation/noon', { body });
    const ids = async (search: string) => {
      const { json } = await fhir.call('GET', `/Observation?${search}`);
      return idsOf(json).join(' ');
    };
    expect(await ids('date=2020-06-02')).toBe('noon');
    expect(await ids('date=2020-06-01')).toBe('');
    expect(await ids('date=2020-06-02T04:30')).toBe('noon');
    expect(await ids('date=2020-06-02T04:30:00Z')).toBe('noon');
    expect(await ids('date=2020-06-02T06:30:00%2B02:00')).toBe('noon');
    expect(await ids('date=2020-06-02T06:30:00+02:00')).toBe('noon');
    await fhir.call('DELETE', '/Observation/noon');
  });
});
