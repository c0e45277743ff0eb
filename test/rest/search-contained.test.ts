import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { linkOf } from './shown.ts';

const atc = 'http://www.whocc.no/atc';

function medication(id: string, code: string, status = 'active') {
  return { resourceType: 'Medication', id, status, code: { coding: [{ system: atc, code }] } };
}

/** A request that contains medications and asks for the first of them. */
function request(id: string, contained: readonly { readonly id: string }[], patient = 'ada') {
  return {
    resourceType: 'MedicationRequest',
    id,
    status: 'active',
    intent: 'order',
    // Each is referred to, as dom-3 asks.
    supportingInformation: contained.map((one) => ({ reference: `#${one.id}` })),
    medicationReference: { reference: `#${contained[0]?.id ?? ''}` },
    subject: { reference: `Patient/${patient}` },
    contained,
  };
}

const world = [
  { resourceType: 'Patient', id: 'ada' },
  { resourceType: 'Patient', id: 'bob' },
  medication('alone', 'A01'),
  request('r1', [medication('m', 'A01')]),
  request('r2', [medication('m1', 'A01'), medication('m2', 'A02', 'inactive')], 'bob'),
  request('r3', [medication('m1', 'A01', 'inactive'), medication('m2', 'A01')], 'bob'),
  {
    resourceType: 'Observation',
    id: 'panel',
    status: 'final',
    code: { coding: [{ code: 'P' }] },
    hasMember: [{ reference: '#part' }],
    contained: [
      {
        resourceType: 'Observation',
        id: 'part',
        status: 'final',
        code: { coding: [{ code: 'P' }] },
        valueQuantity: { value: 7 },
      },
    ],
  },
];

/** Address, full addresses below the base. */
const found: readonly (readonly [url: string, addresses: readonly string[]])[] = [
  ['Medication?code=A01', ['Medication/alone']],
  ['Medication?code=A01&_contained=false', ['Medication/alone']],
  ['Medication?code=A01&_contained=true', ['r1', 'r2', 'r3']],
  ['Medication?code=A01&_contained=both', ['Medication/alone', 'r1', 'r2', 'r3']],
  ['Medication?code=A01&_contained=true&_containedType=container', ['r1', 'r2', 'r3']],
  [
    'Medication?code=A01&_contained=true&_containedType=contained',
    ['r1#m', 'r2#m1', 'r3#m1', 'r3#m2'],
  ],
  // Both are said of one contained resource.
  ['Medication?code=A01&status=inactive&_contained=true', ['r3']],
  [
    'Medication?code=A01&status:not=inactive&_contained=true&_containedType=contained',
    ['r1#m', 'r2#m1', 'r3#m2'],
  ],
  ['Medication?code=A03&_contained=both', []],
  ['Medication?_id=m2&_contained=true&_containedType=contained', ['r2#m2', 'r3#m2']],
  ['Medication?_contained=true', ['r1', 'r2', 'r3']],
  ['Patient?_contained=true', []],
  ['?_type=Medication&_contained=true&code=A02', ['r2']],
  [
    '?_type=Medication,Observation&_contained=true&_containedType=contained',
    ['r1#m', 'r2#m1', 'r2#m2', 'r3#m1', 'r3#m2', 'Observation/panel#part'],
  ],
  // The container stands alone and matches itself: it is there once.
  ['Observation?code=P&_contained=both', ['Observation/panel']],
  ['Observation?code=P&_contained=true', ['Observation/panel']],
  [
    'Observation?code=P&_contained=both&_containedType=contained',
    ['Observation/panel', 'Observation/panel#part'],
  ],
  ['Observation?value-quantity=7&_contained=both', ['Observation/panel']],
];

const refused = [
  'Medication?code=A01&_contained=yes',
  'Medication?code=A01&_contained=true&_contained=both',
  'Medication?code=A01&_contained:not=true',
  'Medication?code=A01&_contained=true&_containedType=all',
  'Medication?_contained=true&_sort=status',
  'Medication?_contained=true&manufacturer.name=x',
  'Medication?_contained=true&_has:MedicationRequest:medication:status=active',
  'Medication?_contained=true&_content=x',
  'Medication?_contained=true&_containedType=contained&_include=Medication:manufacturer',
  'Patient/ada/Observation?_contained=true',
  '?code=A01&_contained=true',
];

describe.each(stores)('contained resources on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of world) {
      const answer = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
      expect([body.id, answer.status, answer.text]).toEqual([body.id, 201, answer.text]);
    }
  });
  afterAll(() => fhir.close());

  /** Full addresses of the matches, and of the pages after it. */
  const walk = async (url: string, token = 'admin'): Promise<readonly string[]> => {
    const addresses: string[] = [];
    for (let next: string | undefined = `/${url}`; next !== undefined;) {
      const { status, json, text } = await fhir.call('GET', encodeURI(next), { token });
      expect([next, status, status === 200 ? '' : text]).toEqual([next, 200, '']);
      const entries = (json.entry ?? []).filter((entry) => entry.search?.mode === 'match');
      addresses.push(...entries.map((entry) => shortened(entry.fullUrl ?? '')));
      next = linkOf(json, 'next')?.slice(baseUrl.length);
    }
    return addresses;
  };

  it('is found as its container or as itself, each once, on pages of any size', async () => {
    for (const [url, addresses] of found) {
      for (const count of ['', '&_count=1', '&_count=2', '&_count=3']) {
        const shown = await walk(url + count);
        expect([url, count, shown.toSorted()]).toEqual([url, count, addresses.toSorted()]);
      }
    }
  });

  it('is shown alone as it stands, under the address of its place', async () => {
    const url = '/Medication?code=A02&_contained=true&_containedType=contained';
    const { json } = await fhir.call('GET', url);
    expect(json.entry).toEqual([
      {
        fullUrl: `${baseUrl}/MedicationRequest/r2#m2`,
        resource: medication('m2', 'A02', 'inactive'),
        search: { mode: 'match' },
      },
    ]);
    expect(json.total).toBe(1);
    const self = linkOf(json, 'self') ?? '';
    expect(self).toContain('_contained=true&_containedType=contained');
    const subset = await fhir.call('GET', `${url}&_elements=status`);
    expect(subset.json.entry?.[0]?.resource).toMatchObject({ id: 'm2', status: 'inactive' });
    expect(subset.json.entry?.[0]?.resource).not.toHaveProperty('code');
  });

  it('is counted where that is asked for, and on a first page that holds all', async () => {
    const total = async (url: string) => (await fhir.call('GET', url)).json.total;
    expect(await total('/Medication?code=A01&_contained=true&_summary=count')).toBe(3);
    expect(await total('/Medication?code=A01&_contained=both&_summary=count')).toBe(4);
    expect(await total('/Medication?_contained=both&_containedType=contained&_summary=count')).toBe(
      6,
    );
    expect(await total('/Medication?code=A01&_contained=both')).toBe(4);
    expect(await total('/Medication?code=A01&_contained=both&_total=none')).toBeUndefined();
    expect(await total('/Medication?code=A01&_contained=both&_count=2')).toBeUndefined();
    expect(await total('/Medication?code=A01&_contained=both&_count=2&_total=accurate')).toBe(4);
    expect(await total('/Medication?code=A01&_contained=true&_count=1&_total=accurate')).toBe(3);
  });

  it('brings what its container refers to', async () => {
    const url = '/Medication?code=A02&_contained=true&_include=MedicationRequest:subject';
    const { json } = await fhir.call('GET', url);
    expect(json.entry?.map((e) => [e.search?.mode, shortened(e.fullUrl ?? '')])).toEqual([
      ['match', 'r2'],
      ['include', 'Patient/bob'],
    ]);
  });

  it('is shown to whom its container is shown', async () => {
    expect(await walk('Medication?code=A01&_contained=true', 'app:ada')).toEqual(['r1']);
    expect(await walk('Medication?code=A01&_contained=true', 'app:bob')).toEqual(['r2', 'r3']);
  });

  it('what cannot be asked of it is refused by name', async () => {
    for (const url of refused) {
      const { status, json } = await fhir.call('GET', `/${url}`);
      expect([url, status]).toEqual([url, 400]);
      expect([url, json.issue[0]?.diagnostics]).toEqual([
        url,
        expect.stringMatching(/_contained|_type/),
      ]);
    }
    const headers = { 'if-none-exist': 'code=A01&_contained=true' };
    const created = await fhir.call('POST', '/Medication', {
      body: medication('x', 'A01'),
      headers,
    });
    expect(created.status).toBe(400);
  });

  it('is gone with the version that contained it', async () => {
    const url = 'Medication?code=B01&_contained=true';
    const put = (contained: readonly { readonly id: string }[]) =>
      fhir.call('PUT', '/MedicationRequest/later', { body: request('later', contained) });
    await put([medication('m', 'B01')]);
    expect(await walk(url)).toEqual(['later']);
    await put([medication('m', 'B02')]);
    expect(await walk(url)).toEqual([]);
    await put([medication('m', 'B01')]);
    await fhir.call('DELETE', '/MedicationRequest/later');
    expect(await walk(url)).toEqual([]);
  });
});

function shortened(address: string): string {
  return address.slice(baseUrl.length + 1).replace('MedicationRequest/', '');
}
