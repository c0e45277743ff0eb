import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceTypes } from '../../src/fhir/definitions.ts';
import { routes } from '../../src/rest/routes.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly $ref?: string; readonly name?: string }[];
  readonly responses: Readonly<Record<string, object>>;
  readonly security?: readonly object[];
}

interface OpenApi {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

describe('openapi.json', () => {
  let fhir: FhirApp;
  let text: string;
  let document: OpenApi;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    const answer = await fhir.call('GET', '/openapi.json', { token: '' });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    text = answer.text;
    document = JSON.parse(text) as OpenApi;
  });
  afterAll(() => fhir.close());

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);
    expect(result.errors).toBeUndefined();
    expect([result.valid, document.openapi]).toEqual([true, '3.1.0']);
  });

  it('every reference leads somewhere, and no name is given twice', () => {
    const places = new Set(
      Object.entries(document.components).flatMap(([section, named]) =>
        Object.keys(named).map((name) => `#/components/${section}/${name}`),
      ),
    );
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, place = '']) => place);
    expect(references.length).toBeGreaterThan(1000);
    expect(references.filter((place) => !places.has(place))).toEqual([]);
    const ids = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every row of the route table, for every type', () => {
    for (const { method, url } of routes) {
      const isOfCompartment = url.includes(':member') || url === '/:type/:id/_search';
      const types = isOfCompartment ? ['Patient', 'Encounter'] : resourceTypes();
      for (const type of url.includes(':type') ? types : ['']) {
        const path = url.replace(':type', type).replaceAll(/:(\w+)/g, '{$1}');
        expect(document.paths[path]?.[method.toLowerCase()]).toBeDefined();
      }
    }
  });

  it('says parameters, refusals and what is open', () => {
    const search = document.paths['/Patient']?.['get'];
    const names = search?.parameters.map(({ name, $ref }) => name ?? $ref);
    expect(names).toEqual(
      expect.arrayContaining([
        'birthdate',
        'general-practitioner',
        '#/components/parameters/count',
      ]),
    );
    expect(search?.responses['default']).toEqual({ $ref: '#/components/responses/Outcome' });
    expect(document.paths['/metadata']?.['get']?.security).toEqual([]);
    expect(search?.security).toBeUndefined();
  });

  it('is there to read: a page of the system and one of each type, without scripts', async () => {
    const page = await fhir.call('GET', '/openapi.html', { token: '' });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    for (const type of resourceTypes()) expect(page.text).toContain(`href="?type=${type}"`);
    expect(page.text).toContain('/_history');
    const url = '/openapi.html?type=Patient';
    const { text: ofPatient, headers } = await fhir.call('GET', url, {
      token: '',
      headers: { accept: 'text/html' },
    });
    for (const words of ['general-practitioner', '/Patient/{id}/$everything', 'If-Match']) {
      expect(ofPatient).toContain(words);
    }
    expect(page.text + ofPatient).not.toMatch(/<script|https?:\/\/(?!weir\.test|hl7\.org|spec\.)/);
    const known = { 'if-none-match': headers['etag'] ?? '' };
    expect((await fhir.call('GET', url, { headers: known })).status).toBe(304);
    for (const type of ['Nonsense', '%3Cscript%3E', 'constructor']) {
      const refused = await fhir.call('GET', `/openapi.html?type=${type}`);
      expect([refused.status, refused.json.resourceType]).toEqual([404, 'OperationOutcome']);
    }
  });

  it('is answered 304 to those who have it', async () => {
    const { headers } = await fhir.call('HEAD', '/openapi.json');
    const known = { 'if-none-match': headers['etag'] ?? '' };
    expect(await fhir.call('GET', '/openapi.json', { headers: known })).toMatchObject({
      status: 304,
    });
  });
});
