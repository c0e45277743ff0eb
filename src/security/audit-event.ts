import type { Principal } from './principal.ts';
import type { Interaction } from './policy.ts';

/** What happened, as it is kept in the audit chain. References only: no content of any resource. */
export interface AccessEvent {
  readonly at: Date;
  readonly interaction: Interaction | 'transaction' | 'notification' | 'operation';
  readonly principal: Principal;
  readonly requestId: string;
  /** Resources read or written, as `Type/id` or `Type/id/_history/v`. */
  readonly resources: readonly string[];
  /** The people whose data it was, as `Patient/id`. */
  readonly patients: readonly string[];
  /** Search parameters as they were given. */
  readonly query?: string;
  /** Why, as the person says. */
  readonly reason?: string;
  /** HTTP status of the answer. */
  readonly status: number;
}

/**
 * The text of an event in the chain: its own members as JSON. A search that shows fifty people is a
 * kilobyte so, and ten as an AuditEvent, which is made where one is asked for.
 */
export function accessText(event: AccessEvent): string {
  return JSON.stringify(event);
}

/** What `accessText` wrote. */
export function readAccess(text: string): AccessEvent {
  const event = JSON.parse(text) as Omit<AccessEvent, 'at'> & { readonly at: string };
  return { ...event, at: new Date(event.at) };
}

/**
 * The AuditEvent of an event, without an id: IHE BALP's RestfulCreate/Read/Update/Delete/Query patterns
 * (https://profiles.ihe.net/ITI/BALP), FHIR R4.
 */
export function auditEvent(event: AccessEvent): object {
  return {
    resourceType: 'AuditEvent',
    type: coding('http://terminology.hl7.org/CodeSystem/audit-event-type', 'rest'),
    subtype: [coding('http://hl7.org/fhir/restful-interaction', event.interaction)],
    action: actionOf(event.interaction),
    recorded: event.at.toISOString(),
    outcome: outcomeOf(event.status),
    ...(event.reason === undefined ? {} : { purposeOfEvent: [{ text: event.reason }] }),
    agent: [agentOf(event.principal)],
    source: { observer: { display: 'Weir' } },
    entity: [
      ...event.patients.map((reference) => entityOf(reference, '1', '1')),
      ...event.resources.map((reference) => entityOf(reference, '2', '4')),
      ...(event.query === undefined ? [] : [queryEntity(event.query)]),
      { what: { identifier: { value: event.requestId } }, type: objectType('4') },
    ],
  };
}

function agentOf(principal: Principal): object {
  return {
    type: { coding: [coding('http://dicom.nema.org/resources/ontology/DCM', '110153')] },
    role: [{ coding: [{ code: principal.role }] }],
    who: { identifier: { value: principal.id } },
    requestor: true,
  };
}

/** `type` and `role` are codes of audit-entity-type and object-role. */
function entityOf(reference: string, type: string, role: string): object {
  return {
    what: { reference },
    type: objectType(type),
    role: coding('http://terminology.hl7.org/CodeSystem/object-role', role),
  };
}

/** In base64, as the standard wants it. */
function queryEntity(query: string): object {
  return {
    type: objectType('2'),
    role: coding('http://terminology.hl7.org/CodeSystem/object-role', '24'),
    query: Buffer.from(query).toString('base64'),
  };
}

function objectType(code: string): object {
  return coding('http://terminology.hl7.org/CodeSystem/audit-entity-type', code);
}

function coding(system: string, code: string): object {
  return { system, code };
}

function actionOf(interaction: AccessEvent['interaction']): string {
  switch (interaction) {
    case 'create':
      return 'C';
    case 'update':
    case 'patch':
      return 'U';
    case 'delete':
      return 'D';
    case 'read':
    case 'vread':
      return 'R';
    default:
      return 'E';
  }
}

/** 0 success, 4 the caller's fault, 8 ours. */
function outcomeOf(status: number): string {
  if (status < 400) return '0';
  return status < 500 ? '4' : '8';
}
