import { extractIndex } from '../../fhir/search-extract.ts';
import { parseJson } from '../../fhir/json.ts';
import type { IdentifiedResource } from '../../fhir/resource.ts';
import { systemAudit } from '../../security/write-audit.ts';
import { CommitRefused } from '../../store/store.ts';
import type { Commit, StoredVersion } from '../../store/store.ts';
import { putRecord, withoutError } from '../../subscription/record.ts';
import type { SubscriptionRecord } from '../../subscription/record.ts';
import type { SubscriptionDesk } from './desk.ts';

export function subscriptionOf(version: StoredVersion): IdentifiedResource {
  return parseJson(version.body).value as unknown as IdentifiedResource;
}

/** A record as it is stored. */
export interface KeptRecord {
  readonly record: SubscriptionRecord;
  readonly revision: number;
}

/**
 * Saves a record. Undefined where somebody else has written it meanwhile: then another process serves the
 * subscription, or it is gone.
 */
export async function saveRecord(
  desk: SubscriptionDesk,
  { revision }: Pick<KeptRecord, 'revision'>,
  record: SubscriptionRecord,
  more: Partial<Pick<Commit, 'changes' | 'audit'>> = {},
): Promise<KeptRecord | undefined> {
  const { changes = [], audit = [] } = more;
  const now = desk.clock();
  const state = [putRecord(record, revision)];
  try {
    const commit = { now, origin: 'subscription', changes, audit, state };
    const { seq } = await desk.store.commit(commit);
    return { record, revision: seq };
  } catch (error) {
    if (error instanceof CommitRefused && error.refusal.kind === 'state') return undefined;
    throw error;
  }
}

/**
 * Writes a new status into the resource, with the record. Where the client has written it meanwhile nothing is done: its
 * version is met in the change feed, and starts it anew.
 */
export async function saveStatus(
  desk: SubscriptionDesk,
  kept: KeptRecord,
  wanted: { readonly status: 'active' | 'error' | 'off'; readonly error?: string },
): Promise<KeptRecord | undefined> {
  const { record } = kept;
  const current = await desk.store.read('Subscription', record.id);
  if (current === undefined || current.deleted) return undefined;
  if (current.versionId !== record.versionId) return undefined;
  const resource = { ...withoutError(subscriptionOf(current)), ...wanted };
  const isSame = subscriptionOf(current)['status'] === wanted.status && wanted.error === undefined;
  const versionId = String(Number(current.versionId) + 1);
  const changes: Commit['changes'] = isSame
    ? []
    : [
        {
          op: 'put',
          resource,
          index: extractIndex(resource),
          expect: { versionId: current.versionId },
        },
      ];
  const status = wanted.status === 'off' ? 'error' : wanted.status;
  const next: SubscriptionRecord = {
    ...withoutError(record),
    status,
    failures: 0,
    retryAt: 0,
    versionId: isSame ? current.versionId : versionId,
    ...(wanted.error === undefined ? {} : { error: wanted.error }),
  };
  const now = desk.clock();
  const requestId = `subscription:${record.id}`;
  const audit = systemAudit({ now, origin: 'subscription', requestId, changes });
  try {
    return await saveRecord(desk, kept, next, { changes, audit });
  } catch (error) {
    if (error instanceof CommitRefused) return undefined;
    throw error;
  }
}
