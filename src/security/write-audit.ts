import type { IndexEntry } from '../fhir/search-ast.ts';
import type { AuditRecord, Change } from '../store/store.ts';
import { accessText } from './audit-event.ts';

/** The resources that changes write, and the people whose data they are. */
export function touchedBy(changes: readonly Change[]): {
  readonly resources: readonly string[];
  readonly patients: readonly string[];
} {
  const written = changes.map((change) =>
    change.op === 'put'
      ? `${change.resource.resourceType}/${change.resource.id}`
      : `${change.type}/${change.id}`,
  );
  const patients = new Set(written.filter((reference) => reference.startsWith('Patient/')));
  for (const change of changes) {
    if (change.op === 'put') for (const entry of change.index) addPatient(patients, entry);
  }
  return {
    resources: written.filter((reference) => !patients.has(reference)),
    patients: [...patients],
  };
}

function addPatient(patients: Set<string>, entry: IndexEntry): void {
  if (entry.kind === 'reference' && entry.type === 'Patient' && entry.id !== null) {
    patients.add(`Patient/${entry.id}`);
  }
}

/**
 * The audit row of a commit that no person asked for: a feed's message or a rule. `origin` is the commit's
 * own; `requestId` leads to what caused it (a journal id, an outbox row). None where nothing is written.
 */
export function systemAudit(commit: {
  readonly now: Date;
  readonly origin: string;
  readonly requestId: string;
  readonly changes: readonly Change[];
}): readonly AuditRecord[] {
  const { now, origin, requestId, changes } = commit;
  if (changes.length === 0) return [];
  const event = accessText({
    at: now,
    interaction: 'transaction',
    principal: { id: origin, display: origin, role: 'integration' },
    requestId,
    ...touchedBy(changes),
    status: 200,
  });
  return [{ event }];
}
