import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { outOf, parameters } from './out-parameters.ts';

const gender = 'http://hl7.org/fhir/administrative-gender';
const genderSet = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const male = { system: gender, code: 'male' };
const valueSet = {
  ...{ resourceType: 'ValueSet', id: 'v', url: 'urn:v', status: 'active' },
  compose: { include: [{ system: gender }] },
};
const codeSystem = {
  ...{ resourceType: 'CodeSystem', id: 'c', url: 'urn:c', status: 'active' },
  ...{ content: 'complete', concept: [{ code: 'male' }] },
};

/** Parameters in a body; a list is a parameter that is repeated. */
const repeated = (...values: readonly Readonly<Record<string, unknown>>[]): object => ({
  resourceType: 'Parameters',
  parameter: values.flatMap((one) => (parameters(one) as { parameter: unknown[] }).parameter),
});

/** Each says a thing twice, two things at once, or with a value of the wrong type. */
const refused: readonly (readonly [url: string, body?: object])[] = [
  [`/ValueSet/$expand?url=${genderSet}&url=urn:other`],
  [`/ValueSet/$expand?url=${genderSet}&count=1&count=2`],
  [`/ValueSet/$expand?url=${genderSet}&activeOnly=true&activeOnly=false`],
  [`/ValueSet/v/$expand?url=${genderSet}`],
  [`/ValueSet/$expand?url=${genderSet}`, valueSet],
  ['/ValueSet/$expand', repeated({ 'url valueUri': genderSet }, { 'url valueUri': genderSet })],
  ['/ValueSet/$expand', parameters({ 'url valueBoolean': true })],
  ['/ValueSet/$expand', parameters({ 'url valueInteger': 5 })],
  ['/ValueSet/$expand', parameters({ 'url valueDecimal': 1.5 })],
  ['/ValueSet/$expand', parameters({ 'url valueCoding': male })],
  ['/ValueSet/$expand', parameters({ 'url valueUri': genderSet, valueSet })],
  ['/ValueSet/$expand', parameters({ 'url valueUri': genderSet, 'count valueBoolean': true })],
  [
    '/ValueSet/$validate-code',
    parameters({ 'url valueUri': genderSet, 'coding valueCoding': male, 'code valueCode': 'male' }),
  ],
  [
    '/ValueSet/$validate-code',
    parameters({
      ...{ 'url valueUri': genderSet, 'coding valueCoding': male },
      'codeableConcept valueCodeableConcept': { coding: [male] },
    }),
  ],
  [`/ValueSet/$validate-code?url=${genderSet}&code=male&code=female&system=${gender}`],
  [`/ValueSet/v/$validate-code?url=${genderSet}&code=male&system=${gender}`],
  [`/CodeSystem/$lookup?system=${gender}&code=male&code=female`],
  ['/CodeSystem/$lookup', parameters({ 'coding valueCoding': male, 'code valueCode': 'female' })],
  ['/CodeSystem/$lookup', parameters({ 'coding valueCoding': male, 'system valueUri': 'urn:x' })],
  ['/CodeSystem/$lookup', parameters({ 'code valueBoolean': true, 'system valueUri': gender })],
  ['/CodeSystem/$lookup', repeated({ 'coding valueCoding': male }, { 'coding valueCoding': male })],
  [`/CodeSystem/$subsumes?system=${gender}&codeA=male&codeA=female&codeB=male`],
  [
    '/CodeSystem/$subsumes',
    parameters({
      'codingA valueCoding': male,
      'codeA valueCode': 'male',
      'codingB valueCoding': male,
    }),
  ],
  [`/CodeSystem/c/$validate-code?url=urn:c&code=male`],
  [
    '/CodeSystem/$validate-code',
    parameters({ 'url valueUri': gender, 'code valueCode': 'male', codeSystem }),
  ],
  ['/ConceptMap/$translate', parameters({ 'coding valueCoding': male, 'code valueCode': 'male' })],
  [`/ConceptMap/$translate?code=male&system=${gender}&url=urn:a&url=urn:b`],
  [`/ConceptMap/$translate?code=male&system=${gender}&reverse=true&reverse=false`],
];

describe.each(stores)('what terminology operations refuse, on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    for (const body of [valueSet, codeSystem]) {
      const { resourceType, id } = body;
      const { status } = await fhir.call('PUT', `/${resourceType}/${id}`, { body });
      expect(status).toBe(201);
    }
  });
  afterAll(() => fhir.close());

  it.each(refused.map(([url, body]) => [url, body] as const))(
    '%s with %j is 400',
    async (url, body) => {
      const answer = await (body === undefined
        ? fhir.call('GET', url)
        : fhir.call('POST', url, { body }));
      expect([answer.status, answer.json.issue[0]?.code]).toEqual([400, 'value']);
    },
  );

  it('what agrees may be said twice in its two ways', async () => {
    const body = parameters({ 'coding valueCoding': male, 'system valueUri': gender });
    expect((await fhir.call('POST', '/CodeSystem/$lookup', { body })).status).toBe(200);
    const bare = parameters({ 'coding valueCoding': { code: 'male' }, 'system valueUri': gender });
    expect((await fhir.call('POST', '/CodeSystem/$lookup', { body: bare })).status).toBe(200);
  });

  it('a coding of another code system than url is not valid in it', async () => {
    const body = parameters({ 'url valueUri': 'urn:c', 'coding valueCoding': male });
    const answer = await fhir.call('POST', '/CodeSystem/$validate-code', { body });
    expect([answer.status, outOf(answer)['result']]).toEqual([200, false]);
  });

  it('a property may be asked for more than once', async () => {
    const url = `/CodeSystem/$lookup?system=${gender}&code=male&property=definition&property=parent`;
    expect((await fhir.call('GET', url)).status).toBe(200);
  });
});
