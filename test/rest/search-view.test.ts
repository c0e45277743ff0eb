import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { linkOf } from './shown.ts';

const subsetted = 'SUBSETTED';

const ada = {
  resourceType: 'Patient',
  id: 'ada',
  language: 'en',
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>' },
  contained: [{ resourceType: 'Organization', id: 'c', name: 'C' }],
  extension: [{ url: 'http://x.test', valueDecimal: 1 }],
  identifier: [{ system: 'urn:mrn', value: '1', assigner: { reference: '#c', display: 'C' } }],
  active: true,
  name: [{ use: 'official', family: 'Lovelace', given: ['Ada', 'Augusta'] }],
  gender: 'female',
  birthDate: '1815-12-10',
  _birthDate: { extension: [{ url: 'http://y.test', valueString: 'noon' }] },
  maritalStatus: { text: 'married' },
  contact: [{ name: { family: 'Byron' } }],
  communication: [{ language: { text: 'English' }, preferred: true }],
  link: [{ other: { reference: 'Patient/ada' }, type: 'seealso' }],
};

const glucose = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2339-0', userSelected: true }] },
  subject: { reference: 'Patient/ada' },
  valueQuantity: { value: 1.5, unit: 'g' },
  note: [{ text: 'a note' }],
  referenceRange: [{ low: { value: 1 }, text: 'range' }],
  component: [{ code: { text: 'part' }, valueInteger: 3, interpretation: [{ text: 'high' }] }],
};

const claim = {
  resourceType: 'Claim',
  id: 'c1',
  status: 'active',
  type: { text: 'oral' },
  use: 'claim',
  patient: { reference: 'Patient/ada' },
  created: '2026-01-01',
  provider: { display: 'P' },
  priority: { text: 'normal' },
  insurance: [
    { sequence: 1, focal: true, coverage: { display: 'C' }, claimResponse: { display: 'R' } },
  ],
};

/** What is asked of a resource, and the members that are shown of it besides `resourceType`, `id` and `meta`. */
const views: readonly (readonly [place: string, view: string, members: readonly string[]])[] = [
  ['Patient/ada', '_elements=gender', ['gender']],
  ['Patient/ada', '_elements=Patient.gender,name', ['name', 'gender']],
  ['Patient/ada', '_elements=Observation.code,gender', ['gender']],
  ['Patient/ada', '_elements=birthDate', ['birthDate', '_birthDate']],
  ['Patient/ada', '_elements=nothing', []],
  ['Patient/ada', '_elements=id', []],
  ['Observation/o1', '_elements=value', ['status', 'code', 'valueQuantity']],
  ['Observation/o1', '_elements=value[x]', ['status', 'code', 'valueQuantity']],
  ['Observation/o1', '_elements=valueQuantity', ['status', 'code', 'valueQuantity']],
  ['Observation/o1', '_elements=valueString', ['status', 'code']],
  ['Patient/ada', '_summary=text', ['text']],
  ['Observation/o1', '_summary=text', ['status', 'code']],
  [
    'Patient/ada',
    '_summary=true',
    ['identifier', 'active', 'name', 'gender', 'birthDate', '_birthDate', 'link'],
  ],
  ['Observation/o1', '_summary=true', ['status', 'code', 'subject', 'valueQuantity', 'component']],
  [
    'Patient/ada',
    '_summary=data',
    Object.keys(ada).filter((key) => !['resourceType', 'id', 'text'].includes(key)),
  ],
];

describe.each(stores)('a part of a resource on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of [ada, glucose, claim]) {
      const answer = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect([answer.text, answer.status]).toEqual([answer.text, 201]);
    }
  });
  afterAll(() => fhir.close());

  type Members = Readonly<Record<string, unknown>>;
  const get = async (url: string) => (await fhir.call('GET', encodeURI(url))).json;
  const read = async (url: string) => (await get(url)) as unknown as Members;
  const tagOf = (resource: Members): unknown =>
    (resource['meta'] as { tag?: { code?: string }[] } | undefined)?.tag?.map(({ code }) => code);

  it('B59 _summary and _elements answer the same part by read, vread, history and search', async () => {
    for (const [place, view, members] of views) {
      const [type = '', id = ''] = place.split('/');
      const shown = [
        await read(`/${place}?${view}`),
        await read(`/${place}/_history/1?${view}`),
        (await get(`/${place}/_history?${view}`)).entry[0]?.resource as unknown as Members,
        (await get(`/${type}?_id=${id}&${view}`)).entry[0]?.resource as unknown as Members,
      ];
      for (const resource of shown) {
        const keys = Object.keys(resource).filter(
          (key) => !['resourceType', 'id', 'meta'].includes(key),
        );
        expect([view, keys.sort(), tagOf(resource)]).toEqual([
          view,
          [...members].sort(),
          [subsetted],
        ]);
        expect([resource['resourceType'], resource['id']]).toEqual([type, id]);
      }
    }
  });

  it('B59 a summary goes down to the elements of elements', async () => {
    const { component } = await read('/Observation/o1?_summary=true');
    expect(component).toEqual([{ code: { text: 'part' }, valueInteger: 3 }]);
    const { insurance } = await read('/Claim/c1?_summary=true');
    expect(insurance).toEqual([{ sequence: 1, focal: true, coverage: { display: 'C' } }]);
  });

  it('B59 _elements takes the elements of elements, with what is mandatory among them', async () => {
    const names = await read('/Patient/ada?_elements=name.family,identifier.value,contact.name');
    expect([names['name'], names['identifier'], names['contact']]).toEqual([
      [{ family: 'Lovelace' }],
      [{ value: '1' }],
      [{ name: { family: 'Byron' } }],
    ]);
    const both = await read('/Patient/ada?_elements=name.family,name');
    expect(both['name']).toEqual(ada.name);
    const spoken = await read('/Patient/ada?_elements=communication.preferred');
    expect(spoken['communication']).toEqual(ada.communication);
    const noSuch = await read('/Patient/ada?_elements=maritalStatus.coding');
    expect(noSuch['maritalStatus']).toBeUndefined();
  });

  it('B16 B20 a part keeps its digits, is tagged once and cannot be written back', async () => {
    await fhir.call('PUT', '/Observation/o2', {
      body: JSON.stringify({ ...glucose, id: 'o2' }).replace('1.5', '1.500'),
    });
    const { text } = await fhir.call('GET', '/Observation/o2?_elements=value');
    expect(text).toContain('1.500');
    expect(await fhir.call('PUT', '/Observation/o2', { body: text })).toMatchObject({
      status: 422,
    });
    const whole = await read('/Patient/ada?_summary=false');
    expect([Object.keys(whole).length, tagOf(whole)]).toEqual([
      Object.keys(ada).length + 1,
      undefined,
    ]);
  });

  it('B38 B59 what is no view is 400; count is for several', async () => {
    for (const url of [
      '/Patient/ada?_summary=some',
      '/Patient/ada?_summary=count',
      '/Patient/ada?_elements=a b',
      '/Patient/ada?_elements=a&_elements=b',
      '/Patient/ada/_history?_summary=some',
      '/Observation?_summary=text&_include=Observation:subject',
    ]) {
      expect([url, (await fhir.call('GET', encodeURI(url))).status]).toEqual([url, 400]);
    }
    const counted = await get('/Patient/ada/_history?_summary=count');
    expect([counted.total, counted.entry]).toEqual([1, undefined]);
  });

  it('B53 the pages of a history are of one view', async () => {
    await fhir.call('PUT', '/Patient/bob', { body: { ...ada, id: 'bob', active: false } });
    await fhir.call('PUT', '/Patient/bob', { body: { ...ada, id: 'bob' } });
    const first = await get('/Patient/bob/_history?_count=1&_elements=active');
    expect(linkOf(first, 'self')).toBe(`${baseUrl}/Patient/bob/_history?_count=1&_elements=active`);
    const next = (linkOf(first, 'next') ?? '').slice(baseUrl.length);
    const resource = (await get(next)).entry[0]?.resource as unknown as Members;
    expect([resource['active'], resource['name']]).toEqual([false, undefined]);
    await fhir.call('DELETE', '/Patient/bob');
    const after = await get('/Patient/bob/_history?_elements=active');
    expect(after.entry.map((entry) => entry.resource === undefined)).toEqual([true, false, false]);
  });
});
