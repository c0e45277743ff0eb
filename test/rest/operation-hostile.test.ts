import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';
import { processorMs } from '../processor-time.ts';

const addresses = [
  '/CodeSystem/$lookup',
  '/CodeSystem/$validate-code',
  '/CodeSystem/$subsumes',
  '/ValueSet/$expand',
  '/ValueSet/$validate-code',
  '/ConceptMap/$translate',
  '/Observation/$lastn',
  '/Patient/$validate',
  '/Patient/p/$validate',
  '/Patient/p/$meta-add',
  '/Patient/p/$meta-delete',
  '/Patient/p/$everything',
];

const names = [
  ...['url', 'code', 'system', 'coding', 'codeableConcept', 'valueSet', 'codeSystem', 'conceptMap'],
  ...[
    'filter',
    'count',
    'offset',
    'resource',
    'profile',
    'mode',
    'meta',
    'max',
    'patient',
    'reverse',
  ],
  ...[
    'codeA',
    'codeB',
    'codingA',
    'property',
    'version',
    'displayLanguage',
    'start',
    '_type',
    '_count',
  ],
];

/** Words that lead somewhere, so that not everything ends at the first check. */
const word = fc.constantFrom(
  ...['', 'a', 'male', '__proto__', 'constructor', 'toString', '-1', '99999999999', 'true', '%00'],
  ...[
    'http://hl7.org/fhir/administrative-gender',
    'http://hl7.org/fhir/ValueSet/administrative-gender',
  ],
  ...[
    'http://hl7.org/fhir/StructureDefinition/bp',
    'Patient',
    'ValueSet',
    'is-a',
    'regex',
    '((a+)+)+$',
  ],
  ...[
    'p',
    'urn:self',
    "'; DROP TABLE resource; --",
    '{"$ne":null}',
    '\ud83d\ude00',
    '|',
    '|||',
    '#',
  ],
);
const key = fc.constantFrom(
  ...['resourceType', 'url', 'compose', 'include', 'exclude', 'concept', 'filter', 'valueSet'],
  ...[
    'system',
    'code',
    'display',
    'property',
    'op',
    'value',
    'group',
    'element',
    'target',
    'coding',
  ],
  ...[
    'meta',
    'profile',
    'tag',
    'unmapped',
    'expansion',
    'contains',
    'designation',
    'contained',
    'entry',
  ],
  ...['source', 'equivalence', 'mode', 'resource', 'version', 'language', 'product', 'content'],
);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    word,
    fc.constantFrom(null, true, 0, 1.5, -1),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));

const parameter = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom(
      ...[
        'valueUri',
        'valueCode',
        'valueCoding',
        'valueCodeableConcept',
        'resource',
        'valueMeta',
        'part',
      ],
    ),
    value,
  )
  .map(([name, kind, given]) => ({ name, [kind]: given }));

const body = fc.oneof(
  value,
  fc
    .array(parameter, { maxLength: 6 })
    .map((list) => ({ resourceType: 'Parameters', parameter: list })),
  value.map((given) => ({ resourceType: 'Parameters', parameter: given })),
  fc.dictionary(key, value).map((given) => ({ ...given, resourceType: 'ValueSet' })),
  fc.dictionary(key, value).map((given) => ({
    resourceType: 'Parameters',
    parameter: [
      { name: 'conceptMap', resource: { ...given, resourceType: 'ConceptMap' } },
      { name: 'valueSet', resource: { ...given, resourceType: 'ValueSet' } },
      { name: 'codeSystem', resource: { ...given, resourceType: 'CodeSystem' } },
      { name: 'coding', valueCoding: { system: 'a', code: 'a' } },
    ],
  })),
);

// One store is enough for what is worked out before it is asked.
describe.each(stores.slice(0, 1))('operations under fire on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    await fhir.call('PUT', '/Patient/p', { body: { resourceType: 'Patient', id: 'p' } });
  });
  afterAll(() => fhir.close());

  it('answer whatever comes, by POST and GET, without a fault of theirs', async () => {
    const query = fc.array(fc.tuple(fc.constantFrom(...names), word), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...addresses), body, query, async (url, given, pairs) => {
        const posted = await fhir.call('POST', url, { body: JSON.stringify(given) });
        expect(posted.status, posted.text).toBeLessThan(500);
        const search = new URLSearchParams([...pairs.map(([name, text]) => [name, text])]);
        const got = await fhir.call('GET', `${url}?${search.toString()}`);
        expect(got.status, got.text).toBeLessThan(500);
        for (const { status, json } of [posted, got]) {
          if (status >= 400) expect(json.resourceType).toBe('OperationOutcome');
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('end in bounded time on value sets that grow', async () => {
    const include = Array.from({ length: 2_000 }, () => ({
      system: 'http://hl7.org/fhir/resource-types',
    }));
    const spent = processorMs();
    const answer = await fhir.call('POST', '/ValueSet/$expand', {
      body: { resourceType: 'ValueSet', compose: { include, exclude: include } },
    });
    expect([400, 200]).toContain(answer.status);
    const system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
    for (const pattern of [`${'(.|a)*'.repeat(20)}b`, '.*.*.*.*.*.*.*.*.*.*.*.*x', '((a+)+)+$']) {
      const filter = [{ property: 'display', op: 'regex', value: pattern }];
      const body = { resourceType: 'ValueSet', compose: { include: [{ system, filter }] } };
      const { status } = await fhir.call('POST', '/ValueSet/$expand', { body });
      expect([200, 400]).toContain(status);
    }
    expect(spent()).toBeLessThan(5_000);
  });
});
