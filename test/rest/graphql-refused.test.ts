import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FhirApp } from './fhir-app.ts';
import { askGraphql, openGraphqlApp } from './graphql-fixture.ts';
import { processorMs } from '../processor-time.ts';

/** Each fragment holds the next one four times: written out it would not end. */
function spreadAgain(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, at) => {
    const inner = at === levels - 1 ? 'nonsense' : `...F${String(at + 1)} `.repeat(4);
    return `fragment F${String(at)} on Query{${inner}}`;
  });
  return `{...F0} ${fragments.join(' ')}`;
}

describe('$graphql refuses', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openGraphqlApp();
  });
  afterAll(() => fhir.close());

  const ask = (query: string) => askGraphql(fhir, query);

  it.each([
    '',
    '{',
    'mutation{Patient(id:"a"){id}}',
    'subscription{Patient(id:"a"){id}}',
    'type A{b:String}',
    '{__schema{types{name}} Patient(id:"ada"){id}}',
    '{...A} fragment A on Query{__schema{types{name}} ...B} fragment B on Query{Patient(id:"ada"){id}}',
    '{__schema{nonsense}}',
    '{__type{name}}',
    '{__schema{...A}} fragment A on __Schema{queryType{name} ...B} fragment B on __Schema{...A}',
    '{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}',
    spreadAgain(25),
    `{__schema{${Array.from({ length: 201 }, (_, at) => `a${String(at)}:description`).join(' ')}}}`,
    '{Nonsense(id:"a"){id}}',
    '{constructor}',
    '{NonsenseList{id}}',
    '{Patient{id}}',
    '{Patient(id:"ada")}',
    '{Patient(id:"ada",x:1){id}}',
    '{Patient(id:"ada",id:"bob"){id}}',
    '{Patient(id:"ada"){nonsense}}',
    '{Patient(id:"ada"){__proto__}}',
    '{Patient(id:"ada"){id{x}}}',
    '{Patient(id:"ada"){name}}',
    '{Patient(id:"ada"){name(nonsense:1){use}}}',
    '{Patient(id:"ada"){active(_count:1)}}',
    '{Patient(id:"ada"){ObservationList{id}}}',
    '{Patient(id:"ada"){contained{name}}}',
    '{Patient(id:"ada"){generalPractitioner{resource(type:Nonsense){id}}}}',
    '{Patient(id:"ada"){id @nonsense}}',
    '{Patient(id:"ada"){id @include}}',
    '{Patient(id:"ada"){id @include(if:"yes")}}',
    '{Patient(id:"ada"){name @slice{use}}}',
    '{Patient(id:"ada"){... on Observation{id}}}',
    '{Patient(id:"ada"){...X}}',
    '{Patient(id:"ada"){...X}} fragment X on Patient{id ...Y} fragment Y on Patient{...X}',
    '{Patient(id:"ada"){...X}} fragment X on Patient{id} fragment X on Patient{id}',
    '{Patient(id:$id){id}}',
    '{Patient(id:"ada"){a:id a:active}}',
    '{Patient(id:"ada"){name(use:official){use} name(use:maiden){use}}}',
    'query A{Patient(id:"ada"){id}} query B{Patient(id:"ada"){id}}',
    `{Patient(id:"ada")${'{contact{name{extension'.repeat(1)}${'{extension'.repeat(40)}{url}${'}'.repeat(44)}`,
    `{Patient(id:"ada"){${'id '.repeat(10_000)}}}`,
    `{${'...{'.repeat(2_000)}__typename${'}'.repeat(2_000)}}`,
    `{${'...{'.repeat(20_000)}__typename${'}'.repeat(20_000)}}`,
    `{Patient(id:${'['.repeat(4_000)}"ada"${']'.repeat(4_000)}){id}}`,
  ])('refuses %s with 400, in the shape of GraphQL', async (query) => {
    const { status, body } = await ask(query);
    expect(status).toBe(400);
    expect(body.data).toBeUndefined();
    expect(body.errors?.[0]?.message).not.toBe('');
    expect(body.errors?.[0]?.extensions.resource.resourceType).toBe('OperationOutcome');
  });

  it.each([
    ['{"query":1}', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['{"query":"{Patient(id:\\"ada\\"){id}}","variables":[]}', 'application/json', 400],
    ['{', 'application/json', 400],
    ['{}', 'text/plain', 415],
  ])('refuses the body %s of %s with %i', async (body, type, status) => {
    const headers = { 'content-type': type };
    expect(await fhir.call('POST', '/$graphql', { body, headers })).toMatchObject({ status });
  });

  it('bounds what one query costs', async () => {
    const many = Array.from(
      { length: 1200 },
      (_, i) => `a${String(i)}:Patient(id:"${String(i)}"){id}`,
    );
    const { status, body } = await ask(`{${many.slice(0, 450).join(' ')}}`);
    expect([status, body.errors?.length]).toEqual([200, 450]);
    // Each level doubles what is looked at.
    const levels = Array.from({ length: 19 }, (_, i) => {
      const next = `extension{...F${String(i + 1)}}`;
      return `fragment F${String(i)} on Extension{a:${next} b:${next}}`;
    });
    const deep = `{Patient(id:"deep"){extension{...F0}}} ${levels.join(' ')} fragment F19 on Extension{url}`;
    const nested = Array.from({ length: 20 }).reduce<object>(
      (inside) => ({ url: 'urn:x', extension: [inside] }),
      { url: 'urn:x', valueString: 'x' },
    );
    const body2 = { resourceType: 'Patient', id: 'deep', extension: [nested] };
    expect(await fhir.call('PUT', '/Patient/deep', { body: body2 })).toMatchObject({ status: 201 });
    const spent = processorMs();
    const refused = await ask(deep);
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/graphql(Fields|Depth)Max/);
    expect(spent()).toBeLessThan(2000);
  });
});
