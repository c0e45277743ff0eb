import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resourceTypes } from '../../src/fhir/definitions.ts';
import { stringify } from '../../src/fhir/json.ts';
import { parseXml } from '../../src/fhir/xml/read.ts';
import { toXml } from '../../src/fhir/xml/write.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { resourceArbitrary } from '../fhir/xml/resource-arbitrary.ts';
import { openFhirApp } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';

interface Operation {
  readonly parameters: readonly {
    readonly $ref?: string;
    readonly name?: string;
    readonly in?: string;
  }[];
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly parameters: Readonly<Record<string, { readonly name: string; readonly in: string }>>;
  };
}

/** 20,000 with WEIR_TEST_ALL_ROUNDS=1. */
const numRuns = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? 20_000 : 1_500;
/** Types that the calls go to: many with few resources tell less than few with many. */
const types = ['Patient', 'Observation', 'Task', 'Questionnaire', 'Binary'];
const id = fc.oneof(fc.constantFrom('1', '2', '3', 'new'), fc.string({ maxLength: 8 }));
const value = fc.oneof(
  fc.constantFrom(
    'a',
    '1',
    'true',
    '2026-01-01',
    'gt2026',
    'Patient/1',
    'urn:s|c',
    '*',
    'json',
    'xml',
    'W/"1"',
    '-1',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const word = fc.stringMatching(/^[ -~]{0,20}$/);
const query = fc.oneof(
  fc.constantFrom(
    '{Patient(id:"1"){id}}',
    '{PatientList{id name{given}}}',
    '{id}',
    '{',
    '{__typename}',
  ),
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '(',
        ')',
        ':',
        'Patient',
        'id',
        '"1"',
        '...',
        'on',
        '$x',
        '@skip',
        '[',
        ']',
        'List',
        'name',
        '!',
      ),
      { maxLength: 14 },
    )
    .map((tokens) => tokens.join(' ')),
);

const body = fc.oneof(
  fc
    .constantFrom(...types)
    .chain((type) => resourceArbitrary(type, 2))
    .map((resource) => stringify(resource)),
  fc
    .constantFrom(...types)
    .chain((type) => resourceArbitrary(type, 2))
    .map((resource) => toXml(resource)),
  query.map((text) => JSON.stringify({ query: text })),
  fc.json(),
  fc.string(),
  fc
    .array(
      fc.record({
        op: fc.constantFrom('add', 'remove', 'test', 'move'),
        path: fc.constantFrom('/name', '/id', '', '/a/b'),
        value: fc.jsonValue(),
      }),
    )
    .map((ops) => JSON.stringify(ops)),
  fc
    .array(
      fc.record({
        request: fc.record({
          method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'X'),
          url: fc.constantFrom('Patient', 'Patient/1', 'Patient?name=a', '$graphql?query={', ''),
        }),
        resource: fc.constantFrom<unknown>({ resourceType: 'Patient', id: '1' }, {}, 1),
      }),
    )
    .map((entry) => JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry })),
);

describe('any call that the OpenAPI document describes', () => {
  let fhir: FhirApp;
  let operations: readonly (readonly [
    path: string,
    method: string,
    names: readonly string[],
    headers: readonly string[],
  ])[];
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    for (const type of ['Patient', 'Basic']) {
      await fhir.call('PUT', `/${type}/1`, {
        body: { resourceType: type, id: '1', code: type === 'Basic' ? { text: 'a' } : undefined },
      });
    }
    const { paths, components } = JSON.parse(
      (await fhir.call('GET', '/openapi.json')).text,
    ) as OpenApi;
    const others = new Set(resourceTypes().filter((type) => !types.includes(type)));
    operations = Object.entries(paths)
      .filter(([path]) => !others.has(path.split('/')[1] ?? ''))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { parameters }]) => {
          const all = parameters.map(({ $ref, ...own }) =>
            $ref === undefined ? own : components.parameters[$ref.split('/').at(-1) ?? ''],
          );
          const named = (place: string) =>
            all.flatMap((one) => (one?.in === place && one.name !== undefined ? [one.name] : []));
          return [path, method.toUpperCase(), named('query'), named('header')] as const;
        }),
      );
    expect(operations.length).toBeGreaterThan(60);
  });
  afterAll(() => fhir.close());

  it('is answered without a fault of the server, in the format that it says', async () => {
    const call = fc.nat().chain((at) => {
      const operation = operations[at % operations.length] ?? (['/', 'GET', [], []] as const);
      const [, , names, headers] = operation;
      const pairs =
        names.length === 0
          ? fc.constant<[string, string][]>([])
          : fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(value, query)), { maxLength: 3 });
      const sent = fc.array(
        fc.tuple(
          fc.constantFrom('accept', 'content-encoding', 'accept-encoding', 'origin', ...headers),
          fc.oneof(
            word,
            fc.constantFrom('application/fhir+xml', 'gzip', 'return=minimal', 'W/"1"', '*'),
          ),
        ),
        { maxLength: 3 },
      );
      const type = fc.constantFrom(
        'application/fhir+json',
        'application/fhir+json',
        'application/fhir+xml',
        'application/json-patch+json',
        'application/x-www-form-urlencoded',
        'application/graphql',
      );
      return fc.record({
        operation: fc.constant(operation),
        ids: fc.tuple(id, id),
        pairs,
        sent,
        type,
        body,
      });
    });
    await fc.assert(
      fc.asyncProperty(
        call,
        async ({ operation: [path, method], ids, pairs, sent, type, body: text }) => {
          const at = ids.reduce(
            (url, each) => url.replace(/\{(id|versionId)\}/, encodeURIComponent(each)),
            path,
          );
          const search = pairs
            .map(([name, given]) => `${name}=${encodeURIComponent(given.toWellFormed())}`)
            .join('&');
          const headers = { ...Object.fromEntries(sent), 'content-type': type };
          const hasBody = !['GET', 'DELETE'].includes(method);
          const answer = await fhir.call(
            method,
            `${at.replace('{member}', 'Observation')}?${search}`,
            { headers, ...(hasBody ? { body: text } : {}) },
          );
          expect(answer.status).toBeLessThan(500);
          requireReadable(answer);
        },
      ),
      { numRuns },
    );
    expect(await fhir.call('GET', '/Patient?_count=1')).toMatchObject({ status: 200 });
  });
});

/** A body is what its Content-Type says, and a refusal is an OperationOutcome or has the shape of GraphQL. */
function requireReadable({ status, text, headers }: CallAnswer): void {
  const type = headers['content-type'] ?? '';
  if (text === '' || headers['content-encoding'] !== undefined) return;
  if (type.includes('xml')) expect(parseXml(text).issues).toEqual([]);
  else if (type.includes('json')) {
    const json = JSON.parse(text) as {
      readonly resourceType?: string;
      readonly errors?: readonly object[];
    };
    if (status >= 400) expect(json.errors ?? json.resourceType).toBeDefined();
  }
}
