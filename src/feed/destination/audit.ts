import { accessText } from '../../security/audit-event.ts';
import type { Principal } from '../../security/principal.ts';
import type { AuditRecord } from '../../store/store.ts';
import type { Delivery } from './delivery.ts';

/** A message leaves for a destination: the person's data go there. */
export function disclosure(delivery: Delivery, at: Date): AuditRecord {
  const id = `destination:${delivery.destination}`;
  const principal = { id, display: id, role: 'integration' } as const;
  return record(delivery, { at, principal, interaction: 'notification', requestId: delivery.id });
}

/** Somebody did something about a delivery; what, and why, is in the query. */
export function intervention(
  delivery: AuditedDelivery,
  by: { readonly at: Date; readonly principal: Principal; readonly query: string },
): AuditRecord {
  return record(delivery, { ...by, interaction: 'update', requestId: delivery.id });
}

type AuditedDelivery = Pick<Delivery, 'id' | 'cause' | 'patient'>;

function record(
  { cause, patient }: AuditedDelivery,
  event: Pick<
    Parameters<typeof accessText>[0],
    'at' | 'principal' | 'interaction' | 'requestId' | 'query'
  >,
): AuditRecord {
  const patients = patient === undefined ? [] : [patient];
  return { event: accessText({ ...event, resources: [cause], patients, status: 200 }) };
}
