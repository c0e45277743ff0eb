import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { at, profiles, raceOf, raceText, rightLab, rightPatient } from '../fhir/profile-fixture.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';

const claiming = (resource: object, ...names: readonly string[]): object => ({
  ...resource,
  meta: { profile: names.map(at) },
});

const raceSet = {
  resourceType: 'ValueSet',
  url: 'urn:race',
  status: 'active',
  compose: { include: [{ system: 'urn:r', concept: [{ code: '1' }] }] },
};

const places = ({ json }: CallAnswer): readonly string[] =>
  json.issue
    .filter(({ severity }) => severity === 'error')
    .map(({ code, expression }) => `${code} ${expression?.join() ?? ''}`);

describe.each(stores)('profiles on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open, { conformance: [...profiles.slice(0, 3), raceSet] });
  });
  afterEach(() => fhir.close());

  const post = (url: string, body: unknown, token = 'admin') =>
    fhir.call('POST', url, { body, token });
  const count = async () => (await fhir.store.counts()).get('Patient') ?? 0;

  it('a write is held against the profiles that it claims, of the site or stored', async () => {
    expect((await post('/Patient', claiming(rightPatient, 'patient'))).status).toBe(201);
    const wrong = await post(
      '/Patient',
      claiming({ ...rightPatient, gender: undefined }, 'patient'),
    );
    expect([wrong.status, places(wrong)]).toEqual([422, ['required Patient.gender']]);
    expect((await post('/Patient', { resourceType: 'Patient' })).status).toBe(201);
    expect((await post('/Patient', claiming({ resourceType: 'Patient' }, 'none'))).status).toBe(
      201,
    );
    // Not known yet, then stored.
    const lab = { ...rightLab, subject: undefined };
    expect((await post('/Observation', claiming(lab, 'glucose'))).status).toBe(201);
    expect((await post('/StructureDefinition', profiles[3])).status).toBe(201);
    const known = await post('/Observation', claiming(lab, 'glucose'));
    expect([known.status, places(known)]).toEqual([422, ['required Observation.subject']]);
  });

  it('the CapabilityStatement names the profiles of the site', async () => {
    const { json } = await fhir.call('GET', '/metadata');
    const { rest } = json as unknown as {
      rest: { resource: { type: string; supportedProfile?: string[] }[] }[];
    };
    const named = (type: string) =>
      rest[0]?.resource.find((each) => each.type === type)?.supportedProfile;
    expect([named('Patient'), named('Group')]).toEqual([[at('patient')], undefined]);
  });

  it('so are updates, patches, transactions, and what is contained', async () => {
    await fhir.call('PUT', '/Patient/p', {
      body: { ...claiming(rightPatient, 'patient'), id: 'p' },
    });
    const bad = { ...claiming({ resourceType: 'Patient' }, 'patient'), id: 'p' };
    expect((await fhir.call('PUT', '/Patient/p', { body: bad })).status).toBe(422);
    const patch = await fhir.call('PATCH', '/Patient/p', {
      body: [{ op: 'remove', path: '/gender' }],
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect([patch.status, places(patch)]).toEqual([422, ['required Patient.gender']]);
    const bundle = await post('/', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: bad, request: { method: 'PUT', url: 'Patient/p' } }],
    });
    expect(bundle.status).toBe(422);
    expect(places(bundle)).toContain('required Bundle.entry[0].resource.gender');
    const outer = {
      resourceType: 'Patient',
      contained: [{ ...bad, id: 'c', contact: undefined }],
      link: [{ other: { reference: '#c' }, type: 'seealso' }],
    };
    expect(places(await post('/Patient', outer))).toContain('required Patient.contained[0].gender');
    expect((await fhir.call('GET', '/Patient/p')).json.meta.versionId).toBe('1');
  });

  it('required bindings of profiles go by the value sets at hand', async () => {
    const withCode = (code: string) => {
      const category = { url: 'ombCategory', valueCoding: { system: 'urn:r', code } };
      return claiming({ ...rightPatient, extension: [raceOf(raceText, category)] }, 'patient');
    };
    expect((await post('/Patient', withCode('1'))).status).toBe(201);
    const wrong = await post('/Patient', withCode('9'));
    const place = 'Patient.extension[0].extension[1].value';
    expect([wrong.status, places(wrong)]).toEqual([422, [`code-invalid ${place}`]]);
    const wider = {
      ...raceSet,
      compose: { include: [{ system: 'urn:r', concept: [{ code: '9' }] }] },
    };
    await post('/ValueSet', wider);
    expect((await post('/Patient', withCode('9'))).status).toBe(201);
  });

  it('$validate takes profile and mode, in the address or Parameters, and stores nothing', async () => {
    const bare = { resourceType: 'Patient' };
    const profile = `profile=${at('patient')}`;
    expect(places(await post('/Patient/$validate', bare))).toEqual([]);
    const held = places(await post(`/Patient/$validate?${profile}`, bare));
    expect(held).toContain('required Patient.gender');
    const parameters = (more: readonly object[]) => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: bare }, ...more],
    });
    const byBody = await post(
      '/Patient/$validate',
      parameters([
        { name: 'mode', valueCode: 'create' },
        { name: 'profile', valueUri: at('patient') },
      ]),
    );
    expect(places(byBody)).toEqual(held);
    expect(places(await post('/Patient/$validate?mode=update', bare))).toEqual([
      'required Patient',
    ]);
    expect(places(await post('/Patient/x/$validate', bare))).toEqual(['value Patient.id']);
    expect(places(await post('/Patient/$validate?profile=urn:none', bare))).toEqual(['not-found ']);
    const own = 'profile=http://hl7.org/fhir/StructureDefinition/Patient';
    expect(places(await post(`/Patient/$validate?${own}`, bare))).toEqual([]);
    const claimed = await post('/Patient/$validate', claiming(bare, 'none'));
    expect(claimed.json.issue).toMatchObject([{ severity: 'warning' }]);
    expect((await post('/Patient/$validate?mode=zzz', bare)).status).toBe(400);
    expect((await post('/Patient/$validate?mode=profile', bare)).status).toBe(400);
    expect((await post('/Patient/$validate', parameters([]).parameter)).status).toBe(400);
    expect((await post('/Patient/$validate', '')).status).toBe(400);
    expect(await count()).toBe(0);
  });

  it('$validate looks at the stored resource, and at what a deletion would do', async () => {
    await fhir.call('PUT', '/Patient/p', { body: { resourceType: 'Patient', id: 'p' } });
    const stored = await fhir.call('GET', `/Patient/p/$validate?profile=${at('patient')}`);
    expect([stored.status, places(stored).includes('required Patient.gender')]).toEqual([
      200,
      true,
    ]);
    expect((await fhir.call('GET', '/Patient/none/$validate')).status).toBe(404);
    expect((await fhir.call('GET', '/Patient/p/$validate', { token: 'app:other' })).status).toBe(
      404,
    );
    expect(
      (await fhir.call('GET', '/Observation/p/$validate', { token: 'frontdesk' })).status,
    ).toBe(403);
    expect(places(await post('/Patient/p/$validate?mode=delete', ''))).toEqual([]);
    expect(places(await post('/Patient/p/$validate?mode=delete', '', 'nurse'))).toEqual([
      'forbidden ',
    ]);
    expect((await post('/Patient/none/$validate?mode=delete', '')).status).toBe(404);
    expect(await count()).toBe(1);
  });
});
