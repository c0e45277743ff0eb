import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { outOf } from './out-parameters.ts';

const colors = {
  ...{
    resourceType: 'CodeSystem',
    id: 'colors',
    url: 'urn:colors',
    version: '2',
    status: 'active',
  },
  ...{ content: 'complete', caseSensitive: true },
  concept: [
    { code: 'red', display: 'Red', designation: [{ language: 'fr', value: 'Rouge' }] },
    { code: 'blue', display: 'Blue' },
  ],
};

const supplement = (id: string, more: object) => ({
  ...{ resourceType: 'CodeSystem', id, url: `urn:${id}`, status: 'active', content: 'supplement' },
  supplements: 'urn:colors',
  property: [{ code: 'warmth', type: 'string' }],
  concept: [
    {
      code: 'red',
      designation: [{ language: 'de', value: `Rot ${id}` }],
      property: [{ code: 'warmth', valueString: 'warm' }],
    },
    { code: 'mauve', display: 'no such color' },
  ],
  ...more,
});

describe.each(stores)('supplements of code systems on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open, { conformance: [supplement('site', {})] });
    await put(colors);
  });
  afterEach(() => fhir.close());

  const put = async (body: { id: string }) => {
    const { status } = await fhir.call('PUT', `/CodeSystem/${body.id}`, { body });
    expect([200, 201]).toContain(status);
  };
  const look = async (more = '') =>
    outOf(await fhir.call('GET', `/CodeSystem/$lookup?system=urn:colors&code=red${more}`));
  const expand = async (more: string) => {
    const url = `/ValueSet/$expand?${more}`;
    const body = {
      ...{ resourceType: 'ValueSet', status: 'active' },
      compose: { include: [{ system: 'urn:colors' }] },
    };
    const { json } = await fhir.call('POST', url, { body });
    return (json as unknown as { expansion: { contains?: { code: string; display: string }[] } })
      .expansion.contains;
  };

  it('add designations and properties in $lookup and $expand, and no codes', async () => {
    const found = await look();
    expect(found['property']).toContainEqual({ code: 'warmth', value: 'warm' });
    expect(found['designation']).toEqual([
      { language: 'fr', value: 'Rouge' },
      { language: 'de', value: 'Rot site' },
    ]);
    expect((await look('&displayLanguage=de'))['display']).toBe('Rot site');
    expect((await expand('filter=rot'))?.map(({ code }) => code)).toEqual(['red']);
    expect((await expand('displayLanguage=de'))?.map(({ display }) => display)).toEqual([
      'Rot site',
      'Blue',
    ]);
    const url = '/CodeSystem/$lookup?system=urn:colors&code=mauve';
    expect((await fhir.call('GET', url)).status).toBe(404);
  });

  it('count where they are stored, active and of the version; none stands for a code system', async () => {
    await put(supplement('stored', { supplements: 'urn:colors|2' }));
    await put(supplement('draft', { status: 'draft' }));
    await put(supplement('other', { supplements: 'urn:colors|1' }));
    await put(supplement('else', { supplements: 'urn:shapes' }));
    const { designation } = (await look()) as { designation: readonly { value: string }[] };
    expect(designation.map(({ value }) => value)).toEqual(['Rouge', 'Rot site', 'Rot stored']);
    await fhir.call('DELETE', '/CodeSystem/stored');
    expect(JSON.stringify(await look())).not.toContain('Rot stored');
    const own = await fhir.call('GET', '/CodeSystem/$lookup?system=urn:site&code=red');
    expect(own.status).toBe(404);
  });
});
