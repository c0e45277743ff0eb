import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { async, carriedOut, statusAddress } from './background.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

describe.each(stores)('Prefer: respond-async on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    await fhir.call('PUT', '/Patient/ada', { body: { resourceType: 'Patient', id: 'ada' } });
  });
  afterEach(() => fhir.close());

  it.each(['/Patient/ada', '/Patient?_id=ada', '/Patient/ada/$everything', '/_history'])(
    'GET %s is answered later as it would be at once',
    async (url) => {
      const now = await fhir.call('GET', url);
      const { json, status, headers } = await carriedOut(fhir, 'GET', url);
      expect(status).toBe(200);
      expect(headers['expires']).toMatch(/GMT$/);
      expect(json).toMatchObject({ resourceType: 'Bundle', type: 'batch-response' });
      const [entry] = (json as unknown as { entry: { resource: object; response: object }[] })
        .entry;
      expect(entry?.response).toMatchObject({ status: '200 OK' });
      expect(entry?.resource).toEqual(now.json);
    },
  );

  it('POST _search takes its form along', async () => {
    const { text } = await carriedOut(fhir, 'POST', '/Patient/_search', {
      body: '_id=ada',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(text).toContain('"total":1');
    expect(text).toContain('"id":"ada"');
  });

  it.each(['batch', 'transaction'])('a %s is carried out once', async (type) => {
    const resource = { resourceType: 'Patient', gender: 'other' };
    const entry = [{ resource, request: { method: 'POST', url: 'Patient' } }];
    const body = { resourceType: 'Bundle', type, entry };
    const { text } = await carriedOut(fhir, 'POST', '/', { body });
    expect(text).toContain('201 Created');
    expect((await fhir.call('GET', '/Patient?gender=other')).json.total).toBe(1);
  });

  it('what fails is told in the entry; what is no Bundle, or forbidden, at once', async () => {
    const { json, text } = await carriedOut(fhir, 'GET', '/Patient/nobody');
    expect(json.type).toBe('batch-response');
    expect(text).toContain('404 Not Found');
    const bad = await fhir.call('POST', '/', { body: '{', headers: async });
    expect(bad.status).toBe(400);
    const denied = await fhir.call('GET', '/Observation', { token: 'frontdesk', headers: async });
    expect(denied.status).toBe(403);
    const direct = await fhir.call('POST', '/Patient', {
      body: { resourceType: 'Patient' },
      headers: async,
    });
    expect(direct.status).toBe(201);
  });

  it('shows its result to its owner only, until it is cancelled', async () => {
    const begun = await fhir.call('GET', '/Patient', { token: 'nurse', headers: async });
    const address = statusAddress(begun);
    expect((await fhir.call('GET', address, { token: 'clinician' })).status).toBe(404);
    expect((await fhir.call('DELETE', address, { token: 'nurse' })).status).toBe(202);
    expect((await fhir.call('GET', address, { token: 'nurse' })).status).toBe(404);
  });
});
