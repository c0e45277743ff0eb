import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { CallOptions, FhirApp } from './fhir-app.ts';

const resources = [
  {
    resourceType: 'Patient',
    id: 'ada',
    active: true,
    birthDate: '1815-12-10',
    _birthDate: { id: 'b' },
    name: [
      { use: 'official', family: 'Lovelace', given: ['Ada', 'Augusta'] },
      { use: 'maiden', family: 'Byron', given: ['Ada'] },
      { use: 'nickname', given: ['Countess'] },
    ],
    telecom: [
      { system: 'phone', value: '1' },
      { system: 'email', value: 'a@b' },
    ],
    contained: [{ resourceType: 'Organization', id: 'o', name: 'Contained' }],
    managingOrganization: { reference: '#o' },
    generalPractitioner: [
      { reference: 'Practitioner/doc' },
      { reference: 'Organization/clinic' },
      { reference: 'Practitioner/gone' },
      { reference: 'https://elsewhere.example/Practitioner/1' },
      { display: 'somebody' },
    ],
  },
  { resourceType: 'Patient', id: 'bob', name: [{ family: 'Babbage' }] },
  { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Somerville' }] },
  { resourceType: 'Organization', id: 'clinic', name: 'Clinic' },
  ...['a', 'b', 'c'].map((id, i) => ({
    resourceType: 'Observation',
    id,
    status: i === 2 ? 'preliminary' : 'final',
    code: { coding: [{ system: 'urn:s', code: `c${String(i)}` }] },
    subject: { reference: 'Patient/ada' },
    valueQuantity: { value: i + 1.5, unit: 'mg' },
  })),
];

/** A server with a few resources that refer to each other. */
export async function openGraphqlApp(): Promise<FhirApp> {
  const fhir = await openFhirApp(async () => openMemoryStore());
  for (const resource of resources) {
    const { resourceType, id } = resource;
    await fhir.call('PUT', `/${resourceType}/${id}`, { body: resource });
  }
  const exact =
    '{"resourceType":"Observation","id":"exact","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.00}}';
  await fhir.call('PUT', '/Observation/exact', { body: exact });
  return fhir;
}

export interface Asked {
  readonly at?: string;
  readonly variables?: object;
  readonly options?: CallOptions;
}

export async function askGraphql(
  fhir: FhirApp,
  query: string,
  { at = '', variables, options = {} }: Asked = {},
) {
  const body = { query, ...(variables === undefined ? {} : { variables }) };
  const { status, text } = await fhir.call('POST', `${at}/$graphql`, { body, ...options });
  return { status, text, body: JSON.parse(text) as GraphqlAnswer };
}

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly {
    readonly message: string;
    readonly path: readonly (string | number)[];
    readonly locations: readonly object[];
    readonly extensions: { readonly resource: { readonly resourceType: string } };
  }[];
}
