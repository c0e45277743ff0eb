import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const ada = { resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }] };
const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2339-0' }] },
};

describe.each(stores)('one resource on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(() => fhir.close());

  const put = (id: string, more: object = {}, headers: Record<string, string> = {}) =>
    fhir.call('PUT', `/Patient/${id}`, { body: { ...ada, id, ...more }, headers });

  it('B1 what never was is 404, what was deleted is 410', async () => {
    expect(await fhir.call('GET', '/Patient/never')).toMatchObject({ status: 404 });
    await put('a');
    await fhir.call('DELETE', '/Patient/a');
    const gone = await fhir.call('GET', '/Patient/a');
    expect(gone.status).toBe(410);
    expect(gone.json.issue[0]?.code).toBe('deleted');
  });

  it('B2 vread shows old versions after a delete; of the deletion 410, of an unknown one 404', async () => {
    await put('a');
    await fhir.call('DELETE', '/Patient/a');
    expect(await fhir.call('GET', '/Patient/a/_history/1')).toMatchObject({ status: 200 });
    expect(await fhir.call('GET', '/Patient/a/_history/2')).toMatchObject({ status: 410 });
    expect(await fhir.call('GET', '/Patient/a/_history/9')).toMatchObject({ status: 404 });
  });

  it('B3 create takes no id, version or time from the client but keeps its other meta', async () => {
    const meta = { versionId: '77', lastUpdated: '2001-01-01T00:00:00Z', source: 'urn:x' };
    const made = await fhir.call('POST', '/Patient', { body: { ...ada, id: 'mine', meta } });
    expect(made.status).toBe(201);
    const { id } = made.json;
    expect(id).not.toBe('mine');
    expect(made.json.meta).toMatchObject({ versionId: '1', source: 'urn:x' });
    expect(made.json.meta.lastUpdated).toMatch(/^2026-/);
    expect(made.headers).toMatchObject({
      location: `${baseUrl}/Patient/${id}/_history/1`,
      etag: 'W/"1"',
    });
    expect(Date.parse(made.headers['last-modified'] ?? '')).toBe(
      Date.parse(made.json.meta.lastUpdated),
    );
  });

  it('B4 the ETag is weak and equals meta.versionId', async () => {
    await put('a');
    await put('a', { active: true });
    const shown = await fhir.call('GET', '/Patient/a');
    expect(shown.headers['etag']).toBe('W/"2"');
    expect(shown.json.meta.versionId).toBe('2');
  });

  it('B5 a PUT without id, with another id or another type is 400', async () => {
    const bodies = [ada, { ...ada, id: 'b' }, { ...observation, id: 'a' }];
    for (const body of bodies) {
      const answer = await fhir.call('PUT', '/Patient/a', { body });
      expect(answer.status).toBe(400);
      expect(answer.json.resourceType).toBe('OperationOutcome');
    }
  });

  it('B6 a PUT on a free id creates it; on a deleted one the version goes on', async () => {
    expect(await put('a')).toMatchObject({ status: 201, headers: { etag: 'W/"1"' } });
    await fhir.call('DELETE', '/Patient/a');
    expect(await put('a')).toMatchObject({ status: 201, headers: { etag: 'W/"3"' } });
  });

  it('B7 If-Match mismatch is 412, a malformed one 400, any of a list suffices', async () => {
    await put('a');
    const stale = await put('a', { active: true }, { 'if-match': 'W/"9"' });
    expect(stale).toMatchObject({ status: 412 });
    expect(stale.json.issue[0]?.code).toBe('conflict');
    expect(await put('a', { active: true }, { 'if-match': 'latest' })).toMatchObject({
      status: 400,
    });
    expect(await put('a', { active: true }, { 'if-match': 'W/"9", W/"1"' })).toMatchObject({
      status: 200,
    });
    expect(await put('new', {}, { 'if-match': 'W/"1"' })).toMatchObject({ status: 412 });
    expect(await put('a', {}, { 'if-none-match': '*' })).toMatchObject({ status: 412 });
    const both = { 'if-match': 'W/"1"', 'if-none-match': '*' };
    expect(await put('new', {}, both)).toMatchObject({ status: 412 });
    expect(await put('new', {}, { 'if-none-match': '*' })).toMatchObject({ status: 201 });
  });

  it('B8 two PUTs at once without If-Match are two versions', async () => {
    await put('a');
    const both = await Promise.all([put('a', { active: true }), put('a', { active: false })]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    const { json } = await fhir.call('GET', '/Patient/a/_history');
    expect(json.total).toBe(3);
  });

  it('B8 of two PUTs at once with the same If-Match one is 412', async () => {
    await put('a');
    const match = { 'if-match': 'W/"1"' };
    const both = await Promise.all([
      put('a', { active: true }, match),
      put('a', { active: false }, match),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('B9 a PUT that changes nothing keeps version and time', async () => {
    const first = await put('a');
    const again = await put('a');
    expect(again.status).toBe(200);
    expect(again.json).toEqual(first.json);
  });

  it('B10 DELETE is 204 each time, and adds one history entry only', async () => {
    await put('a');
    expect(await fhir.call('DELETE', '/Patient/a')).toMatchObject({ status: 204 });
    expect(await fhir.call('DELETE', '/Patient/a')).toMatchObject({ status: 204 });
    expect(await fhir.call('DELETE', '/Patient/never')).toMatchObject({ status: 204 });
    const { json } = await fhir.call('GET', '/Patient/a/_history');
    expect(json.total).toBe(2);
    const told = await fhir.call('DELETE', '/Patient/a', {
      headers: { prefer: 'return=OperationOutcome' },
    });
    expect(told).toMatchObject({ status: 200, json: { resourceType: 'OperationOutcome' } });
  });

  it('B11 an id that is none is 400, ids are case-sensitive and unique per type only', async () => {
    expect(await fhir.call('GET', '/Patient/not_an_id')).toMatchObject({ status: 400 });
    expect(await fhir.call('GET', `/Patient/${'a'.repeat(65)}`)).toMatchObject({ status: 400 });
    expect(await fhir.call('GET', `/Patient/${'a'.repeat(400)}`)).toMatchObject({ status: 400 });
    await put('a');
    expect(await fhir.call('GET', '/Patient/A')).toMatchObject({ status: 404 });
    const other = { ...observation, id: 'a' };
    expect(await fhir.call('PUT', '/Observation/a', { body: other })).toMatchObject({
      status: 201,
    });
  });

  it('B12 an unknown type is 404, a body of another type 400', async () => {
    expect(await fhir.call('GET', '/Patients/1')).toMatchObject({ status: 404 });
    expect(await fhir.call('POST', '/Patient', { body: observation })).toMatchObject({
      status: 400,
    });
  });

  it('B13 Content-Type that is not understood is 415, Accept that cannot be met 406', async () => {
    const turtle = { 'content-type': 'text/turtle' };
    expect(await fhir.call('POST', '/Patient', { body: '<a/>', headers: turtle })).toMatchObject({
      status: 415,
    });
    const latin = { 'content-type': 'application/fhir+json; charset=iso-8859-1' };
    expect(await fhir.call('POST', '/Patient', { body: ada, headers: latin })).toMatchObject({
      status: 415,
    });
    await put('a');
    const accept = async (value: string, query = '') =>
      fhir.call('GET', `/Patient/a${query}`, { headers: { accept: value } });
    expect(await accept('text/turtle')).toMatchObject({ status: 406 });
    expect(await accept('text/turtle, */*;q=0.1')).toMatchObject({ status: 200 });
    expect(await accept('text/html', '?_format=json')).toMatchObject({ status: 200 });
    expect(await accept('*/*', '?_format=application/fhir+json')).toMatchObject({ status: 200 });
    expect(await accept('*/*', '?_format=ttl')).toMatchObject({ status: 406 });
    const plain = await accept('application/json');
    expect(plain.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('B14 what cannot be read is 400, what breaks a rule 422, each with its place', async () => {
    const bad = await fhir.call('POST', '/Patient', { body: '{"resourceType":"Patient",\n"x" 1}' });
    expect(bad.status).toBe(400);
    expect(bad.json.issue[0]?.diagnostics).toMatch(/line 2.*column/i);
    const unknown = await fhir.call('POST', '/Patient', { body: { ...ada, nonsense: 1 } });
    expect(unknown.status).toBe(400);
    const broken = await fhir.call('POST', '/Observation', {
      body: { ...observation, status: 'no-such-status' },
    });
    expect(broken.status).toBe(422);
    expect(broken.json.issue[0]?.expression).toEqual(['Observation.status']);
  });

  it('B15 empty values and keys given twice are 400', async () => {
    for (const body of [
      '{"resourceType":"Patient","name":[]}',
      '{"resourceType":"Patient","id":"a","id":"b"}',
    ]) {
      expect(await fhir.call('POST', '/Patient', { body })).toMatchObject({ status: 400 });
    }
  });

  it('B16 decimals come back to the digit', async () => {
    const text = JSON.stringify(observation).replace(
      /}$/,
      ',"valueQuantity":{"value":1.00},"component":[{"code":{"text":"x"},"valueQuantity":{"value":0.010}},{"code":{"text":"y"},"valueQuantity":{"value":123456789.012345678901}}]}',
    );
    const made = await fhir.call('POST', '/Observation', { body: text });
    expect(made.status).toBe(201);
    const id = /"id":"([^"]+)"/.exec(made.text)?.[1] ?? '';
    const shown = await fhir.call('GET', `/Observation/${id}`);
    for (const digits of ['"value":1.00}', '"value":0.010}', '123456789.012345678901']) {
      expect(shown.text).toContain(digits);
    }
    const pretty = await fhir.call('GET', `/Observation/${id}?_pretty=true`);
    expect(pretty.text).toContain('\n    "value": 1.00\n');
    const ops = [{ op: 'add', path: '/issued', value: '2026-01-01T00:00:00Z' }];
    const patched = await fhir.call('PATCH', `/Observation/${id}`, {
      body: ops,
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect(patched.text).toContain('123456789.012345678901');
  });

  it('B19 a Binary comes in its own format where that is accepted, else as a resource', async () => {
    const body = { resourceType: 'Binary', id: 'b', contentType: 'text/plain', data: 'aGVsbG8=' };
    await fhir.call('PUT', '/Binary/b', { body });
    const raw = await fhir.call('GET', '/Binary/b', { headers: { accept: 'text/plain' } });
    expect(raw).toMatchObject({ status: 200, text: 'hello' });
    expect(raw.headers['content-type']).toMatch(/^text\/plain/);
    expect((await fhir.call('GET', '/Binary/b')).json.data).toBe('aGVsbG8=');
  });

  it('B20 a resource tagged SUBSETTED is not taken back', async () => {
    const tag = [{ code: 'SUBSETTED' }];
    expect(await put('a', { meta: { tag } })).toMatchObject({ status: 422 });
  });

  it('B26 a conditional read is 304 without a body', async () => {
    await put('a');
    const get = (headers: Record<string, string>) => fhir.call('GET', '/Patient/a', { headers });
    const same = await get({ 'if-none-match': 'W/"1"' });
    expect(same).toMatchObject({ status: 304, text: '', headers: { etag: 'W/"1"' } });
    expect(await get({ 'if-none-match': 'W/"2"' })).toMatchObject({ status: 200 });
    const { headers } = await get({});
    expect(await get({ 'if-modified-since': headers['last-modified'] ?? '' })).toMatchObject({
      status: 304,
    });
    expect(await get({ 'if-modified-since': 'Sun, 01 Mar 2026 11:00:00 GMT' })).toMatchObject({
      status: 200,
    });
  });

  it('HEAD answers like GET without a body', async () => {
    await put('a');
    const head = await fhir.call('HEAD', '/Patient/a');
    expect(head).toMatchObject({ status: 200, text: '', headers: { etag: 'W/"1"' } });
  });

  it('Prefer chooses what a write shows', async () => {
    const prefer = (value: string) => put('a', { active: true }, { prefer: `return=${value}` });
    expect(await prefer('minimal')).toMatchObject({ status: 201, text: '' });
    expect((await prefer('representation')).json.resourceType).toBe('Patient');
    expect((await prefer('OperationOutcome')).json.resourceType).toBe('OperationOutcome');
    expect(await prefer('everything')).toMatchObject({ status: 400 });
  });

  it('X-Request-Id is echoed, or made where it is not given', async () => {
    const given = await fhir.call('GET', '/Patient/x', { headers: { 'x-request-id': 'mine-1' } });
    expect(given.headers['x-request-id']).toBe('mine-1');
    const made = await fhir.call('GET', '/Patient/x', { headers: { 'x-request-id': 'a b\u00e4' } });
    expect(made.headers['x-request-id']).toMatch(/^request-/);
  });

  it('JSON Patch is applied to the current version, honours If-Match and is validated', async () => {
    await put('a');
    const patch = (ops: unknown, headers: Record<string, string> = {}) =>
      fhir.call('PATCH', '/Patient/a', {
        body: ops,
        headers: { 'content-type': 'application/json-patch+json', ...headers },
      });
    const add = [{ op: 'add', path: '/name/0/given/-', value: 'Augusta' }];
    expect((await patch(add)).json.name[0]?.given).toEqual(['Ada', 'Augusta']);
    expect(await patch(add, { 'if-match': 'W/"1"' })).toMatchObject({ status: 412 });
    expect(await patch([{ op: 'test', path: '/active', value: true }])).toMatchObject({
      status: 400,
    });
    expect(await patch([{ op: 'replace', path: '/id', value: 'b' }])).toMatchObject({
      status: 400,
    });
    expect(await patch([{ op: 'add', path: '/gender', value: 'zzz' }])).toMatchObject({
      status: 422,
    });
    expect(await patch({ op: 'add' })).toMatchObject({ status: 400 });
    const body = { resourceType: 'Patient' };
    const answer = await fhir.call('PATCH', '/Patient/a', { body });
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.json.issue[0]?.diagnostics).toContain('FHIRPath Patch');
  });

  it('fifty patches at once to one resource are all applied, also while others write it', async () => {
    await put('a');
    const headers = { 'content-type': 'application/json-patch+json' };
    const patches = Array.from({ length: 50 }, (_, i) =>
      fhir.call('PATCH', '/Patient/a', {
        body: [
          {
            op: 'add',
            path: i === 0 ? '/address' : '/address/-',
            value: i === 0 ? [city(0)] : city(i),
          },
        ],
        headers,
      }),
    );
    const labels = Array.from({ length: 10 }, (_, i) =>
      fhir.call('POST', '/Patient/a/$meta-add', { body: tagged(`t${String(i)}`) }),
    );
    const answers = await Promise.all([...patches, ...labels]);
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
    const { json } = await fhir.call('GET', '/Patient/a');
    const { address } = json as unknown as { readonly address: readonly { city: string }[] };
    expect(address.map((one) => one.city)).toEqual(
      Array.from({ length: 50 }, (_, i) => `c${String(i)}`),
    );
    expect(json.meta.tag).toHaveLength(10);
    expect(json.meta.versionId).toBe('61');
  });

  it('If-Match bears on writes: a read passes it over', async () => {
    await put('a');
    for (const method of ['GET', 'HEAD']) {
      const answer = await fhir.call(method, '/Patient/a', { headers: { 'if-match': 'W/"9"' } });
      expect(answer.status).toBe(200);
    }
  });

  it('FHIRPath Patch is applied to the current version, honours If-Match and is validated', async () => {
    await put('a');
    const patch = (value: object, headers: Record<string, string> = {}) =>
      fhir.call('PATCH', '/Patient/a', { body: replaceGender(value), headers });
    const female = { valueCode: 'female' };
    const answer = await patch(female);
    expect(answer).toMatchObject({ status: 200, headers: { etag: 'W/"2"' } });
    expect(answer.json.gender).toBe('female');
    expect(await patch(female, { 'if-match': 'W/"1"' })).toMatchObject({ status: 412 });
    expect(await patch({ valueCode: 'zzz' })).toMatchObject({ status: 422 });
    expect(await patch({})).toMatchObject({ status: 400 });
  });
});

/** A FHIRPath Patch that sets Patient.gender. */
function replaceGender(value: object) {
  const part = [
    { name: 'type', valueCode: 'add' },
    { name: 'path', valueString: 'Patient' },
    { name: 'name', valueString: 'gender' },
    { name: 'value', ...value },
  ];
  return { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] };
}

const city = (i: number) => ({ city: `c${String(i)}` });

function tagged(code: string) {
  const valueMeta = { tag: [{ system: 'urn:t', code }] };
  return { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] };
}
