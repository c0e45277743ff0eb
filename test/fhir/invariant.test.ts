import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { validateResource } from '../../src/fhir/validate.ts';

const P = (more: object): object => ({ resourceType: 'Patient', ...more });
const O = (more: object): object => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'a' },
  ...more,
});
const B = (more: object): object => ({ resourceType: 'Bundle', type: 'collection', ...more });

/** A constraint of R4 of severity error, and a resource that breaks it. */
const broken: readonly (readonly [key: string, resource: object])[] = [
  ['pat-1', P({ contact: [{ gender: 'male' }] })],
  ['obs-6', O({ valueString: 'a', dataAbsentReason: { text: 'x' } })],
  [
    'obs-7',
    O({
      code: { coding: [{ system: 's', code: 'c' }] },
      component: [{ code: { coding: [{ system: 's', code: 'c' }] }, valueString: 'y' }],
      valueString: 'a',
    }),
  ],
  ['obs-3', O({ referenceRange: [{ appliesTo: [{ text: 'a' }] }] })],
  ['contained', P({ managingOrganization: { reference: '#x' } })],
  ['per-1', P({ name: [{ family: 'a', period: { start: '2020', end: '2019' } }] })],
  ['qty-3', O({ valueQuantity: { value: 1, code: 'a' } })],
  ['cpt-2', P({ telecom: [{ value: '1' }] })],
  ['att-1', P({ photo: [{ data: 'aGk=' }] })],
  ['rat-1', O({ valueRatio: { numerator: { value: 1 } } })],
  ['rng-2', O({ valueRange: { low: { value: 2 }, high: { value: 1 } } })],
  ['sqty-1', O({ referenceRange: [{ low: { value: 1, comparator: '<' } }] })],
  ['tim-1', O({ effectiveTiming: { repeat: { duration: 1 } } })],
  ['tim-4', O({ effectiveTiming: { repeat: { duration: -1, durationUnit: 'd' } } })],
  ['bdl-1', B({ total: 3 })],
  ['bdl-2', B({ entry: [{ search: { mode: 'match' }, resource: P({}) }] })],
  ['bdl-3', B({ entry: [{ request: { method: 'GET', url: 'a' }, resource: P({}) }] })],
  ['bdl-3', B({ type: 'transaction', entry: [{ resource: P({}) }] })],
  ['bdl-4', B({ entry: [{ response: { status: '200' }, resource: P({}) }] })],
  ['bdl-5', B({ entry: [{ fullUrl: 'urn:uuid:a' }] })],
  [
    'bdl-7',
    B({
      entry: [
        { fullUrl: 'urn:uuid:3f7bb5f5-1f5b-4d3d-8d3c-5f3a3d9f4a11', resource: P({}) },
        { fullUrl: 'urn:uuid:3f7bb5f5-1f5b-4d3d-8d3c-5f3a3d9f4a11', resource: P({}) },
      ],
    }),
  ],
  ['bdl-8', B({ entry: [{ fullUrl: 'http://a/Patient/1/_history/1', resource: P({ id: '1' }) }] })],
  [
    'bdl-9',
    B({
      type: 'document',
      timestamp: '2020-01-01T00:00:00Z',
      entry: [{ fullUrl: 'http://a/Patient/1', resource: P({}) }],
    }),
  ],
  [
    'bdl-11',
    B({
      type: 'document',
      timestamp: '2020-01-01T00:00:00Z',
      identifier: { system: 's', value: 'v' },
      entry: [{ fullUrl: 'http://a/Patient/1', resource: P({}) }],
    }),
  ],
  ['bdl-12', B({ type: 'message', entry: [{ fullUrl: 'http://a/Patient/1', resource: P({}) }] })],
  [
    'con-4',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/1' },
      abatementString: 'a',
      clinicalStatus: {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
        ],
      },
    },
  ],
  [
    'con-5',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/1' },
      verificationStatus: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status',
            code: 'entered-in-error',
          },
        ],
      },
      clinicalStatus: {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
        ],
      },
    },
  ],
  ['org-1', { resourceType: 'Organization', active: true }],
  ['org-2', { resourceType: 'Organization', name: 'a', address: [{ use: 'home' }] }],
  [
    'org-3',
    {
      resourceType: 'Organization',
      name: 'a',
      telecom: [{ use: 'home', system: 'phone', value: '1' }],
    },
  ],
  [
    'app-2',
    {
      resourceType: 'Appointment',
      status: 'booked',
      start: '2020-01-01T00:00:00Z',
      participant: [{ status: 'accepted', type: [{ text: 'a' }] }],
    },
  ],
  [
    'app-1',
    { resourceType: 'Appointment', status: 'proposed', participant: [{ status: 'accepted' }] },
  ],
  [
    'app-3',
    {
      resourceType: 'Appointment',
      status: 'booked',
      participant: [{ status: 'accepted', type: [{ text: 'a' }] }],
    },
  ],
  [
    'app-4',
    {
      resourceType: 'Appointment',
      status: 'booked',
      start: '2020-01-01T00:00:00Z',
      end: '2020-01-01T01:00:00Z',
      cancelationReason: { text: 'a' },
      participant: [{ status: 'accepted', type: [{ text: 'a' }] }],
    },
  ],
  [
    'imm-1',
    {
      resourceType: 'Immunization',
      status: 'completed',
      vaccineCode: { text: 'a' },
      patient: { reference: 'Patient/1' },
      occurrenceString: 'x',
      education: [{ publicationDate: '2020' }],
    },
  ],
  [
    'ait-1',
    {
      resourceType: 'AllergyIntolerance',
      patient: { reference: 'Patient/1' },
      code: { text: 'a' },
    },
  ],
  [
    'ait-2',
    {
      resourceType: 'AllergyIntolerance',
      patient: { reference: 'Patient/1' },
      clinicalStatus: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical',
            code: 'active',
          },
        ],
      },
      verificationStatus: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
            code: 'entered-in-error',
          },
        ],
      },
    },
  ],
  [
    'que-1',
    {
      resourceType: 'Questionnaire',
      status: 'draft',
      item: [
        { linkId: '1', type: 'group' },
        { linkId: '1', type: 'group' },
      ].map((x) => ({
        ...x,
        item: [{ linkId: '2', type: 'display', item: [{ linkId: '3', type: 'string' }] }],
      })),
    },
  ],
  [
    'que-2',
    {
      resourceType: 'Questionnaire',
      status: 'draft',
      item: [
        { linkId: '1', type: 'string' },
        { linkId: '1', type: 'string' },
      ],
    },
  ],
  [
    'qrs-1',
    {
      resourceType: 'QuestionnaireResponse',
      status: 'completed',
      item: [{ linkId: '1', item: [{ linkId: '2' }], answer: [{ valueString: 'a' }] }],
    },
  ],
  [
    'vsd-1',
    {
      resourceType: 'ValueSet',
      status: 'draft',
      compose: { include: [{ concept: [{ code: 'a' }] }] },
    },
  ],
  [
    'csd-1',
    {
      resourceType: 'CodeSystem',
      status: 'draft',
      content: 'complete',
      concept: [{ code: 'a' }, { code: 'a' }],
    },
  ],
  [
    'cmd-1',
    {
      resourceType: 'ConceptMap',
      status: 'draft',
      group: [{ element: [{ code: 'a', target: [{ equivalence: 'narrower' }] }] }],
    },
  ],
  ['inv-1', { resourceType: 'Parameters', parameter: [{ name: 'a' }] }],
  [
    'sdf-4',
    {
      resourceType: 'StructureDefinition',
      url: 'u',
      name: 'A',
      status: 'draft',
      kind: 'resource',
      abstract: false,
      type: 'Patient',
    },
  ],
  [
    'inv-1',
    {
      resourceType: 'Task',
      status: 'draft',
      intent: 'order',
      lastModified: '2020-01-02',
      authoredOn: '2020-01-03',
    },
  ],
  [
    'cpl-3',
    {
      resourceType: 'CarePlan',
      status: 'draft',
      intent: 'plan',
      subject: { reference: 'Patient/1' },
      activity: [{ reference: { reference: 'Task/1' }, detail: { status: 'scheduled' } }],
    },
  ],
  [
    'gol-1',
    {
      resourceType: 'Goal',
      lifecycleStatus: 'active',
      description: { text: 'a' },
      subject: { reference: 'Patient/1' },
      target: [{ detailString: 'a' }],
    },
  ],
  [
    'prr-1',
    {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/1' },
      orderDetail: [{ text: 'a' }],
    },
  ],
  [
    'fhs-1',
    {
      resourceType: 'FamilyMemberHistory',
      status: 'completed',
      patient: { reference: 'Patient/1' },
      relationship: { text: 'a' },
      ageString: '1',
      bornString: 'x',
    },
  ],
  [
    'grp-1',
    {
      resourceType: 'Group',
      type: 'person',
      actual: false,
      member: [{ entity: { reference: 'Patient/1' } }],
    },
  ],
  [
    'ras-2',
    {
      resourceType: 'RiskAssessment',
      status: 'final',
      subject: { reference: 'Patient/1' },
      prediction: [{ probabilityDecimal: 200 }],
    },
  ],
  [
    'cpb-1',
    {
      resourceType: 'CapabilityStatement',
      status: 'draft',
      date: '2020',
      kind: 'instance',
      fhirVersion: '4.0.1',
      format: ['json'],
    },
  ],
  [
    'nsd-2',
    {
      resourceType: 'NamingSystem',
      name: 'A',
      status: 'draft',
      kind: 'root',
      date: '2020',
      uniqueId: [
        { type: 'oid', value: '1', preferred: true },
        { type: 'oid', value: '2', preferred: true },
      ],
    },
  ],
];

describe('constraints of R4', () => {
  it.each(broken)('%s is told', (key, resource) => {
    const errors = validateResource(resource as Resource).filter(
      ({ severity }) => severity === 'error',
    );
    expect(errors.map(({ diagnostics }) => diagnostics).join()).toContain(key);
    expect(errors.every(({ code }) => code === 'invariant')).toBe(true);
  });
});
