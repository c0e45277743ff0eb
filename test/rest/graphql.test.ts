import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FhirApp } from './fhir-app.ts';
import { askGraphql, openGraphqlApp } from './graphql-fixture.ts';
import type { Asked } from './graphql-fixture.ts';

describe('$graphql', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openGraphqlApp();
  });
  afterAll(() => fhir.close());

  const ask = (query: string, asked?: Asked) => askGraphql(fhir, query, asked);

  const dataOf = async (query: string, asked: Asked = {}) => {
    const { status, body } = await ask(query, asked);
    expect([status, body.errors]).toEqual([200, undefined]);
    return body.data;
  };

  it.each<[what: string, query: string, data: object]>([
    [
      'a read',
      '{Patient(id:"ada"){id resourceType __typename active birthDate gender}}',
      {
        Patient: {
          id: 'ada',
          resourceType: 'Patient',
          __typename: 'Patient',
          active: true,
          birthDate: '1815-12-10',
          gender: null,
        },
      },
    ],
    [
      'a list filtered by a path',
      `{Patient(id:"ada"){
        name(fhirpath:"use != 'official' and given.first() = 'Ada'"){use}
        telecom(fhirpath:"system = 'phone' or %resource.active.not()"){value}
        all:name(fhirpath:"family" _count:1){family}
        none:name(fhirpath:"period.exists()"){use}}}`,
      {
        Patient: {
          name: [{ use: 'maiden' }],
          telecom: [{ value: '1' }],
          all: [{ family: 'Lovelace' }],
          none: null,
        },
      },
    ],
    [
      'aliases',
      '{a:Patient(id:"ada"){b:birthDate} c:Patient(_id:"bob"){id}}',
      { a: { b: '1815-12-10' }, c: { id: 'bob' } },
    ],
    [
      'what goes with a primitive',
      '{Patient(id:"ada"){_birthDate{id}}}',
      { Patient: { _birthDate: { id: 'b' } } },
    ],
    [
      'lists filtered',
      '{Patient(id:"ada"){name(use:official){family} x:name(use:"nickname"){given} y:name(_offset:1,_count:1){use} z:name(use:[official,maiden]){use}}}',
      {
        Patient: {
          name: [{ family: 'Lovelace' }],
          x: [{ given: ['Countess'] }],
          y: [{ use: 'maiden' }],
          z: [{ use: 'official' }, { use: 'maiden' }],
        },
      },
    ],
    ['a search', '{PatientList(name:"love",_count:10){id}}', { PatientList: [{ id: 'ada' }] }],
    ['a search that finds nothing', '{PatientList(name:"nobody"){id}}', { PatientList: null }],
    [
      'alternatives, dashes, sorting',
      '{ObservationList(code:["c0","c2"],_sort:"-_id"){id} PatientList(address_city:"x"){id}}',
      { ObservationList: [{ id: 'c' }, { id: 'a' }], PatientList: null },
    ],
    [
      'numbers and truth values',
      '{PatientList(active:true){id} ObservationList(value_quantity:2.5){id}}',
      { PatientList: [{ id: 'ada' }], ObservationList: [{ id: 'b' }] },
    ],
    [
      'references',
      '{Patient(id:"ada"){generalPractitioner(_count:2){reference resource{id resourceType ... on Practitioner{name{family}} ... on Organization{title:name}}}}}',
      {
        Patient: {
          generalPractitioner: [
            {
              reference: 'Practitioner/doc',
              resource: {
                id: 'doc',
                resourceType: 'Practitioner',
                name: [{ family: 'Somerville' }],
              },
            },
            {
              reference: 'Organization/clinic',
              resource: { id: 'clinic', resourceType: 'Organization', title: 'Clinic' },
            },
          ],
        },
      },
    ],
    [
      'references by type',
      '{Patient(id:"ada"){generalPractitioner(_count:2){resource(type:Practitioner){name{family}} resource(type:Organization){id}}}}',
      {
        Patient: {
          generalPractitioner: [
            { resource: { name: [{ family: 'Somerville' }] } },
            { resource: { id: 'clinic' } },
          ],
        },
      },
    ],
    [
      'references that may lead nowhere',
      '{Patient(id:"ada"){generalPractitioner(_offset:2){resource(optional:true,type:Practitioner){id}}}}',
      {
        Patient: {
          generalPractitioner: [{ resource: null }, { resource: null }, { resource: null }],
        },
      },
    ],
    [
      'contained resources',
      '{Patient(id:"ada"){managingOrganization{resource{name}} contained{id ... on Organization{name}}}}',
      {
        Patient: {
          managingOrganization: { resource: { name: 'Contained' } },
          contained: [{ id: 'o', name: 'Contained' }],
        },
      },
    ],
    [
      'reverse references',
      '{PatientList(_sort:"_id"){id ObservationList(_reference:patient,status:"final"){id subject{resource{id}}}}}',
      {
        PatientList: [
          {
            id: 'ada',
            ObservationList: [
              { id: 'a', subject: { resource: { id: 'ada' } } },
              { id: 'b', subject: { resource: { id: 'ada' } } },
            ],
          },
          { id: 'bob', ObservationList: null },
        ],
      },
    ],
    [
      'fragments',
      'query Q{Patient(id:"ada"){...P ...P ... on Patient{active} ...{id @skip(if:true)}}} fragment P on Patient{id name(use:official){...N}} fragment N on HumanName{family}',
      { Patient: { id: 'ada', name: [{ family: 'Lovelace' }], active: true } },
    ],
    [
      '@include and @skip',
      '{Patient(id:"ada"){id @include(if:false) active @skip(if:true) birthDate @include(if:true) ... on Patient @include(if:false){gender}}}',
      { Patient: { birthDate: '1815-12-10' } },
    ],
    [
      '@first',
      '{Patient(id:"ada"){name @first{family}}}',
      { Patient: { name: { family: 'Lovelace' } } },
    ],
    [
      '@flatten',
      '{Patient(id:"ada"){name @flatten{use given}}}',
      {
        Patient: {
          use: ['official', 'maiden', 'nickname'],
          given: ['Ada', 'Augusta', 'Ada', 'Countess'],
        },
      },
    ],
    [
      '@flatten and @first',
      '{Patient(id:"ada"){name @flatten @first{use given @singleton}}}',
      { Patient: { use: 'official', given: 'Ada' } },
    ],
    [
      '@slice',
      '{Patient(id:"ada"){telecom @flatten @slice(path:"system"){value @singleton} name @slice(path:"$index") @singleton{use}}}',
      {
        Patient: {
          'value.phone': '1',
          'value.email': 'a@b',
          'name.0': { use: 'official' },
          'name.1': { use: 'maiden' },
          'name.2': { use: 'nickname' },
        },
      },
    ],
    [
      'choices',
      '{Observation(id:"a"){valueQuantity{value unit} valueString}}',
      { Observation: { valueQuantity: { value: 1.5, unit: 'mg' }, valueString: null } },
    ],
  ])('answers %s', async (_what, query, data) => {
    expect(await dataOf(query)).toEqual(data);
  });

  it('keeps decimals to the digit', async () => {
    expect((await ask('{Observation(id:"exact"){valueQuantity{value}}}')).text).toContain(
      '"value":1.00',
    );
  });

  it('connections count and can be walked', async () => {
    const query =
      'query($c:String){ObservationConnection(_sort:"_id",_count:2,_cursor:$c){count pagesize next edges{mode resource{id}}}}';
    interface Page {
      readonly ObservationConnection: {
        readonly next: string | null;
        readonly edges: readonly object[];
      };
    }
    const first = (await dataOf(
      '{ObservationConnection(_sort:"_id",_count:2){count pagesize next edges{mode resource{id}}}}',
    )) as unknown as Page;
    expect(first.ObservationConnection).toMatchObject({
      count: 4,
      pagesize: 2,
      edges: [{ mode: 'match', resource: { id: 'a' } }, { resource: { id: 'b' } }],
    });
    const { next } = first.ObservationConnection;
    const cursor = '{ObservationConnection(_cursor:$c){next edges{resource{id}}}}';
    const second = (await dataOf(`query($c:String!)${cursor}`, {
      variables: { c: next },
    })) as unknown as Page;
    expect(second.ObservationConnection).toEqual({
      next: null,
      edges: [{ resource: { id: 'c' } }, { resource: { id: 'exact' } }],
    });
    expect(query).toContain('_cursor');
  });

  it('variables: given, by default, required', async () => {
    const query =
      'query($id:String="bob",$on:Boolean!){Patient(id:$id){id active @include(if:$on)}}';
    expect(await dataOf(query, { variables: { on: false } })).toEqual({ Patient: { id: 'bob' } });
    expect(await dataOf(query, { variables: { on: true, id: 'ada' } })).toEqual({
      Patient: { id: 'ada', active: true },
    });
    expect(await ask(query)).toMatchObject({ status: 400 });
  });

  it('a resource is the root of its own address', async () => {
    const query =
      '{id name(use:official){family} ObservationList(_reference:patient,_count:1){id}}';
    const data = { id: 'ada', name: [{ family: 'Lovelace' }], ObservationList: [{ id: 'a' }] };
    expect(await dataOf(query, { at: '/Patient/ada' })).toEqual(data);
    const get = await fhir.call(
      'GET',
      `/Patient/ada/$graphql?query=${encodeURIComponent('{...P} fragment P on Patient{id}')}`,
    );
    expect([get.status, get.text]).toEqual([200, '{"data":{"id":"ada"}}']);
    expect(get.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(await fhir.call('GET', '/Patient/nobody/$graphql?query={id}')).toMatchObject({
      status: 404,
    });
    expect(await fhir.call('GET', '/Nonsense/1/$graphql?query={id}')).toMatchObject({
      status: 404,
    });
  });

  it('a query comes in the address, as JSON, or as itself', async () => {
    const query = 'query A($id:String){Patient(id:$id){id}} query B{Patient(id:"bob"){id}}';
    const inAddress = `?query=${encodeURIComponent(query)}&operationName=A&variables=${encodeURIComponent('{"id":"ada"}')}`;
    expect((await fhir.call('GET', `/$graphql${inAddress}`)).text).toContain('"ada"');
    expect((await fhir.call('POST', `/$graphql${inAddress}`)).text).toContain('"ada"');
    const headers = {
      'content-type': 'application/graphql',
      accept: 'application/graphql-response+json',
    };
    const asItself = await fhir.call('POST', '/$graphql?operationName=B', { body: query, headers });
    expect([asItself.status, asItself.text]).toEqual([200, '{"data":{"Patient":{"id":"bob"}}}']);
  });

  it('what a resource contains is referred to by nothing else', async () => {
    const query =
      '{Patient(id:"ada"){contained{... on Organization{PatientList(_reference:organization){id}}}}}';
    const { body } = await ask(query);
    expect(body.data).toEqual({ Patient: { contained: [{ PatientList: null }] } });
    expect(body.errors?.[0]?.message).toContain('within another');
  });

  it('in a Bundle the query comes in Parameters and the answer as a Binary', async () => {
    const parameter = [{ name: 'query', valueString: '{Patient(id:"bob"){id}}' }];
    const resource = { resourceType: 'Parameters', parameter };
    const get = { method: 'GET', url: 'Patient/ada/$graphql?query={id}' };
    const entry = [{ resource, request: { method: 'POST', url: '$graphql' } }, { request: get }];
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    const { json } = await fhir.call('POST', '/', { body });
    const texts = json.entry.map((one) => Buffer.from(one.resource.data, 'base64').toString());
    expect(texts).toEqual(['{"data":{"Patient":{"id":"bob"}}}', '{"data":{"id":"ada"}}']);
  });

  it('what cannot be read is null and an error beside the rest, with its outcome', async () => {
    const { status, body } = await ask(
      '{a:Patient(id:"nobody"){id} b:Patient(id:"bob"){id} c:PatientList(nonsense:1){id} Patient(id:"ada"){generalPractitioner(_offset:2){resource{id}}}}',
    );
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ a: null, b: { id: 'bob' }, c: null });
    expect(body.errors?.map(({ path }) => path.join('.')).sort()).toEqual([
      'Patient.generalPractitioner.0.resource',
      'Patient.generalPractitioner.1.resource',
      'a',
      'c',
    ]);
    expect(body.errors?.[0]?.extensions.resource).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'not-found' }],
    });
    expect(body.errors?.[0]?.locations).toEqual([{ line: 1, column: 2 }]);
  });

  it('shows what a read and a search by the same caller would, and leaves their events', async () => {
    const query =
      '{Patient(id:"ada"){id} other:Patient(id:"bob"){id} PatientList{id} ObservationList{id}}';
    const own = await ask(query, { options: { token: 'app:bob' } });
    expect(own.body.data).toEqual({
      Patient: null,
      other: { id: 'bob' },
      PatientList: [{ id: 'bob' }],
      ObservationList: null,
    });
    const before = fhir.accesses.length;
    const desk = await ask(query, { options: { token: 'frontdesk' } });
    expect(desk.body.data).toMatchObject({ Patient: { id: 'ada' }, ObservationList: null });
    expect(desk.body.errors?.[0]?.extensions.resource).toMatchObject({
      issue: [{ code: 'forbidden' }],
    });
    const events = fhir.accesses
      .slice(before)
      .map(({ interaction, status }) => [interaction, status]);
    expect(events).toEqual([
      ['read', 200],
      ['read', 200],
      ['search-type', 200],
      ['search-type', 403],
    ]);
    const chart = '{Patient(id:"ada"){ObservationList(_reference:patient){id}}}';
    expect((await ask(chart, { options: { token: 'frontdesk' } })).body.data).toEqual({
      Patient: { ObservationList: null },
    });
    expect(await fhir.call('POST', '/$graphql', { body: { query }, token: '' })).toMatchObject({
      status: 401,
    });
  });
});
