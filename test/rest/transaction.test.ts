import type { Resource } from '../../src/fhir/resource.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';

const patient = (more: object = {}) => ({ resourceType: 'Patient', ...more });
const mrn = (value: string) => ({ identifier: [{ system: 'urn:mrn', value }] });
const observation = (reference: string, more: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...more,
});
const urn = (n: number) => `urn:uuid:00000000-0000-4000-8000-00000000000${String(n)}`;
const post = (resource: Resource, fullUrl?: string, more: object = {}) => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType, ...more },
});
const put = (resource: Resource, more: object = {}) => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id ?? ''}`, ...more },
});

describe.each(stores)('transactions on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(() => fhir.close());

  const send = (entry: readonly unknown[], headers: Record<string, string> = {}) =>
    fhir.call('POST', '/', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
      headers,
    });
  const count = async (type: string): Promise<number> =>
    (await fhir.call('GET', `/${type}?_summary=count`)).json.total;
  const statuses = (answer: CallAnswer) =>
    answer.json.entry.map(({ response }) => response.status.slice(0, 3));
  const idAt = (answer: CallAnswer, n: number): string =>
    answer.json.entry[n]?.response.location.split('/').at(-3) ?? '';

  it('B27 works DELETE, POST, PUT, GET in that order and answers in request order', async () => {
    await fhir.call('PUT', '/Patient/old', { body: patient({ id: 'old' }) });
    const answer = await send([
      { request: { method: 'GET', url: 'Patient/new' } },
      put(patient({ id: 'new' })),
      post(patient()),
      { request: { method: 'DELETE', url: 'Patient/old' } },
    ]);
    expect(answer.status).toBe(200);
    expect(answer.json.type).toBe('transaction-response');
    expect(statuses(answer)).toEqual(['200', '201', '201', '204']);
    expect(answer.json.entry[0]?.resource.id).toBe('new');
  });

  it('B28 the same identity twice fails as a whole, also after criteria are resolved', async () => {
    const twice = await send([put(patient({ id: 'a' })), put(patient({ id: 'a', active: true }))]);
    expect(twice.status).toBe(400);
    await fhir.call('PUT', '/Patient/a', { body: patient({ id: 'a', ...mrn('1') }) });
    const byCriteria = await send([
      {
        resource: patient(mrn('1')),
        request: { method: 'PUT', url: 'Patient?identifier=urn:mrn|1' },
      },
      { request: { method: 'DELETE', url: 'Patient/a' } },
    ]);
    expect(byCriteria).toMatchObject({ status: 400 });
    const same = { ifNoneExist: 'identifier=urn:mrn|2' };
    const creates = await send([
      post(patient(mrn('2')), urn(1), same),
      post(patient(mrn('2')), urn(2), same),
    ]);
    expect(creates).toMatchObject({ status: 400 });
    expect(await count('Patient')).toBe(1);
  });

  it('B29 B30 fullUrls are replaced: forward, cyclic, oid, absolute, uri and narrative', async () => {
    const absolute = 'http://other.example/fhir/Patient/77';
    const text = {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${urn(1)}">p</a></div>`,
    };
    const answer = await send([
      post(observation(urn(1), { text, hasMember: [{ reference: urn(2) }] }), urn(3)),
      post(observation('urn:oid:1.2.3', { hasMember: [{ reference: urn(3) }] }), urn(2)),
      post(patient(), urn(1)),
      post(patient(), 'urn:oid:1.2.3'),
      post(patient(), absolute),
      post(observation('Patient/77'), 'http://other.example/fhir/Observation/5'),
      post(
        {
          resourceType: 'DocumentReference',
          status: 'current',
          content: [{ attachment: { url: urn(1) } }],
        },
        urn(4),
      ),
    ]);
    expect(answer.status).toBe(200);
    const ids = answer.json.entry.map((_, n) => idAt(answer, n));
    const shown = async (n: number, type: string) =>
      (await fhir.call('GET', `/${type}/${ids[n]}`)).json;
    const first = await shown(0, 'Observation');
    expect(first.subject.reference).toBe(`Patient/${ids[2]}`);
    expect(first.hasMember[0]?.reference).toBe(`Observation/${ids[1]}`);
    expect(first.text.div).toContain(`href="Patient/${ids[2]}"`);
    const second = await shown(1, 'Observation');
    expect(second.subject.reference).toBe(`Patient/${ids[3]}`);
    expect(second.hasMember[0]?.reference).toBe(`Observation/${ids[0]}`);
    expect((await shown(5, 'Observation')).subject.reference).toBe(`Patient/${ids[4]}`);
    const document = await shown(6, 'DocumentReference');
    expect(document.content[0]?.attachment.url).toBe(`Patient/${ids[2]}`);
  });

  it('B31 a conditional reference must match one resource', async () => {
    await fhir.call('PUT', '/Patient/p1', { body: patient({ id: 'p1', ...mrn('1') }) });
    const answer = await send([post(observation('Patient?identifier=urn:mrn|1'))]);
    expect(answer.status).toBe(200);
    const { json } = await fhir.call('GET', `/Observation/${idAt(answer, 0)}`);
    expect(json.subject.reference).toBe('Patient/p1');
    const none = await send([post(observation('Patient?identifier=urn:mrn|9'))]);
    expect(none.status).toBe(422);
    expect(none.json.issue[0]?.expression).toEqual(['Bundle.entry[0].resource.subject']);
    await fhir.call('PUT', '/Patient/p2', { body: patient({ id: 'p2', ...mrn('1') }) });
    expect(await send([post(observation('Patient?identifier=urn:mrn|1'))])).toMatchObject({
      status: 412,
    });
    expect(await count('Observation')).toBe(1);
  });

  it('B32 ifNoneExist that finds its resource: references lead there, status 200', async () => {
    await fhir.call('PUT', '/Patient/p1', { body: patient({ id: 'p1', ...mrn('1') }) });
    const answer = await send([
      post(observation(urn(1))),
      post(patient(mrn('1')), urn(1), { ifNoneExist: 'identifier=urn:mrn|1' }),
    ]);
    expect(statuses(answer)).toEqual(['201', '200']);
    const { json } = await fhir.call('GET', `/Observation/${idAt(answer, 0)}`);
    expect(json.subject.reference).toBe('Patient/p1');
    expect(await count('Patient')).toBe(1);
  });

  it('B33 any failure leaves nothing and names its entry', async () => {
    const good = post(patient(), urn(1));
    const bad: readonly (readonly [unknown, number, string])[] = [
      [post({ ...observation(urn(1)), status: 'zzz' }), 422, 'Bundle.entry[1].resource.status'],
      [{ request: { method: 'GET', url: 'Patient/never' } }, 404, 'Bundle.entry[1]'],
      [put(patient({ id: 'x' }), { ifMatch: 'W/"3"' }), 412, 'Bundle.entry[1]'],
      [{ resource: patient() }, 422, 'Bundle.entry[1].request'],
      [{ request: { method: 'GET', url: 'Nonsense/1' } }, 404, 'Bundle.entry[1]'],
      [{ request: { method: 'POST', url: '' } }, 400, 'Bundle.entry[1].request'],
    ];
    for (const [entry, status, expression] of bad) {
      const answer = await send([good, entry]);
      expect([answer.status, answer.json.issue[0]?.expression]).toEqual([status, [expression]]);
      expect(answer.json.resourceType).toBe('OperationOutcome');
    }
    expect(await count('Patient')).toBe(0);
  });

  it('B35 entries have status, location, etag and time; bodies only if preferred', async () => {
    const plain = await send([post(patient())]);
    const id = idAt(plain, 0);
    expect(plain.json.entry[0]).toEqual({
      response: {
        status: '201 Created',
        location: `${baseUrl}/Patient/${id}/_history/1`,
        etag: 'W/"1"',
        lastModified: expect.stringMatching(/^2026-.*Z$/) as string,
      },
    });
    const full = await send([post(patient())], { prefer: 'return=representation' });
    expect(full.json.entry[0]?.resource.resourceType).toBe('Patient');
  });

  it('B36 a versioned reference to a new resource gets its version', async () => {
    const answer = await send([post(observation(`${urn(1)}/_history/1`)), post(patient(), urn(1))]);
    const { json } = await fhir.call('GET', `/Observation/${idAt(answer, 0)}`);
    expect(json.subject.reference).toBe(`Patient/${idAt(answer, 1)}/_history/1`);
  });

  it('B36 a versioned reference to an update gets the version that it makes', async () => {
    const base = 'http://other.test/fhir';
    const body = patient({ id: 'a' });
    const put = {
      fullUrl: `${base}/Patient/a`,
      resource: body,
      request: { method: 'PUT', url: 'Patient/a' },
    };
    const of = (reference: string) => ({
      ...post(observation(reference)),
      fullUrl: `${base}/Observation/x`,
    });
    for (const [version, reference] of [
      ['1', `${base}/Patient/a/_history/7`],
      ['2', `${base}/Patient/a/_history/7`],
      ['3', 'Patient/a/_history/7'],
    ] as const) {
      const answer = await send([of(reference), put]);
      const { json } = await fhir.call('GET', `/Observation/${idAt(answer, 0)}`);
      expect(json.subject.reference).toBe(`Patient/a/_history/${version}`);
      expect(await fhir.call('GET', `/${json.subject.reference}`)).toMatchObject({ status: 200 });
    }
    await fhir.call('DELETE', '/Patient/a');
    const again = await send([of(`${base}/Patient/a/_history/7`), put]);
    const { json } = await fhir.call('GET', `/Observation/${idAt(again, 0)}`);
    expect(json.subject.reference).toBe('Patient/a/_history/5');
  });

  it('PATCH works inside, as a Binary that holds a JSON Patch', async () => {
    await fhir.call('PUT', '/Patient/a', { body: patient({ id: 'a' }) });
    const data = Buffer.from('[{"op":"add","path":"/active","value":true}]').toString('base64');
    const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data };
    const entry = { resource, request: { method: 'PATCH', url: 'Patient/a' } };
    expect(statuses(await send([entry]))).toEqual(['200']);
    expect((await fhir.call('GET', '/Patient/a')).json.active).toBe(true);
  });

  it('PATCH works inside, as the Parameters of a FHIRPath Patch', async () => {
    await fhir.call('PUT', '/Patient/a', { body: patient({ id: 'a' }) });
    const part = [
      { name: 'type', valueCode: 'add' },
      { name: 'path', valueString: 'Patient' },
      { name: 'name', valueString: 'active' },
      { name: 'value', valueBoolean: true },
    ];
    const resource = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] };
    const entry = { resource, request: { method: 'PATCH', url: 'Patient/a' } };
    expect(statuses(await send([entry]))).toEqual(['200']);
    expect((await fhir.call('GET', '/Patient/a')).json.active).toBe(true);
  });

  it('ten equal transactions at once create their conditional patient once', async () => {
    const entries = [
      post(patient(mrn('race')), urn(1), { ifNoneExist: 'identifier=urn:mrn|race' }),
      post(observation(urn(1)), urn(2)),
    ];
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(entries)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect([await count('Patient'), await count('Observation')]).toEqual([1, 10]);
    const { json } = await fhir.call('GET', '/Patient?identifier=urn:mrn|race');
    const about = await fhir.call(
      'GET',
      `/Observation?subject=Patient/${json.entry[0]?.resource.id}`,
    );
    expect(about.json.total).toBe(10);
  });

  it('takes many more than fifty entries, conditional ones among them', async () => {
    const entries = Array.from({ length: 120 }, (_, i) =>
      post(patient(mrn(String(i))), undefined, { ifNoneExist: `identifier=urn:mrn|${String(i)}` }),
    );
    expect(new Set(statuses(await send(entries)))).toEqual(new Set(['201']));
    expect(await count('Patient')).toBe(120);
  });

  it('B34 a batch is 200, each entry by itself, failures with their outcome', async () => {
    const entry = [
      post(patient({ id: 'ignored' })),
      { request: { method: 'GET', url: 'Patient/never' } },
      post({ ...observation('Patient/1'), status: 'zzz' }),
      { request: { method: 'GET', url: 'Patient?_summary=count' } },
      { request: { method: 'BREW', url: 'Patient/1' } },
      'nonsense',
    ];
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    const answer = await fhir.call('POST', '/', { body });
    expect(answer.json.type).toBe('batch-response');
    expect(statuses(answer)).toEqual(['201', '404', '422', '200', '405', '400']);
    expect(answer.json.entry[1]?.response.outcome.issue[0]?.code).toBe('not-found');
    expect(answer.json.entry[3]?.resource.type).toBe('searchset');
  });

  it('a Bundle of another type, and no Bundle, are 400', async () => {
    for (const body of [{ resourceType: 'Bundle', type: 'collection' }, patient()]) {
      expect(await fhir.call('POST', '/', { body })).toMatchObject({ status: 400 });
    }
  });
});
