import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const source = { meta: { source: 'urn:lab', tag: [{ system: 'urn:t', code: 'red' }] } };

const world: readonly { readonly resourceType: string; readonly id: string }[] = [
  of('Patient', 'ada', source),
  // The same id as another type's.
  of('Patient', 'd1', {}),
  of('Practitioner', 'doc', {}),
  of('RelatedPerson', 'kin', { patient: { reference: 'Patient/ada' } }),
  of('Device', 'd1', { patient: { reference: 'Patient/ada' } }),
  of('Encounter', 'visit', {
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'Patient/ada' },
    participant: [{ individual: { reference: 'Practitioner/doc' } }],
  }),
  observed('o1', { subject: { reference: 'Patient/ada' }, ...source }),
  observed('o2', {
    subject: { reference: 'Patient/d1' },
    encounter: { reference: 'Encounter/visit' },
    performer: [{ reference: 'Practitioner/doc' }, { reference: 'RelatedPerson/kin' }],
  }),
  observed('o3', { subject: { reference: 'Device/d1' }, device: { reference: 'Device/d1' } }),
  of('Account', 'bill', { status: 'active', subject: [{ reference: 'Device/d1' }] }),
];

function of(resourceType: string, id: string, members: object) {
  return { resourceType, id, ...members };
}

function observed(id: string, members: object) {
  return of('Observation', id, { status: 'final', code: { text: 'x' }, ...members });
}

/** Search, ids. */
const found: readonly (readonly [url: string, ids: string])[] = [
  ['/Patient/ada/Observation', 'o1'],
  ['/Patient/ada/RelatedPerson', 'kin'],
  ['/Patient/ada/Patient', 'ada'],
  ['/Encounter/visit/Observation', 'o2'],
  ['/Encounter/visit/Encounter', 'visit'],
  ['/Practitioner/doc/Observation', 'o2'],
  ['/Practitioner/doc/Encounter', 'visit'],
  ['/Practitioner/doc/Practitioner', 'doc'],
  ['/RelatedPerson/kin/Observation', 'o2'],
  ['/RelatedPerson/kin/RelatedPerson', 'kin'],
  ['/Device/d1/Observation', 'o3'],
  ['/Device/d1/Account', 'bill'],
  ['/Patient/ada/*?_count=50', 'ada kin o1 visit'],
  ['/Patient/ada/*?_tag=red', 'ada o1'],
  ['/Patient/ada/*?_type=Observation,Encounter', 'o1 visit'],
  ['/Patient/d1/*', 'd1 o2'],
  ['/Device/d1/*', 'bill o3'],
  ['/Encounter/visit/*', 'o2 visit'],
  ['/Practitioner/doc/*', 'doc o2 visit'],
  ['/RelatedPerson/kin/*', 'kin o2'],
];

const refused: readonly (readonly [url: string, status: number])[] = [
  ['/Patient/ada/Organization', 404],
  ['/Organization/ada/Observation', 404],
  ['/Observation/o1/Patient', 404],
  ['/Observation/o1/*', 404],
  ['/Device/d1/Patient', 404],
  ['/Patient/nobody/*', 404],
  ['/Patient/ada/Nonsense', 404],
  ['/Patient/ada/**', 404],
  ['/Patient/ada/*?_type=Organization', 400],
  ['/Patient/ada/*?_type=Nonsense', 400],
  ['/Patient/ada/*?_count=x', 400],
];

describe.each(stores)('compartments and the whole system on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const { status } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterAll(() => fhir.close());

  const search = async (url: string, token = 'admin') => {
    const { status, json } = await fhir.call('GET', url, { token });
    return status === 200 ? idsOf(json).toSorted().join(' ') : String(status);
  };

  it("B62 each of R4's compartments has its members, and none but those", async () => {
    for (const [url, ids] of found) expect([url, await search(url)]).toEqual([url, ids]);
    for (const [url, status] of refused) {
      expect([url, await search(url)]).toEqual([url, String(status)]);
    }
  });

  it('B53 B62 compartments are searched by POST too, and page by page', async () => {
    const post = (url: string, body: string) => fhir.call('POST', url, { body, headers: form });
    const one = await post('/Patient/ada/Observation/_search', 'status=final');
    expect(idsOf(one.json)).toEqual(['o1']);
    expect(linkOf(one.json, 'self')).toBe(
      `${baseUrl}/Patient/ada/Observation?status=final&_count=20`,
    );
    const all = await post('/Patient/ada/_search', '_type=Observation,Encounter&_count=1');
    expect(all.json.total).toBe(2);
    const next = linkOf(all.json, 'next') ?? '';
    expect(next).toContain('/Patient/ada/*?_page=');
    const second = await fhir.call('GET', next.slice(baseUrl.length));
    expect(idsOf(second.json)).toHaveLength(1);
    expect(idsOf(second.json)).not.toEqual(idsOf(all.json));
    expect(await post('/Organization/x/_search', '')).toMatchObject({ status: 404 });
  });

  it('B62 a role sees of a compartment what it may search', async () => {
    expect(await search('/Patient/ada/*', 'frontdesk')).toBe('ada kin visit');
    expect(await search('/Patient/ada/*?_type=Observation', 'frontdesk')).toBe('403');
    expect(await search('/Patient/ada/*', 'app:ada')).toBe('ada kin o1 visit');
    expect(await search('/Patient/d1/*', 'app:ada')).toBe('404');
    expect(await search('/Encounter/visit/*', 'app:ada')).toBe('visit');
    expect(await search('/Practitioner/doc/Observation', 'app:ada')).toBe('');
  });

  it('the whole system is searched by what every type has', async () => {
    expect(await search('/?_id=d1')).toBe('d1 d1');
    expect(await search('/?_type=Device&_id=d1')).toBe('d1');
    expect(await search('/?_tag=urn:t|red')).toBe('ada o1');
    expect(await search('/?_source=urn:lab')).toBe('ada o1');
    expect(await search('/?_profile=http://none')).toBe('');
    expect(await search('/?_security=none')).toBe('');
    expect(await search('/?_lastUpdated=gt2020&_type=Patient,Device')).toBe('ada d1 d1');
    expect(await search('/?_sort=_lastUpdated')).toBe('400');
    expect(await search('/')).toBe('400');
    for (const type of ['Patient', 'Observation']) {
      const base = `/${type}?_source=urn:lab&_tag=red&_lastUpdated=gt2020&_profile:missing=true`;
      expect(await search(base)).toBe(type === 'Patient' ? 'ada' : 'o1');
    }
  });

  it('POST _search is the same on the system; a caller sees of it what it may', async () => {
    const body = '_type=Patient,Observation&_tag=red';
    const { json } = await fhir.call('POST', '/_search', { body, headers: form });
    expect(idsOf(json).toSorted()).toEqual(['ada', 'o1']);
    expect(linkOf(json, 'self')).toBe(`${baseUrl}?_type=Patient,Observation&_tag=red&_count=20`);
    expect(await search('/?_tag=red', 'frontdesk')).toBe('ada');
    expect(await search('/?_type=Observation&_tag=red', 'frontdesk')).toBe('403');
    expect(await search('/?_id=d1,ada', 'app:ada')).toBe('ada');
    expect(await search('/?_type=Patient,Observation,Encounter', 'app:ada')).toBe('ada o1 visit');
  });

  it('the CapabilityStatement says which compartments and common parameters there are', async () => {
    const { text } = await fhir.call('GET', '/metadata');
    const { rest } = JSON.parse(text) as {
      readonly rest: readonly [
        {
          readonly compartment: readonly string[];
          readonly searchParam: readonly { name: string }[];
        },
      ];
    };
    const [{ compartment, searchParam }] = rest;
    const names = ['device', 'encounter', 'patient', 'practitioner', 'relatedPerson'];
    expect(compartment.map((url) => url.split('/').at(-1)).toSorted()).toEqual(names);
    expect(searchParam.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['_id', '_tag', '_text', '_content', '_list', '_filter', '_type']),
    );
  });

  it('HEAD answers a search as GET does, without a body', async () => {
    for (const url of ['/Patient?_id=ada', '/?_id=ada', '/Patient/ada/*', '/Patient?_id=a:b|c|d']) {
      const [head, get] = [await fhir.call('HEAD', url), await fhir.call('GET', url)];
      expect([url, head.status, head.text]).toEqual([url, get.status, '']);
      expect(head.headers['content-type']).toBe(get.headers['content-type']);
    }
  });
});
