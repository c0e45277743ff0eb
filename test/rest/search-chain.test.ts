import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf, linkOf } from './shown.ts';

/** Two patients of two doctors, each with an encounter, observations and a message about them. */
const world = [
  { resourceType: 'Organization', id: 'clinic', name: 'Clinic' },
  { resourceType: 'Practitioner', id: 'dr-a', name: [{ family: 'Who' }] },
  { resourceType: 'Practitioner', id: 'dr-b', name: [{ family: 'Strange' }] },
  ...person('ada', 'dr-a'),
  ...person('bob', 'dr-b'),
  observation('ada-pulse', 'ada', 'pulse'),
  observation('bob-pulse', 'bob', 'pulse'),
  observation('bob-weight', 'bob', 'weight'),
  {
    resourceType: 'Provenance',
    id: 'seen',
    target: [{ reference: 'Observation/bob-weight' }],
    recorded: '2026-01-01T00:00:00Z',
    agent: [{ who: { reference: 'Practitioner/dr-b' } }],
  },
];

function person(id: string, doctor: string): readonly object[] {
  return [
    {
      resourceType: 'Patient',
      id,
      name: [{ family: id }],
      managingOrganization: { reference: 'Organization/clinic' },
      generalPractitioner: [{ reference: `Practitioner/${doctor}` }],
    },
    {
      resourceType: 'Encounter',
      id: `${id}-visit`,
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: `Patient/${id}` },
    },
    {
      resourceType: 'Communication',
      id: `${id}-call`,
      status: 'completed',
      subject: { reference: `Patient/${id}` },
      about: [{ reference: `Observation/${id}-pulse` }],
    },
  ];
}

function observation(id: string, patient: string, code: string): object {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ code }] },
    subject: { reference: `Patient/${patient}` },
    encounter: { reference: `Encounter/${patient}-visit` },
  };
}

async function fill(fhir: FhirApp, resources: readonly object[]): Promise<void> {
  for (const body of resources as readonly { resourceType: string; id: string }[]) {
    const { status, text } = await fhir.call('PUT', `/${body.resourceType}/${body.id}`, { body });
    expect([status, text]).toEqual([201, expect.anything()]);
  }
}

/** A search and whom it finds for an administrator. */
const searches: readonly (readonly [string, readonly string[]])[] = [
  ['/Observation?subject:Patient.family=bob', ['bob-pulse', 'bob-weight']],
  ['/Observation?patient.family=ada', ['ada-pulse']],
  ['/Observation?subject.family=ada', ['ada-pulse']],
  ['/Observation?patient.general-practitioner.family=strange', ['bob-pulse', 'bob-weight']],
  ['/Observation?patient.organization.name=clinic&code=pulse', ['ada-pulse', 'bob-pulse']],
  ['/Observation?encounter.patient.family=bob&code=pulse', ['bob-pulse']],
  ['/Observation?patient.family:missing=true', []],
  ['/Observation?patient._id=bob', ['bob-pulse', 'bob-weight']],
  ['/Patient?_has:Observation:patient:code=weight', ['bob']],
  ['/Patient?_has:Observation:patient:code=pulse', ['ada', 'bob']],
  ['/Patient?_has:Observation:patient:code:not=pulse', ['bob']],
  ['/Patient?_has:Observation:patient:_has:Provenance:target:_id=seen', ['bob']],
  ['/Patient?_has:Observation:patient:encounter.status=finished', ['ada', 'bob']],
  [
    '/Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=weight',
    ['dr-b'],
  ],
  ['/Practitioner?_has:Patient:general-practitioner:family=ada', ['dr-a']],
  ['/Encounter?subject:Patient._has:Observation:patient:code=weight', ['bob-visit']],
  ['/Communication?subject:Patient.family=bob', ['bob-call']],
  ['/Observation?subject.family=ada,bob&_sort=-code&_count=2', ['bob-weight', 'ada-pulse']],
];

describe.each(stores)('chains on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    await fill(fhir, world);
  });
  afterEach(() => fhir.close());
  const find = (url: string, token?: string) =>
    fhir.call('GET', url, { headers: { prefer: 'handling=strict' }, ...(token ? { token } : {}) });

  it('B50 find by what is referred to, and by what refers', async () => {
    for (const [url, expected] of searches) {
      const { status, json } = await find(url);
      expect([url, status, ...idsOf(json)]).toEqual([url, 200, ...expected]);
      expect(linkOf(json, 'self')).toContain(url.split('&')[0]?.split('?')[1] ?? '');
    }
  });

  it('B50 a chain is refused where it cannot be followed', async () => {
    for (const url of [
      '/Observation?code.name=a',
      '/Observation?patient.nonsense=a',
      '/Observation?patient.family:near=a',
      '/Observation?subject:Medication.code=a',
      '/Patient?_has:Observation:code=a',
      '/Patient?_has:Observation:patient:birthdate=a',
      `/Patient?${'link.'.repeat(30)}name=a`,
    ]) {
      expect([url, (await find(url)).status]).toEqual([url, 400]);
    }
  });

  it('a chain follows nothing that is deleted', async () => {
    await fhir.call('DELETE', '/Patient/bob');
    expect(idsOf((await find('/Observation?patient._id=bob')).json)).toEqual([]);
    await fhir.call('DELETE', '/Observation/bob-weight');
    expect(idsOf((await find('/Patient?_has:Observation:patient:code=weight')).json)).toEqual([]);
  });

  it('a chain is refused to a role that may not search what it leads to', async () => {
    expect(await find('/Patient?_has:Observation:patient:code=weight', 'frontdesk')).toMatchObject({
      status: 403,
    });
    const about = '/Encounter?patient._has:Observation:patient:code=weight';
    expect(await find(about, 'frontdesk')).toMatchObject({ status: 403 });
    expect(await find('/Communication?subject:Patient.family=bob', 'frontdesk')).toMatchObject({
      status: 200,
    });
  });

  it('includes everything that a page refers to, and that refers to it', async () => {
    const all = await find('/Patient?_id=bob&_include=*&_revinclude=*');
    expect(idsOf(all.json).toSorted()).toEqual(
      ['bob', 'bob-call', 'bob-pulse', 'bob-visit', 'bob-weight', 'clinic', 'dr-b'].toSorted(),
    );
    const some = await find('/Patient?_id=bob&_revinclude=Observation:*');
    expect(idsOf(some.json)).toEqual(['bob', 'bob-pulse', 'bob-weight']);
    const on = await find('/Patient?_id=bob&_revinclude:iterate=*');
    expect(idsOf(on.json)).toContain('seen');
    const only = await find('/Observation?_id=bob-weight&_include=Observation:*:Patient');
    expect(idsOf(only.json)).toEqual(['bob-weight', 'bob']);
    const frontdesk = await find('/Patient?_id=bob&_revinclude=*', 'frontdesk');
    expect(idsOf(frontdesk.json).toSorted()).toEqual(['bob', 'bob-call', 'bob-visit']);
  });
});

/**
 * The oracle: a site that holds nothing but what a token may read. If the token finds the same at the whole site as an
 * administrator does there, then nothing that it may not read had a say.
 */
describe('a chain tells no more than a direct search', () => {
  it.each(['app:ada', 'app:bob', 'clinician:bob', 'nurse'])('to %s', async (token) => {
    const whole = await openFhirApp(async () => openMemoryStore());
    const part = await openFhirApp(async () => openMemoryStore());
    try {
      await fill(whole, world);
      const visible: object[] = [];
      for (const body of world as readonly { resourceType: string; id: string }[]) {
        const read = await whole.call('GET', `/${body.resourceType}/${body.id}`, { token });
        if (read.status === 200) visible.push(body);
      }
      expect(visible.length).toBeGreaterThan(token === 'nurse' ? 10 : 3);
      await fill(part, visible);
      const negated = searches.map(([url]) => url.replace(/^(\/\w+\?)_has/, '$1_id=ada,bob&_has'));
      let answered = 0;
      for (const url of [...searches.map(([each]) => each), ...negated]) {
        const found = await whole.call('GET', url, { token });
        const expected = await part.call('GET', url);
        if (found.status === 403) continue;
        answered++;
        expect([url, found.status, ...idsOf(found.json)]).toEqual([
          url,
          200,
          ...idsOf(expected.json),
        ]);
        expect([url, found.json.total]).toEqual([url, expected.json.total]);
      }
      expect(answered).toBeGreaterThan(15);
    } finally {
      await whole.close();
      await part.close();
    }
  });
});
