import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  compileSearchParameters,
  registerSearchParameters,
} from '../../src/fhir/search-registry.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { idsOf } from './shown.ts';

interface Statement {
  readonly rest: readonly {
    readonly resource: readonly {
      readonly type: string;
      readonly searchInclude: readonly string[];
      readonly searchRevInclude: readonly string[];
      readonly searchParam: readonly { readonly name: string; readonly definition: string }[];
    }[];
  }[];
}

const url = 'http://example.org/SearchParameter/eye-color';
const extension = 'http://example.org/StructureDefinition/eye-color';
const eyeColor = {
  resourceType: 'SearchParameter',
  url,
  code: 'eye-color',
  type: 'token',
  base: ['Patient'],
  expression: `Patient.extension.where(url='${extension}').value`,
};

describe.each(stores)("a site's own search parameter on %s", (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(async () => {
    registerSearchParameters([]);
    await fhir.close();
  });

  it('is searched, chained and sorted by, and listed', async () => {
    expect(await listed('Patient')).not.toHaveProperty('eye-color');
    registerSearchParameters(compileSearchParameters([eyeColor]).parameters);
    for (const [id, code] of [
      ['ada', 'green'],
      ['bob', 'brown'],
    ]) {
      const valueCoding = { system: 'urn:eyes', code };
      const body = { resourceType: 'Patient', id, extension: [{ url: extension, valueCoding }] };
      await fhir.call('PUT', `/Patient/${String(id)}`, { body });
    }
    const visit = {
      ...{ resourceType: 'Encounter', id: 'visit', status: 'planned', class: { code: 'AMB' } },
      subject: { reference: 'Patient/ada' },
    };
    await fhir.call('PUT', '/Encounter/visit', { body: visit });
    const find = async (search: string) => idsOf((await fhir.call('GET', search)).json);
    expect(await find('/Patient?eye-color=urn:eyes|green')).toEqual(['ada']);
    expect(await find('/Patient?_sort=eye-color')).toEqual(['bob', 'ada']);
    expect(await find('/Encounter?patient.eye-color=green')).toEqual(['visit']);
    expect(await listed('Patient')).toMatchObject({ 'eye-color': url });
  });

  it('stands in the CapabilityStatement beside composites, near and includes', async () => {
    expect(await listed('Observation')).toHaveProperty('code-value-quantity');
    expect(await listed('Location')).toHaveProperty('near');
    expect(await listed('Location')).not.toHaveProperty('_content');
    const patient = await statementOf('Patient');
    expect(patient?.searchInclude).toEqual(expect.arrayContaining(['*', 'Patient:organization']));
    expect(patient?.searchRevInclude).toEqual(expect.arrayContaining(['*', 'Observation:patient']));
  });

  async function statementOf(type: string) {
    const { text } = await fhir.call('GET', '/metadata', { token: '' });
    return (JSON.parse(text) as Statement).rest[0]?.resource.find((one) => one.type === type);
  }

  /** Definitions by name. */
  async function listed(type: string): Promise<Readonly<Record<string, string>>> {
    const { searchParam = [] } = (await statementOf(type)) ?? {};
    return Object.fromEntries(searchParam.map(({ name, definition }) => [name, definition]));
  }
});
