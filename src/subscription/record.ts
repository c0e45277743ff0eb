/**
 * What is kept of a Subscription beside the resource, in the store's state. `subscription-owner:<id>` says on whose
 * behalf it looks, and is written with the resource; `subscription:<id>` says how far it is, and is written by the
 * process that serves it.
 */
import type { Principal } from '../security/principal.ts';
import type { StateChange } from '../store/store.ts';

export interface SubscriptionRecord {
  readonly id: string;
  readonly owner: Principal;
  /** The newest version of the resource that has been taken note of. */
  readonly versionId: string;
  /** `requested`: a handshake is due. */
  readonly status: 'requested' | 'active' | 'error';
  /** Positions of the change feed up to here have had their effect. */
  readonly cursor: number;
  /** Events since it began. */
  readonly events: number;
  /** The last of them: number and position in the change feed. */
  readonly recent: readonly (readonly [number: number, position: number])[];
  /** Failures in a row, and when to try again (epoch milliseconds). */
  readonly failures: number;
  readonly retryAt: number;
  readonly error?: string;
}

export const recordPrefix = 'subscription:';
export const ownerPrefix = 'subscription-owner:';

export function recordKey(id: string): string {
  return `${recordPrefix}${id}`;
}

export function ownerKey(id: string): string {
  return `${ownerPrefix}${id}`;
}

export function readRecord(value: string): SubscriptionRecord {
  return JSON.parse(value) as SubscriptionRecord;
}

export function putRecord(record: SubscriptionRecord, expectRevision: number): StateChange {
  return { key: recordKey(record.id), value: JSON.stringify(record), expectRevision };
}

/** The same without what went wrong earlier; of a record, or of the resource. */
export function withoutError<T extends object>(from: T): T {
  const { error, ...rest } = from as T & { readonly error?: unknown };
  return error === undefined ? from : (rest as unknown as T);
}
