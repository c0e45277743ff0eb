import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const mrn = (value: string) => [{ system: 'urn:mrn', value }];

describe.each(stores)('what parts do to each other on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(() => fhir.close());

  const put = async (resource: { readonly resourceType: string; readonly id: string }) => {
    const { resourceType, id } = resource;
    const { status } = await fhir.call('PUT', `/${resourceType}/${id}`, { body: resource });
    expect(status).toBeLessThan(300);
  };
  const bundle = (type: 'batch' | 'transaction', entry: readonly object[]) =>
    fhir.call('POST', '', { body: { resourceType: 'Bundle', type, entry } });

  it('_revinclude takes what refers to a page of many in bounded time', async () => {
    const entry = Array.from({ length: 900 }, (_, i) => ({
      request: { method: 'PUT', url: `Patient/p${String(i)}` },
      resource: { resourceType: 'Patient', id: `p${String(i)}` },
    }));
    await bundle('transaction', entry);
    for (const id of ['p1', 'p899']) {
      const subject = { reference: `Patient/${id}` };
      const code = { text: 'x' };
      await put({ resourceType: 'Observation', id, status: 'final', code, subject } as never);
    }
    const since = performance.now();
    const page = await fhir.call('GET', '/Patient?_count=1000&_revinclude=*');
    expect(performance.now() - since).toBeLessThan(2_000);
    expect(page.status).toBe(200);
    expect(page.json.entry).toHaveLength(902);
  });

  it('a page link is good for those who see the same, and says nothing to others', async () => {
    for (const id of ['a', 'b', 'c']) await put({ resourceType: 'Patient', id });
    const nextOf = async (url: string): Promise<string> => {
      const page = await fhir.call('GET', url);
      const next = page.json.link.find(({ relation }) => relation === 'next')?.url ?? '';
      return next.slice(next.indexOf('/fhir') + '/fhir'.length);
    };
    const search = await nextOf('/Patient?_count=1');
    expect(await fhir.call('GET', search)).toMatchObject({ status: 200, json: { total: 3 } });
    for (const token of ['app:a', 'frontdesk', 'admin:a']) {
      const other = await fhir.call('GET', search, { token });
      expect(other, token).toMatchObject({
        status: 400,
        json: { resourceType: 'OperationOutcome' },
      });
    }
    const history = await nextOf('/Patient/_history?_count=1');
    expect(await fhir.call('GET', history)).toMatchObject({ status: 200 });
    expect(await fhir.call('GET', history, { token: 'clinician' })).toMatchObject({ status: 400 });
  });

  it('the answer to a Bundle has a length past which nothing more is done', async () => {
    const text = 'x'.repeat(1024 * 1024);
    await put({ resourceType: 'Basic', id: 'long', code: { text } } as never);
    const length = Math.ceil(limits.bundleAnswerChars / text.length) + 40;
    const read = { request: { method: 'GET', url: 'Basic?_id=long' } };
    const entry = Array.from({ length }, () => read);
    const answer = await bundle('batch', entry);
    expect(answer.status).toBe(200);
    expect(answer.json.entry).toHaveLength(length);
    expect(answer.json.entry[0]?.response.status).toBe('200 OK');
    const last = answer.json.entry.at(-1)?.response;
    expect(last?.outcome.issue[0]?.code).toBe('too-costly');
    expect(await bundle('transaction', entry)).toMatchObject({ status: 400 });
  });

  it('a Bundle of many reads leaves others their turn', async () => {
    await put({ resourceType: 'Patient', id: 'a' });
    const entry = Array.from({ length: 1_000 }, () => ({
      request: { method: 'GET', url: 'Patient?_id=a&name:missing=true' },
    }));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await bundle('batch', entry);
    await bundle('transaction', entry);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });

  it('If-Match of a conditional update is not met where nothing is found', async () => {
    const body = { resourceType: 'Patient', identifier: mrn('1') };
    const url = 'Patient?identifier=urn:mrn|1';
    const headers = { 'if-match': 'W/"1"' };
    expect(await fhir.call('PUT', `/${url}`, { body, headers })).toMatchObject({ status: 412 });
    const request = { method: 'PUT', url, ifMatch: 'W/"1"' };
    const answer = await bundle('transaction', [{ request, resource: body }]);
    expect(answer).toMatchObject({ status: 412 });
    expect((await fhir.call('GET', '/Patient')).json.total).toBe(0);
  });

  it('If-None-Match of an update takes versions as well as *', async () => {
    await put({ resourceType: 'Patient', id: 'a' });
    const body = { resourceType: 'Patient', id: 'a', identifier: mrn('1'), active: true };
    const update = (url: string, tag: string) =>
      fhir.call('PUT', url, { body, headers: { 'if-none-match': tag } });
    expect(await update('/Patient/a', 'W/"1"')).toMatchObject({ status: 412 });
    expect(await update('/Patient/a', 'W/"7", W/"1"')).toMatchObject({ status: 412 });
    expect(await update('/Patient/a', 'seven')).toMatchObject({ status: 400 });
    expect(await update('/Patient/a', 'W/"7"')).toMatchObject({ status: 200 });
    const byCriteria = '/Patient?identifier=urn:mrn|1';
    expect(await update(byCriteria, 'W/"2"')).toMatchObject({ status: 412 });
    const request = { method: 'PUT', url: byCriteria.slice(1), ifNoneMatch: 'W/"2"' };
    const answer = await bundle('transaction', [{ request, resource: body }]);
    expect(answer).toMatchObject({ status: 412 });
  });

  it('_format and _pretty count in the form of a search too', async () => {
    const search = (url: string, payload: string) =>
      fhir.app.inject({
        method: 'POST',
        url: `/fhir${url}`,
        payload,
        headers: {
          authorization: 'Bearer admin',
          'content-type': 'application/x-www-form-urlencoded',
        },
      });
    const xml = await search('/Patient/_search', '_format=xml&name=a');
    expect(xml.headers['content-type']).toContain('application/fhir+xml');
    expect(xml.body).toContain('<Bundle');
    expect((await search('/Patient/_search', '_format=nope')).statusCode).toBe(406);
    expect((await search('/_search', '_id=a&_pretty=true')).body).toContain('\n  ');
  });

  it('values that are all empty are no condition, and not said to be one', async () => {
    await put({ resourceType: 'Patient', id: 'a' });
    const page = await fhir.call('GET', '/Patient?name=,&gender=,,');
    expect(page.json.total).toBe(1);
    expect(page.json.link[0]?.url).toBe('http://weir.test/fhir/Patient?_count=20');
    expect(await fhir.call('DELETE', '/Patient?name=,')).toMatchObject({ status: 400 });
  });

  it('an address that is none is refused here, not left to who else answers GET', async () => {
    expect(fhir.app.hasRoute({ method: 'GET', url: '/fhir/*' })).toBe(true);
    for (const url of ['/Patient/a/Observation/b', '/a/b/c/d/e', '/Patient/a/_history/1/x']) {
      const answer = await fhir.call('GET', url);
      expect(answer).toMatchObject({ status: 404, json: { resourceType: 'OperationOutcome' } });
    }
  });

  it.each(['2024-02-30T00:00:00Z', '2024-01-01T00:00:00+15:00', '2024-01-01T25:00:00Z'])(
    '_since is a time that there is: %s',
    async (time) => {
      const url = `/_history?_since=${encodeURIComponent(time)}`;
      expect(await fhir.call('GET', url)).toMatchObject({ status: 400 });
    },
  );
});
