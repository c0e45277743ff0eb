/** Profiles of the shape of US Core's: differentials only, written for these tests. */
import type { Resource } from '../../src/fhir/resource.ts';

const base = 'http://hl7.org/fhir/StructureDefinition';
export const at = (name: string): string => `https://weir.test/StructureDefinition/${name}`;

function profile(name: string, type: string, parent: string, element: readonly object[]): Resource {
  return {
    resourceType: 'StructureDefinition',
    id: name,
    url: at(name),
    name: name.replaceAll('-', ''),
    status: 'active',
    kind: type === 'Extension' || type === 'Quantity' ? 'complex-type' : 'resource',
    abstract: false,
    type,
    baseDefinition: parent,
    derivation: 'constraint',
    differential: { element },
  };
}

const race = profile('race', 'Extension', `${base}/Extension`, [
  { id: 'Extension', path: 'Extension', min: 0, max: '1' },
  {
    id: 'Extension.extension',
    path: 'Extension.extension',
    slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' },
    min: 1,
  },
  {
    id: 'Extension.extension:ombCategory',
    path: 'Extension.extension',
    sliceName: 'ombCategory',
    min: 0,
    max: '5',
    type: [{ code: 'Extension' }],
  },
  {
    id: 'Extension.extension:ombCategory.url',
    path: 'Extension.extension.url',
    fixedUri: 'ombCategory',
  },
  {
    id: 'Extension.extension:ombCategory.value[x]',
    path: 'Extension.extension.value[x]',
    min: 1,
    type: [{ code: 'Coding' }],
    binding: { strength: 'required', valueSet: 'urn:race' },
  },
  {
    id: 'Extension.extension:text',
    path: 'Extension.extension',
    sliceName: 'text',
    min: 1,
    max: '1',
  },
  { id: 'Extension.extension:text.url', path: 'Extension.extension.url', fixedUri: 'text' },
  {
    id: 'Extension.extension:text.value[x]',
    path: 'Extension.extension.value[x]',
    min: 1,
    type: [{ code: 'string' }],
  },
  { id: 'Extension.url', path: 'Extension.url', fixedUri: at('race') },
  { id: 'Extension.value[x]', path: 'Extension.value[x]', max: '0' },
]);

const patient = profile('patient', 'Patient', `${base}/Patient`, [
  {
    id: 'Patient',
    path: 'Patient',
    constraint: [
      {
        key: 'test-1',
        severity: 'error',
        human: 'A person who is dead is not active',
        expression: 'deceased.exists() implies active = false',
      },
    ],
  },
  {
    id: 'Patient.extension:race',
    path: 'Patient.extension',
    sliceName: 'race',
    min: 0,
    max: '1',
    type: [{ code: 'Extension', profile: [at('race')] }],
  },
  {
    id: 'Patient.identifier',
    path: 'Patient.identifier',
    min: 1,
    mustSupport: true,
    slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'closed' },
  },
  {
    id: 'Patient.identifier:mrn',
    path: 'Patient.identifier',
    sliceName: 'mrn',
    min: 1,
    max: '1',
  },
  {
    id: 'Patient.identifier:mrn.system',
    path: 'Patient.identifier.system',
    min: 1,
    fixedUri: 'urn:mrn',
  },
  { id: 'Patient.identifier:mrn.value', path: 'Patient.identifier.value', min: 1, maxLength: 8 },
  { id: 'Patient.identifier:ssn', path: 'Patient.identifier', sliceName: 'ssn', max: '1' },
  { id: 'Patient.identifier:ssn.system', path: 'Patient.identifier.system', patternUri: 'urn:ssn' },
  { id: 'Patient.name', path: 'Patient.name', min: 1 },
  {
    id: 'Patient.name.family',
    path: 'Patient.name.family',
    constraint: [
      {
        key: 'test-2',
        severity: 'warning',
        human: 'Capital first',
        expression: "matches('^[A-Z]')",
      },
    ],
  },
  { id: 'Patient.gender', path: 'Patient.gender', min: 1 },
  { id: 'Patient.photo', path: 'Patient.photo', max: '0' },
  {
    id: 'Patient.communication.language',
    path: 'Patient.communication.language',
    binding: { strength: 'extensible', valueSet: 'urn:languages' },
  },
  {
    id: 'Patient.generalPractitioner',
    path: 'Patient.generalPractitioner',
    type: [{ code: 'Reference', targetProfile: [`${base}/Practitioner`, at('practitioner')] }],
  },
]);

const laboratory = { system: 'urn:category', code: 'laboratory' };

/** Without ids, as older tools write them: places come from paths and slice names. */
const lab = profile('lab', 'Observation', `${base}/Observation`, [
  { path: 'Observation' },
  {
    path: 'Observation.category',
    slicing: {
      discriminator: [
        { type: 'value', path: 'coding.code' },
        { type: 'value', path: 'coding.system' },
      ],
      rules: 'open',
    },
    min: 1,
  },
  { path: 'Observation.category', sliceName: 'laboratory', min: 1, max: '1' },
  { path: 'Observation.category.coding', min: 1 },
  { path: 'Observation.category.coding.system', min: 1, fixedUri: laboratory.system },
  { path: 'Observation.category.coding.code', min: 1, fixedCode: laboratory.code },
  {
    path: 'Observation.subject',
    min: 1,
    type: [{ code: 'Reference', targetProfile: [at('patient')] }],
  },
  {
    path: 'Observation.value[x]',
    type: [{ code: 'Quantity' }, { code: 'CodeableConcept' }, { code: 'string' }],
  },
  { path: 'Observation.valueQuantity', type: [{ code: 'Quantity' }] },
  { path: 'Observation.valueQuantity.system', patternUri: 'http://unitsofmeasure.org' },
  {
    path: 'Observation.hasMember',
    slicing: {
      discriminator: [{ type: 'type', path: 'resolve()' }],
      rules: 'openAtEnd',
      ordered: true,
    },
  },
  {
    path: 'Observation.hasMember',
    sliceName: 'part',
    max: '1',
    type: [{ code: 'Reference', targetProfile: [`${base}/Observation`] }],
  },
]);

const glucose = profile('glucose', 'Observation', at('lab'), [
  {
    id: 'Observation.code',
    path: 'Observation.code',
    patternCodeableConcept: { coding: [{ system: 'http://loinc.org', code: '2339-0' }] },
  },
  { id: 'Observation.value[x]', path: 'Observation.value[x]', min: 1 },
]);

const pressure = profile('pressure', 'Observation', `${base}/Observation`, [
  {
    id: 'Observation.component',
    path: 'Observation.component',
    slicing: { discriminator: [{ type: 'pattern', path: 'code' }], rules: 'open' },
    min: 2,
  },
  ...['systolic', 'diastolic'].flatMap((name) => [
    {
      id: `Observation.component:${name}`,
      path: 'Observation.component',
      sliceName: name,
      min: 1,
      max: '1',
    },
    {
      id: `Observation.component:${name}.code`,
      path: 'Observation.component.code',
      patternCodeableConcept: { coding: [{ system: 'urn:bp', code: name }] },
    },
    {
      id: `Observation.component:${name}.value[x]`,
      path: 'Observation.component.value[x]',
      type: [{ code: 'Quantity' }],
    },
    {
      id: `Observation.component:${name}.value[x].value`,
      path: 'Observation.component.value[x].value',
      min: 1,
    },
  ]),
]);

const exists = profile('exists', 'Patient', `${base}/Patient`, [
  {
    id: 'Patient.contact',
    path: 'Patient.contact',
    slicing: { discriminator: [{ type: 'exists', path: 'organization' }], rules: 'open' },
  },
  { id: 'Patient.contact:firm', path: 'Patient.contact', sliceName: 'firm', max: '1' },
  { id: 'Patient.contact:firm.organization', path: 'Patient.contact.organization', min: 1 },
  { id: 'Patient.contact:person', path: 'Patient.contact', sliceName: 'person' },
  { id: 'Patient.contact:person.organization', path: 'Patient.contact.organization', max: '0' },
  { id: 'Patient.contact:person.name', path: 'Patient.contact.name', min: 1 },
]);

const bundle = profile('bundle', 'Bundle', `${base}/Bundle`, [
  {
    id: 'Bundle.entry',
    path: 'Bundle.entry',
    slicing: { discriminator: [{ type: 'profile', path: 'resource' }], rules: 'open' },
  },
  { id: 'Bundle.entry:patient', path: 'Bundle.entry', sliceName: 'patient', min: 1, max: '1' },
  {
    id: 'Bundle.entry:patient.resource',
    path: 'Bundle.entry.resource',
    min: 1,
    type: [{ code: 'Patient', profile: [at('patient')] }],
  },
]);

export const profiles: readonly Resource[] = [
  race,
  patient,
  lab,
  glucose,
  pressure,
  exists,
  bundle,
];

/** Codes by value set; a system that is not loaded has none. */
export const valueSets: Readonly<Record<string, readonly string[]>> = {
  'urn:race': ['urn:r|1', 'urn:r|2'],
  'urn:languages': ['urn:bcp|de'],
};

export const rightPatient: Resource = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:mrn', value: '123' }],
  name: [{ family: 'Byron' }],
  gender: 'female',
};

export const raceOf = (...parts: readonly object[]): object => ({
  url: at('race'),
  extension: parts,
});
export const raceText = { url: 'text', valueString: 'Any' };

export const rightLab: Resource = {
  resourceType: 'Observation',
  status: 'final',
  category: [{ coding: [laboratory] }],
  code: { coding: [{ system: 'http://loinc.org', code: '2339-0' }] },
  subject: { reference: 'Patient/1' },
  valueQuantity: { value: 1.5, unit: 'g/L', system: 'http://unitsofmeasure.org', code: 'g/L' },
};

const part = (code: string, more: object = { valueQuantity: { value: 1 } }): object => ({
  code: { coding: [{ system: 'urn:bp', code }] },
  ...more,
});

export const pressureOf = (...components: readonly (readonly [string, object?])[]): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Blood pressure' },
  component: components.map(([code, more]) => part(code, more)),
});
