import type { IdentifiedResource } from '../../src/fhir/resource.ts';

/** Resources as a feed writes them, with only what the rules look at. */
const flagSystem = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';

export function patient(id: string, more: object = {}): IdentifiedResource {
  return { resourceType: 'Patient', id, active: true, ...more };
}

/** The patient wants no messages. */
export function optOut(): IdentifiedResource {
  return {
    resourceType: 'Consent',
    id: 'stop',
    status: 'active',
    patient: { reference: 'Patient/p' },
    category: [{ coding: [{ code: 'crm-messaging' }] }],
    provision: { type: 'deny' },
  };
}

export function order(id = 'order', requester = 'Practitioner/dr'): IdentifiedResource {
  return {
    resourceType: 'ServiceRequest',
    id,
    status: 'active',
    intent: 'order',
    subject: { reference: 'Patient/p' },
    requester: { reference: requester },
  };
}

export function result(
  id: string,
  value: number,
  flag: string,
  status = 'final',
): IdentifiedResource {
  return {
    resourceType: 'Observation',
    id,
    status,
    code: { text: id },
    subject: { reference: 'Patient/p' },
    valueQuantity: { value, unit: 'mmol/L' },
    interpretation: [{ coding: [{ system: flagSystem, code: flag }] }],
  };
}

export function report(
  status: string,
  results: readonly IdentifiedResource[],
  more: object = {},
): IdentifiedResource {
  return {
    resourceType: 'DiagnosticReport',
    id: 'report',
    status,
    code: { text: 'Metabolic panel' },
    subject: { reference: 'Patient/p' },
    basedOn: [{ reference: 'ServiceRequest/order' }],
    result: results.map(({ id }) => ({ reference: `Observation/${id}` })),
    ...more,
  };
}

export function appointment(status: string, start: string, more: object = {}): IdentifiedResource {
  return {
    resourceType: 'Appointment',
    id: 'visit',
    status,
    start,
    participant: [{ actor: { reference: 'Patient/p' }, status: 'accepted' }],
    ...more,
  };
}

export function stay(status: string, more: object = {}): IdentifiedResource {
  return {
    resourceType: 'Encounter',
    id: 'stay',
    status,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: 'Patient/p' },
    ...more,
  };
}
