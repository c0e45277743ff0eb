import type { AccessEvent } from '../security/audit-event.ts';
import { accessText } from '../security/audit-event.ts';
import { touchedBy } from '../security/write-audit.ts';
import type { AuditRecord, Change, StoredVersion } from '../store/store.ts';
import type { Answer, Call, RestContext } from './call.ts';
import { formatQuery } from './query-string.ts';
import type { Route } from './call.ts';

/** The audit event of a call that read, or that was refused. */
export function readEvent(
  context: RestContext,
  route: Route,
  call: Call,
  answer: Answer,
): AccessEvent {
  const { type, id } = call.at;
  return {
    ...who(context, call),
    interaction: route.interaction,
    resources: type !== undefined && id !== undefined ? [`${type}/${id}`] : [],
    patients: patientsOf(answer.shown ?? []),
    ...(call.params.length === 0 ? {} : { query: `${call.path}?${formatQuery(call.params)}` }),
    status: answer.status,
  };
}

/** The audit event of stored versions that are shown while an answer is being sent. */
export function accessOf(
  context: RestContext,
  call: Pick<Call, 'principal' | 'requestId' | 'path'>,
  { interaction, shown }: Pick<Route, 'interaction'> & { readonly shown: readonly StoredVersion[] },
): AccessEvent {
  const patients = patientsOf(shown);
  return {
    ...who(context, call),
    interaction,
    resources: [],
    patients,
    query: call.path,
    status: 200,
  };
}

/** The audit row that goes into the commit of a write. */
export function writeRecord(
  context: RestContext,
  call: Call,
  interaction: AccessEvent['interaction'],
  changes: readonly Change[],
): AuditRecord {
  return {
    event: accessText({
      ...who(context, call),
      interaction,
      ...touchedBy(changes),
      ...(call.params.length === 0 ? {} : { query: `${call.path}?${formatQuery(call.params)}` }),
      status: 200,
    }),
  };
}

function who(context: RestContext, call: Pick<Call, 'principal' | 'requestId'>) {
  return { at: context.clock(), principal: call.principal, requestId: call.requestId };
}

/**
 * The patients that stored versions speak of. The text is scanned, not parsed: bodies are what
 * JSON.stringify wrote, so a reference has one form.
 */
function patientsOf(versions: readonly StoredVersion[]): readonly string[] {
  const found = new Set<string>();
  for (const { type, id, body } of versions) {
    if (type === 'Patient') found.add(`Patient/${id}`);
    for (const [, patient = ''] of body.matchAll(patientReference)) found.add(patient);
  }
  return [...found];
}

const patientReference = /"reference":"(Patient\/[A-Za-z0-9\-.]{1,64})["/]/g;
