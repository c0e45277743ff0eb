import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const patientOf = (mrn: string, more: object = {}) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: mrn }],
  ...more,
});

describe.each(stores)('conditional interactions on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(() => fhir.close());

  const createIf = (mrn: string, criteria = `identifier=urn:mrn|${mrn}`, more: object = {}) =>
    fhir.call('POST', '/Patient', {
      body: patientOf(mrn, more),
      headers: { 'if-none-exist': criteria },
    });
  const total = async (query: string): Promise<number> =>
    (await fhir.call('GET', `/Patient?${query}`)).json.total;

  it('B21 conditional create: none is 201, one is 200 and untouched, more are 412', async () => {
    const first = await createIf('1');
    expect(first.status).toBe(201);
    const again = await createIf('1', undefined, { active: true });
    expect(again).toMatchObject({ status: 200 });
    expect(again.json).toEqual(first.json);
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    expect(await createIf('1')).toMatchObject({ status: 412 });
  });

  it('B21 an empty If-None-Exist is 400', async () => {
    expect(await createIf('1', '')).toMatchObject({ status: 400 });
    expect(await createIf('1', 'identifier=')).toMatchObject({ status: 400 });
    expect(await createIf('1', '_count=1')).toMatchObject({ status: 400 });
  });

  it('B22 conditional update: creates, updates the one, refuses another id and several', async () => {
    const url = '/Patient?identifier=urn:mrn|1';
    const made = await fhir.call('PUT', url, { body: patientOf('1') });
    expect(made.status).toBe(201);
    const { id } = made.json;
    const changed = await fhir.call('PUT', url, { body: patientOf('1', { active: true }) });
    expect(changed).toMatchObject({ status: 200, json: { id, active: true } });
    const other = await fhir.call('PUT', url, { body: patientOf('1', { id: 'other' }) });
    expect(other.status).toBe(400);
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    expect(await fhir.call('PUT', url, { body: patientOf('1') })).toMatchObject({ status: 412 });
    expect(await fhir.call('PUT', '/Patient', { body: patientOf('1') })).toMatchObject({
      status: 400,
    });
  });

  it('B22 conditional update with an id that is free creates under that id', async () => {
    const body = patientOf('2', { id: 'chosen' });
    const made = await fhir.call('PUT', '/Patient?identifier=urn:mrn|2', { body });
    expect(made).toMatchObject({ status: 201, json: { id: 'chosen' } });
  });

  it('B23 conditional delete: one goes, several are 412, none is 204', async () => {
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    await fhir.call('POST', '/Patient', { body: patientOf('2') });
    await fhir.call('POST', '/Patient', { body: patientOf('2') });
    const remove = (query: string) => fhir.call('DELETE', `/Patient${query}`);
    expect(await remove('?identifier=urn:mrn|1')).toMatchObject({ status: 204 });
    expect(await remove('?identifier=urn:mrn|1')).toMatchObject({ status: 204 });
    expect(await remove('?identifier=urn:mrn|2')).toMatchObject({ status: 412 });
    expect(await remove('')).toMatchObject({ status: 400 });
    expect(await total('')).toBe(2);
  });

  it('B23 B24 criteria that are not understood are an error, never "any"', async () => {
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    const bad = 'no-such-parameter=1';
    expect(await fhir.call('DELETE', `/Patient?${bad}`)).toMatchObject({ status: 400 });
    expect(await createIf('2', bad)).toMatchObject({ status: 400 });
    expect(await fhir.call('PUT', `/Patient?${bad}`, { body: patientOf('2') })).toMatchObject({
      status: 400,
    });
    expect(await total('')).toBe(1);
  });

  it('B23 B24 criteria that ask for nothing are an error too, not everything', async () => {
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    for (const none of [
      ...['identifier=,', '_sort=name', '_type=Patient', '_include=Patient:link', '_list=,'],
      ...[
        '_contained=false',
        '_containedType=container',
        '_revinclude=Patient:link',
        '_elements=id',
      ],
    ]) {
      const removed = await fhir.call('DELETE', `/Patient?${none}`);
      const updated = await fhir.call('PUT', `/Patient?${none}`, { body: patientOf('2') });
      const created = await createIf('2', none);
      expect([none, removed.status, updated.status, created.status]).toEqual([none, 400, 400, 400]);
    }
    expect(await total('')).toBe(1);
  });

  it('B25 twenty conditional creates at once make one resource', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => createIf('race')));
    const codes = answers.map(({ status }) => status).sort();
    expect(codes).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(await total('identifier=urn:mrn|race')).toBe(1);
  });

  it('B25 twenty conditional updates at once make one resource', async () => {
    const url = '/Patient?identifier=urn:mrn|race';
    const bodies = Array.from({ length: 20 }, (_, i) => patientOf('race', { active: i % 2 === 0 }));
    const answers = await Promise.all(bodies.map((body) => fhir.call('PUT', url, { body })));
    expect(answers.every(({ status }) => [200, 201].includes(status))).toBe(true);
    expect(await total('identifier=urn:mrn|race')).toBe(1);
  });

  it('conditional updates at once that name one new id all find it', async () => {
    const url = '/Patient?identifier=urn:mrn|race';
    const body = patientOf('race', { id: 'chosen' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fhir.call('PUT', url, { body })),
    );
    const codes = answers.map(({ status }) => status).sort();
    expect(codes).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
  });

  it("a conditional update creates under no id that is taken, or was another patient's", async () => {
    const observation = (id: string, patient: string) => ({
      ...{ resourceType: 'Observation', id, status: 'final', code: { text: 'x' } },
      subject: { reference: `Patient/${patient}` },
    });
    for (const id of ['living', 'gone']) {
      await fhir.call('PUT', `/Observation/${id}`, { body: observation(id, 'other') });
    }
    await fhir.call('DELETE', '/Observation/gone');
    const put = async (id: string, token: string): Promise<number> => {
      const url = '/Observation?status=amended';
      return (await fhir.call('PUT', url, { body: observation(id, 'own'), token })).status;
    };
    expect(await put('living', 'app:own')).toBe(403);
    expect(await put('gone', 'app:own')).toBe(403);
    expect(await put('new', 'app:own')).toBe(201);
    expect(await put('living', 'admin')).toBe(409);
    expect(await put('gone', 'admin')).toBe(201);
  });

  it('B25 a claim whose resource is gone or changed is taken over, by one of twenty', async () => {
    const { json: first } = await createIf('1');
    await fhir.call('DELETE', `/Patient/${first.id}`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => createIf('1')));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    const id = answers[0]?.json.id ?? '';
    await fhir.call('PUT', `/Patient/${id}`, { body: patientOf('other', { id }) });
    expect(await createIf('1')).toMatchObject({ status: 201 });
  });

  it('conditional patch patches the one match', async () => {
    await fhir.call('POST', '/Patient', { body: patientOf('1') });
    const headers = { 'content-type': 'application/json-patch+json' };
    const body = [{ op: 'add', path: '/active', value: true }];
    const patch = (mrn: string) =>
      fhir.call('PATCH', `/Patient?identifier=urn:mrn|${mrn}`, { body, headers });
    expect(await patch('1')).toMatchObject({ status: 200, json: { active: true } });
    expect(await patch('2')).toMatchObject({ status: 404 });
  });

  it.each(['Patient?identifier=urn:mrn|1', 'Patient\\u003fidentifier=urn:mrn|1'])(
    'a conditional reference outside of a transaction is refused, not stored: %s',
    async (reference) => {
      await fhir.call('POST', '/Patient', { body: patientOf('1') });
      const text = (id: string): string =>
        `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"x"},` +
        `"subject":{"reference":"${reference}"}}`;
      const refused = { status: 422, json: { issue: [{ expression: ['Observation.subject'] }] } };
      expect(await fhir.call('POST', '/Observation', { body: text('a') })).toMatchObject(refused);
      expect(await fhir.call('PUT', '/Observation/a', { body: text('a') })).toMatchObject(refused);
      const url = '/Observation?identifier=urn:a|1';
      expect(await fhir.call('PUT', url, { body: text('a') })).toMatchObject(refused);
      const body = `{"resourceType":"Bundle","type":"batch","entry":[{"resource":${text('a')},"request":{"method":"POST","url":"Observation"}}]}`;
      const { json } = await fhir.call('POST', '/', { body });
      expect(json.entry[0]?.response.status).toBe('422 Unprocessable Entity');
      const other = text('b').replace(/,"subject":.*/, '}');
      await fhir.call('PUT', '/Observation/b', { body: other });
      const patch = `[{"op":"add","path":"/subject","value":{"reference":"${reference}"}}]`;
      const headers = { 'content-type': 'application/json-patch+json' };
      expect(await fhir.call('PATCH', '/Observation/b', { body: patch, headers })).toMatchObject(
        refused,
      );
      expect((await fhir.call('GET', '/Observation?_summary=count')).json.total).toBe(1);
    },
  );
});
