import { buildClientSchema, getIntrospectionQuery, parse, printSchema, validate } from 'graphql';
import type { IntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkQuery } from '../../src/rest/graphql/check.ts';
import { readQuery } from '../../src/rest/graphql/document.ts';
import type { FhirApp } from './fhir-app.ts';
import { askGraphql, openGraphqlApp } from './graphql-fixture.ts';

describe('the schema of $graphql', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openGraphqlApp();
  });
  afterAll(() => fhir.close());

  const schemaFor = async () => {
    const { status, body } = await askGraphql(fhir, getIntrospectionQuery());
    expect([status, body.errors]).toEqual([200, undefined]);
    return buildClientSchema(body.data as unknown as IntrospectionQuery);
  };

  it('is what tools take it for: whole and free of faults', async () => {
    const schema = await schemaFor();
    expect(validate(schema, parse('{PatientList(family:"x"){name{family}}}'))).toEqual([]);
    const text = printSchema(schema);
    for (const line of [
      'PatientConnection(',
      'type Patient implements Resource {',
      '_birthDate: Element',
      'valueQuantity: Quantity',
      'value_quantity: [String]',
      'type Patient_contact {',
      'directive @slice(path: String, fhirpath: String) on FIELD',
    ]) {
      expect([line, text.includes(line)]).toEqual([line, true]);
    }
  });

  it('allows what the server takes, and nothing else', async () => {
    const schema = await schemaFor();
    const system = { kind: 'system' } as const;
    const taken = [
      '{Patient(id:"ada"){id resourceType birthDate _birthDate{id} name(use:official _count:1){family given}}}',
      '{Patient(id:"ada"){contained{id ... on Organization{name}} generalPractitioner{resource(optional:true){... on Practitioner{name{text}}}}}}',
      '{ObservationList(code:["1","2"] _sort:"date"){valueQuantity{value} component{code{text @first}} referenceRange @flatten{text}}}',
      '{PatientConnection(family:"x" _cursor:"c"){count next edges{mode score resource{id}}}}',
      '{QuestionnaireList(_id:"a"){item{item{linkId}}}}',
    ];
    for (const query of taken) {
      expect([query, validate(schema, parse(query))]).toEqual([query, []]);
      checkQuery(readQuery({ query, variables: {} }), system);
    }
    const refused = ['{Nonsense(id:"a"){id}}', '{Patient{id}}', '{Patient(id:"a"){nonsense}}'];
    for (const query of refused) {
      expect(validate(schema, parse(query))).not.toEqual([]);
      expect(() => checkQuery(readQuery({ query, variables: {} }), system)).toThrow();
    }
  });

  it('tells of one type, with variables, and by a name of its own', async () => {
    const { body } = await askGraphql(
      fhir,
      'query Q{a:__type(name:"HumanName"){kind fields{name type{name kind ofType{name}}}} __typename}',
    );
    expect(body.data).toMatchObject({ a: { kind: 'OBJECT' }, __typename: 'Query' });
    const fields = (body.data as unknown as { a: { fields: unknown[] } }).a.fields;
    expect(fields).toContainEqual({
      name: 'given',
      type: { name: null, kind: 'LIST', ofType: { name: 'String' } },
    });
  });
});
