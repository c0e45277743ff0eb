import { errorIssue, fail, OutcomeError } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import { CommitRefused } from '../store/store.ts';
import type { Change, Claim, CommitResult, Expectation, StoredVersion } from '../store/store.ts';
import { canSee, requireOwn } from './authorize.ts';
import type { Call, RestContext } from './call.ts';
import { parseEtags } from './etag.ts';
import { noteChanges } from './profiles.ts';
import { ownerChanges } from './subscription/owner.ts';
import { writeRecord } from './trace.ts';

/** What goes into one commit. */
export interface Work {
  readonly interaction: AccessEvent['interaction'];
  readonly changes: readonly Change[];
  readonly claims?: readonly Claim[];
}

/** Commits with the audit row of the call. Throws CommitRefused as the store does. */
export async function commit(
  context: RestContext,
  call: Call,
  { interaction, changes, claims = [] }: Work,
): Promise<CommitResult> {
  const state = await ownerChanges(context, call.principal, changes);
  const result = await context.store.commit({
    now: context.clock(),
    origin: 'rest',
    changes,
    claims,
    state,
    audit: [writeRecord(context, call, interaction, changes)],
  });
  noteChanges(context, changes);
  return result;
}

/** One change in one commit. Throws what {@link refusedAs} makes of a refusal. */
export async function commitOne(
  context: RestContext,
  call: Call,
  interaction: AccessEvent['interaction'],
  change: Change,
): Promise<StoredVersion> {
  try {
    const { versions } = await commit(context, call, { interaction, changes: [change] });
    return versions[0] ?? fail('exception', 'The store answered without a version');
  } catch (error) {
    throw refusedAs(call, error);
  }
}

/**
 * The change that puts a resource, with its index; the principal must be confined to it or to nothing. `skipIfSame`: content
 * that is the same to the byte makes no version.
 */
export function putChange(
  call: Call,
  resource: IdentifiedResource,
  expect?: Expectation,
  skipIfSame = true,
): Change {
  const index = extractIndex(resource);
  requireOwn(call.principal, resource, index);
  return {
    op: 'put',
    resource,
    index,
    skipIfSame,
    ...(expect === undefined ? {} : { expect }),
  };
}

/**
 * What a write over `Type/id` may expect of the stored version: from If-Match, If-None-Match, and from
 * the confinement of the principal. Throws `version-conflict`, `forbidden`.
 */
export async function expectationOf(
  context: RestContext,
  call: Call,
  type: string,
  id: string,
): Promise<Expectation | undefined> {
  const ifMatch = call.headers['if-match'];
  const ifNoneMatch = call.headers['if-none-match'];
  const onlyIfAbsent = ifNoneMatch?.trim() === '*';
  const isUnbound = ifMatch === undefined && call.principal.patient === undefined;
  if (isUnbound && onlyIfAbsent) return 'absent-or-deleted';
  if (isUnbound && ifNoneMatch === undefined) return undefined;
  const current = await context.store.read(type, id);
  requireVisible(call, current);
  if (onlyIfAbsent) return 'absent-or-deleted';
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  if (ifNoneMatch !== undefined) requireNoMatch(ifNoneMatch, current);
  return current === undefined ? 'absent' : { versionId: current.versionId };
}

/** Throws `version-conflict` unless the current version is one that If-Match names. */
export function requireMatch(ifMatch: string, current: StoredVersion | undefined): void {
  const tags = parseEtags(ifMatch);
  const living = current !== undefined && !current.deleted;
  if (living && (tags.includes('*') || tags.includes(current.versionId))) return;
  fail('version-conflict', 'The current version is not the one that If-Match names');
}

/** Throws `version-conflict` if the current version is one that If-None-Match names (RFC 9110 13.1.2). */
export function requireNoMatch(ifNoneMatch: string, current: StoredVersion | undefined): void {
  const tags = parseEtags(ifNoneMatch);
  if (current === undefined || current.deleted) return;
  if (!tags.includes('*') && !tags.includes(current.versionId)) return;
  fail('version-conflict', 'The current version is one that If-None-Match names');
}

/** What a refusal of the store means to the caller; any other error is handed back as it is. */
export function refusedAs(call: Call, error: unknown): unknown {
  if (!(error instanceof CommitRefused)) return error;
  const conditional =
    call.headers['if-match'] !== undefined || call.headers['if-none-match'] !== undefined;
  const issue = conditional
    ? errorIssue('version-conflict', 'The current version is not the one that the request names')
    : errorIssue('write-conflict', 'Another write came first; read again and retry');
  return new OutcomeError([issue], { cause: error });
}

/** Others' resources, living or deleted, cannot be written over by those who are confined. */
function requireVisible(call: Call, current: StoredVersion | undefined): void {
  if (current === undefined || canSee(call.principal, current)) return;
  fail('forbidden', 'The resource lies outside of the patient compartment of the token');
}
