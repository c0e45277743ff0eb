import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceTypes } from '../../src/fhir/definitions.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { isError } from '../../src/fhir/outcome.ts';
import { validateResource } from '../../src/fhir/validate.ts';
import { routes } from '../../src/rest/routes.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

interface Statement extends Resource {
  readonly fhirVersion: string;
  readonly format: readonly string[];
  readonly rest: readonly {
    readonly security: { readonly cors: boolean };
    readonly interaction: readonly { readonly code: string }[];
    readonly compartment: readonly string[];
    readonly operation: readonly Operation[];
    readonly resource: readonly {
      readonly type: string;
      readonly versioning: string;
      readonly interaction: readonly { readonly code: string }[];
      readonly searchParam: readonly { readonly documentation: string }[];
      readonly operation: readonly Operation[];
    }[];
  }[];
}

interface Operation {
  readonly name: string;
  readonly definition: string;
}

describe('metadata', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
  });
  afterAll(() => fhir.close());

  const statementOf = async (query = '') => {
    const { text, status } = await fhir.call('GET', `/metadata${query}`, { token: '' });
    expect(status).toBe(200);
    return JSON.parse(text) as Statement;
  };

  it.each([
    ['', 'CapabilityStatement'],
    ['?mode=full', 'CapabilityStatement'],
    ['?mode=normative', 'CapabilityStatement'],
    ['?mode=terminology', 'TerminologyCapabilities'],
  ])('metadata%s is a valid %s', async (query, type) => {
    const statement = await statementOf(query);
    expect(statement.resourceType).toBe(type);
    expect(validateResource(statement).filter(isError)).toEqual([]);
  });

  it('another mode is 400', async () => {
    expect(await fhir.call('GET', '/metadata?mode=x')).toMatchObject({ status: 400 });
  });

  it('says every type with everything that is offered on it', async () => {
    const { fhirVersion, format, rest } = await statementOf();
    expect([fhirVersion, format]).toEqual([
      '4.0.1',
      ['application/fhir+json', 'json', 'application/fhir+xml', 'xml'],
    ]);
    const [server] = rest;
    expect(server?.security.cors).toBe(true);
    expect(server?.compartment).toHaveLength(5);
    expect(server?.interaction.map(({ code }) => code)).toEqual([
      'history-system',
      'search-system',
      'transaction',
      'batch',
    ]);
    expect(server?.resource.map(({ type }) => type)).toEqual(resourceTypes());
    for (const { interaction, versioning, searchParam } of server?.resource ?? []) {
      expect(interaction).toHaveLength(9);
      expect(versioning).toBe('versioned-update');
      expect(searchParam.every(({ documentation }) => documentation !== '')).toBe(true);
    }
  });

  it('names every operation of the route table, with a canonical URL', async () => {
    const [server] = (await statementOf()).rest;
    const ofTypes = server?.resource.flatMap(({ operation }) => operation) ?? [];
    const named = [...(server?.operation ?? []), ...ofTypes];
    for (const { definition } of named) expect(URL.canParse(definition)).toBe(true);
    const names = new Set(named.map(({ name }) => name));
    const operations = routes.flatMap(({ url }) => /\$([a-z-]+)$/.exec(url)?.[1] ?? []);
    expect(operations.filter((name) => !names.has(name))).toEqual([]);
  });
});
