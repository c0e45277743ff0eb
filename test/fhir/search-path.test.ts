import { describe, expect, it } from 'vitest';
import { resourceTypes, searchParameters } from '../../src/fhir/definitions.ts';
import { toPlain } from '../../src/fhir/json.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import {
  compileSearchPath,
  engineSearchPath,
  type SearchPath,
} from '../../src/fhir/search-path.ts';
import { noSynthea, syntheaResources } from './synthea.ts';

/** What a path finds, as text: the engine boxes primitives and guesses types. */
function valuesOf(path: SearchPath, resource: unknown): readonly string[] {
  const found: string[] = [];
  path(resource, (value) => found.push(JSON.stringify(value)));
  return found;
}

/** The engine knows no base types: it is asked for the type itself. */
function compare(type: string, expression: string, resource: object): void {
  const compiled = valuesOf(compileSearchPath(type, expression), resource);
  const plain = expression.replace(/^(?:Domain)?Resource\./, `${type}.`);
  const reference = valuesOf(engineSearchPath(plain), resource);
  expect([expression, ...compiled]).toEqual([expression, ...reference]);
}

const samples: readonly Resource[] = [
  {
    resourceType: 'Patient',
    contained: [{ resourceType: 'Practitioner', id: 'dr' }],
    name: [{ given: ['A', 'B'], family: 'C' }, { family: 'D' }],
    telecom: [
      { system: 'phone', value: '1' },
      { system: 'email', value: '2' },
    ],
    deceasedDateTime: '2020',
    generalPractitioner: [{ reference: 'Practitioner/1' }, { reference: 'Organization/1' }],
    link: [{ other: { reference: 'Patient/2' }, type: 'refer' }],
  },
  {
    resourceType: 'Observation',
    subject: { reference: 'Group/1' },
    valueQuantity: { value: 1 },
    component: [
      { code: { text: 'a' }, valueCodeableConcept: { text: 'x' } },
      { code: { text: 'b' }, valueQuantity: { value: 2 } },
    ],
  },
  {
    resourceType: 'Condition',
    onsetAge: { value: 5 },
    abatementString: 'spring',
    subject: { reference: 'Patient/1' },
  },
  {
    resourceType: 'PlanDefinition',
    relatedArtifact: [
      { type: 'derived-from', resource: 'http://a' },
      { type: 'composed-of', resource: 'http://b' },
    ],
    useContext: [{ code: { code: 'focus' }, valueQuantity: { value: 3 } }],
  },
  {
    resourceType: 'Bundle',
    type: 'document',
    entry: [
      { resource: { resourceType: 'Composition', id: 'c' } },
      { resource: { resourceType: 'Patient', id: 'p' } },
    ],
  },
];

describe('compileSearchPath', () => {
  it.each(samples)('finds what the FHIRPath engine finds in $resourceType', (resource) => {
    for (const { expression } of searchParameters(resource.resourceType).values()) {
      if (expression) compare(resource.resourceType, expression, resource);
    }
  });

  it.skipIf(noSynthea)('finds what the FHIRPath engine finds in Synthea', () => {
    const byType = new Map<string, Resource[]>();
    for (const resource of syntheaResources(3)) {
      const list = byType.get(resource.resourceType) ?? [];
      if (list.length < 25) list.push(toPlain(resource));
      byType.set(resource.resourceType, list);
    }
    expect(byType.size).toBeGreaterThan(10);
    for (const [type, resources] of byType) {
      for (const { expression } of searchParameters(type).values()) {
        for (const resource of expression ? resources : []) {
          compare(type, expression ?? '', resource);
        }
      }
    }
  });

  it('compiles every expression of R4', () => {
    for (const type of resourceTypes()) {
      for (const { expression } of searchParameters(type).values()) {
        if (expression) expect(compileSearchPath(type, expression)).toBeTypeOf('function');
      }
    }
  });

  it('knows the type of what it finds', () => {
    const types: string[] = [];
    const path = compileSearchPath(
      'Observation',
      '(Observation.value.ofType(dateTime)) | Observation.code',
    );
    path(
      { resourceType: 'Observation', valueDateTime: '2020', code: { text: 'a' } },
      (value, type, property) =>
        types.push(`${type} ${property?.key ?? ''} ${JSON.stringify(value)}`),
    );
    expect(types).toEqual(['dateTime valueDateTime "2020"', 'CodeableConcept code {"text":"a"}']);
  });

  it('resolves contained resources, and types that the reference names itself', () => {
    const path = compileSearchPath(
      'Observation',
      'Observation.subject.where(resolve() is Patient)',
    );
    const subject = (reference: object): number =>
      valuesOf(path, {
        resourceType: 'Observation',
        contained: [{ resourceType: 'Patient', id: 'a' }],
        subject: reference,
      }).length;
    expect(subject({ reference: '#a' })).toBe(1);
    expect(subject({ reference: '#b' })).toBe(0);
    expect(subject({ type: 'Patient', identifier: { value: '1' } })).toBe(1);
    expect(subject({ reference: 'http://x/fhir/Patient/1/_history/2' })).toBe(1);
    expect(subject({ reference: 'urn:uuid:1' })).toBe(0);
  });

  it('leaves what it does not know to the engine', () => {
    const path = compileSearchPath('Patient', 'Patient.name.given.first()');
    expect(valuesOf(path, samples[0])).toEqual(['"A"']);
    expect(() => compileSearchPath('Patient', 'Patient.name..(')).toThrow();
  });
});
