import type { IdentifiedResource, Resource } from '../../src/fhir/resource.ts';

const meta = { lastUpdated: '2026-05-01T10:00:00Z', source: 'urn:weir:feed:ehr#m1' };

export const resource = (type: string, id: string, elements: object): IdentifiedResource => ({
  resourceType: type,
  id,
  meta,
  ...elements,
});

const subject = { reference: 'Patient/p1' };
export const coded = (code: string, text = code): object => ({
  coding: [{ system: 'http://loinc.org', code }],
  text,
});

export const patient = resource('Patient', 'p1', {
  identifier: [{ system: 'urn:mercy', value: 'M1' }],
  name: [{ family: 'Alvarez' }],
  generalPractitioner: [{ reference: 'Practitioner/gp' }],
});

export const observation = (id: string, day: number, elements: object = {}): IdentifiedResource =>
  resource('Observation', id, {
    status: 'final',
    code: coded('2823-3', 'Potassium'),
    subject,
    effectiveDateTime: `2026-04-${String(day).padStart(2, '0')}T08:00:00Z`,
    valueQuantity: { value: 4, unit: 'mmol/L' },
    ...elements,
  });

/** One of each thing that a section shows. */
export const everything: readonly IdentifiedResource[] = [
  resource('RelatedPerson', 'rel', { patient: subject, name: [{ family: 'Alvarez' }] }),
  resource('Consent', 'con', {
    status: 'active',
    scope: coded('patient-privacy'),
    category: [coded('59284-0')],
    patient: subject,
    policyRule: coded('OPTIN'),
  }),
  resource('CareTeam', 'team', { status: 'active', subject }),
  resource('Practitioner', 'gp', { name: [{ family: 'Wells' }] }),
  resource('Practitioner', 'stranger', { name: [{ family: 'Nobody' }] }),
  resource('Task', 'late', {
    status: 'requested',
    intent: 'order',
    priority: 'stat',
    code: { text: 'Call' },
    focus: { reference: 'Observation/k5', display: 'Potassium 6.9' },
    for: subject,
    authoredOn: '2026-04-29T10:00:00Z',
  }),
  resource('Task', 'plain', { status: 'requested', intent: 'order', for: subject }),
  resource('Task', 'done', { status: 'completed', intent: 'order', for: subject }),
  resource('Appointment', 'next', {
    status: 'booked',
    start: '2026-05-09T10:00:00Z',
    end: '2026-05-09T10:30:00Z',
    participant: [{ actor: subject, status: 'accepted' }],
    reasonReference: [{ reference: 'Condition/hf' }],
  }),
  resource('Appointment', 'missed', {
    status: 'noshow',
    start: '2026-04-01T10:00:00Z',
    end: '2026-04-01T10:30:00Z',
    participant: [{ actor: subject, status: 'accepted' }],
  }),
  ...[1, 2, 3, 4, 5, 6, 7].map((day) => observation(`k${day}`, day)),
  observation('na', 6, {
    status: 'corrected',
    code: coded('2951-2', 'Sodium'),
    interpretation: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
            code: 'HH',
          },
        ],
      },
    ],
  }),
  observation('wrong', 7, { status: 'entered-in-error', code: coded('9999-9') }),
  resource('DiagnosticReport', 'panel', {
    status: 'final',
    code: coded('24323-8', 'Panel'),
    subject,
    effectiveDateTime: '2026-04-07T08:00:00Z',
    result: [{ reference: 'Observation/k7' }, { reference: 'Observation/na' }],
  }),
  resource('Condition', 'hf', { code: coded('I50.9', 'Heart failure'), subject }),
  resource('AllergyIntolerance', 'pen', { code: coded('7980', 'Penicillin'), patient: subject }),
  resource('MedicationRequest', 'stopped', {
    status: 'stopped',
    intent: 'order',
    subject,
    authoredOn: '2026-04-20',
    medicationCodeableConcept: coded('1', 'Old drug'),
  }),
  resource('MedicationRequest', 'running', {
    status: 'active',
    intent: 'order',
    subject,
    authoredOn: '2026-04-10',
    medicationCodeableConcept: coded('2', 'Drug'),
  }),
  resource('MedicationDispense', 'fill', {
    status: 'completed',
    subject,
    medicationCodeableConcept: coded('2', 'Drug'),
    whenHandedOver: '2026-04-11T12:00:00Z',
    daysSupply: { value: 30 },
    authorizingPrescription: [{ reference: 'MedicationRequest/running' }],
  }),
  resource('Immunization', 'flu', {
    status: 'completed',
    patient: subject,
    vaccineCode: coded('140', 'Influenza'),
    occurrenceDateTime: '2025-10-01',
  }),
  resource('Encounter', 'stay', {
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject,
    period: { start: '2026-03-01T10:00:00Z' },
  }),
  resource('CarePlan', 'plan', { status: 'active', intent: 'plan', subject }),
  resource('Communication', 'sent', {
    status: 'completed',
    subject,
    sent: '2026-04-30T10:00:00Z',
    about: [{ reference: 'Appointment/next' }],
  }),
  resource('CommunicationRequest', 'planned', { status: 'active', subject }),
  resource('Coverage', 'gold', {
    status: 'active',
    beneficiary: subject,
    payor: [{ display: 'Harbor Health Plan' }],
  }),
  resource('RiskAssessment', 'risk', { status: 'final', subject, code: coded('fall') }),
];

export const sources = [
  {
    source: 'ehr',
    eventTime: new Date('2026-05-01T09:00:00Z'),
    receivedAt: new Date('2026-05-01T09:00:02Z'),
    view: {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:mercy', value: 'M1' }],
    } as Resource,
  },
];
