import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { async, carriedOut, finished, linesOf, statusAddress } from './background.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, CallOptions, FhirApp } from './fhir-app.ts';

interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken: boolean;
  readonly output: readonly { type: string; url: string; count: number }[];
  readonly deleted: readonly { type: string; url: string; count: number }[];
  readonly error: readonly unknown[];
}

const observation = (id: string, patient: string, code = 'a') => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { coding: [{ system: 'urn:c', code }] },
  subject: { reference: `Patient/${patient}` },
});

describe.each(stores)('$export on %s', (_name, open) => {
  let fhir: FhirApp;
  const put = async (resource: { resourceType: string; id: string }) => {
    const answer = await fhir.call('PUT', `/${resource.resourceType}/${resource.id}`, {
      body: resource,
    });
    expect(answer.status).toBeLessThan(300);
  };
  const manifestOf = (answer: CallAnswer): Manifest => {
    expect(answer.text).toContain('transactionTime');
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text) as Manifest;
  };
  const exported = async (url: string, options: CallOptions = {}): Promise<Manifest> =>
    manifestOf(await carriedOut(fhir, options.body === undefined ? 'GET' : 'POST', url, options));
  const fileAt = (url: string, token = 'admin') =>
    fhir.call('GET', url.split('/fhir')[1] ?? '', {
      token,
      headers: { accept: 'application/fhir+ndjson' },
    });
  /** Ids by type of everything that is exported. */
  const contents = async (manifest: Manifest, token = 'admin') => {
    const found: Record<string, string[]> = {};
    for (const { type, url, count } of manifest.output) {
      const file = await fileAt(url, token);
      expect(file.status).toBe(200);
      expect(file.headers['content-type']).toMatch(/^application\/fhir\+ndjson/);
      const lines = linesOf(file.text);
      expect(lines).toHaveLength(count);
      found[type] = [...(found[type] ?? []), ...lines.map(({ id }) => String(id))];
    }
    return found;
  };

  beforeEach(async () => {
    fhir = await openFhirApp(open);
    for (const id of ['ada', 'bob']) {
      await put({ resourceType: 'Patient', id, name: [{ family: id }] } as never);
      await put(observation(`of-${id}`, id));
    }
    await put(observation('b-of-ada', 'ada', 'b'));
    await put({ resourceType: 'Organization', id: 'clinic', name: 'Clinic' } as never);
    const member = [{ entity: { reference: 'Patient/ada' } }];
    await put({ resourceType: 'Group', id: 'g', type: 'person', actual: true, member } as never);
  });
  afterEach(() => fhir.close());

  it('gives everything, once each, with a manifest', async () => {
    const manifest = await exported('/$export');
    expect(manifest).toMatchObject({ requiresAccessToken: true, deleted: [], error: [] });
    expect(manifest.request).toBe('http://weir.test/fhir/$export');
    expect(await contents(manifest)).toEqual({
      Group: ['g'],
      Patient: ['ada', 'bob'],
      Observation: ['of-ada', 'of-bob', 'b-of-ada'],
      Organization: ['clinic'],
    });
  });

  it('shows the data as it was at the start, also when a file is fetched again', async () => {
    await put({ resourceType: 'Patient', id: 'bob', gender: 'female' } as never);
    const manifest = await exported('/$export?_type=Patient,Observation');
    const before = await contents(manifest);
    const first = await fileAt(manifest.output[0]?.url ?? '');
    expect(first.text).toContain('female');
    await put({ resourceType: 'Patient', id: 'ada', gender: 'male' } as never);
    await put({ resourceType: 'Patient', id: 'new' });
    await fhir.call('DELETE', '/Observation/of-bob');
    await put({ resourceType: 'Patient', id: 'bob', gender: 'other' } as never);
    expect(await contents(manifest)).toEqual(before);
    expect((await fileAt(manifest.output[0]?.url ?? '')).text).toBe(first.text);
  });

  it('of patients is of their compartments', async () => {
    const all = await contents(await exported('/Patient/$export'));
    expect(Object.keys(all).sort()).toEqual(['Group', 'Observation', 'Patient']);
    const group = await contents(await exported('/Group/g/$export'));
    expect(group).toMatchObject({ Patient: ['ada'], Observation: ['of-ada', 'b-of-ada'] });
    const parameter = [{ name: 'patient', valueReference: { reference: 'Patient/bob' } }];
    const body = { resourceType: 'Parameters', parameter };
    const named = await contents(await exported('/Patient/$export', { body }));
    expect(named).toMatchObject({ Patient: ['bob'], Observation: ['of-bob'] });
  });

  it('_since gives what was written then or later, and what was deleted', async () => {
    const { transactionTime } = await exported('/$export');
    await put(observation('late', 'ada'));
    await fhir.call('DELETE', '/Observation/of-bob');
    const manifest = await exported(`/$export?_since=${transactionTime}`);
    expect(await contents(manifest)).toEqual({ Observation: ['late'] });
    expect(manifest.deleted).toMatchObject([{ type: 'Bundle', count: 1 }]);
    const [bundle] = linesOf((await fileAt(manifest.deleted[0]?.url ?? '')).text);
    expect(bundle).toMatchObject({
      type: 'transaction',
      entry: [{ request: { method: 'DELETE', url: 'Observation/of-bob' } }],
    });
  });

  it('_typeFilter, _elements and Parameters narrow it', async () => {
    const filter = `_typeFilter=${encodeURIComponent('Observation?code=urn:c|b')}`;
    const one = await exported(`/$export?_type=Patient,Observation&${filter}`);
    expect(await contents(one)).toEqual({ Patient: ['ada', 'bob'], Observation: ['b-of-ada'] });
    const both = `${filter},${encodeURIComponent('Observation?subject=Patient/bob')}`;
    const two = await exported(`/$export?_type=Observation&${both}`);
    expect(await contents(two)).toEqual({ Observation: ['of-bob', 'b-of-ada'] });
    const elements = await exported('/$export?_type=Patient,Observation&_elements=Patient.gender');
    const [patients, observations] = elements.output;
    const [ada] = linesOf((await fileAt(patients?.url ?? '')).text);
    expect(ada).not.toHaveProperty('name');
    expect(ada).toHaveProperty('meta.tag');
    expect((await fileAt(observations?.url ?? '')).text).not.toContain('SUBSETTED');
  });

  it.each([
    ['/$export', {}, 400],
    ['/$export', { ...async, accept: 'application/xml' }, 406],
    ['/$export?_outputFormat=csv', async, 400],
    ['/$export?_type=Nothing', async, 400],
    ['/$export?_since=yesterday', async, 400],
    ['/$export?includeAssociatedData=x', async, 400],
    ['/Patient/$export?_type=Organization', async, 400],
    ['/Group/none/$export', async, 404],
    ['/$export?_typeFilter=Patient', async, 400],
    ['/$export?_typeFilter=Patient%3Fnonsense%3D1', async, 400],
    ['/$export?_typeFilter=Patient%3F_include%3D*', async, 400],
    ['/$export?_typeFilter=Observation%3Fsubject%3APatient.name%3Dx', async, 400],
    ['/$export?_type=Patient&_typeFilter=Observation%3Fcode%3Dx', async, 400],
  ])('%s with %o is refused', async (url, headers, status) => {
    const answer = await fhir.call('GET', url, { headers });
    expect(answer.text).toMatch(
      /^(\{"resourceType":"OperationOutcome"|<\?xml .*<OperationOutcome)/s,
    );
    expect(answer.status).toBe(status);
  });

  it.each([
    '{}',
    '[]',
    '{"resourceType":"Parameters","parameter":{}}',
    '{"resourceType":"Parameters","parameter":[null]}',
    '{"resourceType":"Parameters","parameter":[{"name":"patient"}]}',
    '{"resourceType":"Parameters","parameter":[{"name":"patient","valueReference":{"reference":"Group/1"}}]}',
    '{"resourceType":"Parameters","parameter":[{"name":"_type","valueInteger":1}]}',
  ])('the body %s is refused', async (body) => {
    const answer = await fhir.call('POST', '/Patient/$export', { body, headers: async });
    expect(answer.status).toBe(400);
  });

  it('lenient, it passes over what it does not know', async () => {
    const headers = { prefer: 'respond-async, handling=lenient' };
    const url = '/$export?includeAssociatedData=x&_outputFormat=application/fhir+ndjson';
    expect((await fhir.call('GET', url, { headers })).status).toBe(202);
  });

  it('shows no more than a search of the same caller would', async () => {
    const front = await exported('/$export', { token: 'frontdesk' });
    expect(Object.keys(await contents(front, 'frontdesk')).sort()).toEqual([
      'Group',
      'Organization',
      'Patient',
    ]);
    const denied = await fhir.call('GET', '/$export?_type=Observation', {
      token: 'frontdesk',
      headers: async,
    });
    expect(denied.status).toBe(403);
    for (const url of ['/$export', '/Patient/$export']) {
      const own = await contents(await exported(url, { token: 'app:ada' }), 'app:ada');
      expect(own).toMatchObject({ Patient: ['ada'], Observation: ['of-ada', 'b-of-ada'] });
    }
  });

  it('is seen by its owner and by administrators only', async () => {
    const begun = await fhir.call('GET', '/$export', { token: 'nurse', headers: async });
    const address = statusAddress(begun);
    const manifest = manifestOf(await finished(fhir, address, { token: 'nurse' }));
    const file = manifest.output[0]?.url ?? '';
    for (const token of ['clinician', 'app:ada']) {
      expect((await fhir.call('GET', address, { token })).status).toBe(404);
      expect((await fhir.call('DELETE', address, { token })).status).toBe(404);
      expect((await fileAt(file, token)).status).toBe(404);
    }
    expect((await fhir.call('GET', address)).status).toBe(200);
    expect((await fileAt(file, '')).status).toBe(401);
    expect((await fileAt(file, 'nurse')).status).toBe(200);
    expect((await fileAt(`${file}x`, 'nurse')).status).toBe(404);
  });

  it('is gone when it was cancelled, and when it has expired', async () => {
    const address = statusAddress(await fhir.call('GET', '/$export', { headers: async }));
    expect((await fhir.call('DELETE', address)).status).toBe(202);
    expect((await fhir.call('GET', address)).status).toBe(404);
    expect((await fhir.call('DELETE', address)).status).toBe(404);
    const other = await carriedOut(fhir, 'GET', '/$export');
    const url = manifestOf(other).output[0]?.url ?? '';
    fhir.wait(25 * 60 * 60_000);
    expect((await fileAt(url)).status).toBe(404);
  });

  it('is served by any process on the store', async () => {
    const store = { ...fhir.store, close: async () => undefined };
    const other = await openFhirApp(async () => store, { newId: () => 'other' });
    const address = statusAddress(await fhir.call('GET', '/$export', { headers: async }));
    const manifest = manifestOf(await finished(other, address));
    const url = manifest.output.find(({ type }) => type === 'Patient')?.url ?? '';
    const file = await other.call('GET', url.split('/fhir')[1] ?? '');
    expect(linesOf(file.text).map(({ id }) => id)).toEqual(['ada', 'bob']);
    await other.close();
  });

  it('is bounded in number', async () => {
    const work = { kind: 'export', owner: {}, status: 'running', expiresAt: 9e15, until: 9e15 };
    const state = Array.from({ length: 32 }, (_, i) => {
      return { key: `work:${i}`, value: JSON.stringify({ ...work, id: String(i) }) };
    });
    await fhir.store.commit({ now: new Date(), origin: 'test', changes: [], state });
    const answer = await fhir.call('GET', '/$export', { headers: async });
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
  });

  it('leaves audit events of the request and of the people shown', async () => {
    const manifest = await exported('/$export?_type=Patient');
    const before = fhir.accesses.length;
    await contents(manifest);
    expect(fhir.accesses.slice(before)).toContainEqual(
      expect.objectContaining({ interaction: 'export', patients: ['Patient/ada', 'Patient/bob'] }),
    );
    const rows = await fhir.store.audit.rows(0, 1000);
    expect(rows.some(({ event }) => event.includes('"interaction":"export"'))).toBe(true);
  });
});
