import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseUrl, openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { linkOf } from './shown.ts';
import type { Shown, ShownEntry } from './shown.ts';

describe.each(stores)('history on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
    const put = (type: string, id: string, more: object = {}) =>
      fhir.call('PUT', `/${type}/${id}`, { body: { resourceType: type, id, ...more } });
    await put('Patient', 'a');
    await put('Patient', 'b');
    await put('Patient', 'a', { active: true });
    await put('Organization', 'o', { name: 'Clinic' });
    await fhir.call('DELETE', '/Patient/a');
  });
  afterEach(() => fhir.close());

  const lines = (json: Shown): readonly string[] =>
    json.entry.map(({ request, response, resource }: Partial<ShownEntry>) =>
      [request?.method, request?.url, response?.status, response?.etag, resource?.id ?? '-'].join(
        ' ',
      ),
    );

  it('B63 instance history is newest first, with deletions, requests and responses', async () => {
    const { json } = await fhir.call('GET', '/Patient/a/_history');
    expect(json).toMatchObject({ type: 'history', total: 3 });
    expect(lines(json)).toEqual([
      'DELETE Patient/a 204 W/"3" -',
      'PUT Patient/a 200 W/"2" a',
      'POST Patient 201 W/"1" a',
    ]);
    expect(json.entry[0]?.fullUrl).toBe(`${baseUrl}/Patient/a`);
  });

  it('B63 type and system history', async () => {
    expect((await fhir.call('GET', '/Patient/_history')).json.total).toBe(4);
    const { json } = await fhir.call('GET', '/_history');
    expect(json.total).toBe(5);
    expect(lines(json)[1]).toBe('POST Organization 201 W/"1" o');
  });

  it('B63 _since is inclusive, an instant, and stays for all pages', async () => {
    const { json: all } = await fhir.call('GET', '/_history');
    const since = all.entry[2]?.response.lastModified ?? '';
    const part = await fhir.call('GET', `/_history?_since=${since}&_count=2`);
    expect(lines(part.json)).toEqual(lines(all).slice(0, 2));
    const next = (linkOf(part.json, 'next') ?? '').slice(baseUrl.length);
    const rest = await fhir.call('GET', next);
    expect(lines(rest.json)).toEqual(lines(all).slice(2, 3));
    expect(await fhir.call('GET', '/_history?_since=yesterday')).toMatchObject({ status: 400 });
  });

  it('B63 _at gives what was current at some time within it, on all pages', async () => {
    const { json: all } = await fhir.call('GET', '/Patient/_history');
    const [deleted = '', second = ''] = all.entry.map(({ response }) => response.lastModified);
    const at = async (when: string) => lines((await fhir.call('GET', when)).json);
    expect(await at(`/Patient/_history?_at=${second.replace(/\.\d+/, '')}`)).toEqual([
      'PUT Patient/a 200 W/"2" a',
      'POST Patient 201 W/"1" b',
    ]);
    expect((await fhir.call('GET', '/Patient/_history?_at=2025')).json.total).toBe(0);
    expect(await at('/Patient/_history?_at=2026-03')).toEqual(lines(all));
    const part = await fhir.call('GET', `/Patient/_history?_at=${deleted}&_count=1`);
    expect(lines(part.json)).toEqual(['DELETE Patient/a 204 W/"3" -']);
    expect(linkOf(part.json, 'self')).toContain(`_at=${deleted}`);
    const next = (linkOf(part.json, 'next') ?? '').slice(baseUrl.length);
    expect(await at(next)).toEqual(['POST Patient 201 W/"1" b']);
    for (const wrong of ['yesterday', '2026-13', '2026-02-30T00:00Z']) {
      expect(await fhir.call('GET', `/_history?_at=${wrong}`)).toMatchObject({ status: 400 });
    }
  });

  it('B63 pages give every version once while others are written', async () => {
    const seen: string[] = [];
    let url: string | undefined = '/Patient/_history?_count=1';
    while (url !== undefined && seen.length < 10) {
      const { json } = await fhir.call('GET', url);
      seen.push(...lines(json));
      await fhir.call('POST', '/Patient', { body: { resourceType: 'Patient' } });
      url = linkOf(json, 'next')?.slice(baseUrl.length);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(4);
  });

  it('what never was has no history', async () => {
    expect(await fhir.call('GET', '/Patient/never/_history')).toMatchObject({ status: 404 });
  });
});
