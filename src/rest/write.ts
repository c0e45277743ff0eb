import { errorIssue, fail, OutcomeError } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { extractIndex } from '../fhir/search-extract.ts';
import { limits } from '../limits.ts';
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

/** One change in one commit. Throws CommitRefused as the store does. */
export async function commitOne(
  context: RestContext,
  call: Call,
  work: Pick<Work, 'interaction' | 'claims'> & { readonly change: Change },
): Promise<StoredVersion> {
  const { change, ...more } = work;
  const { versions } = await commit(context, call, { ...more, changes: [change] });
  return versions[0] ?? fail('exception', 'The store answered without a version');
}

/**
 * What reads, decides by what it has read, and commits: where another write came between, it is done anew, a bounded
 * number of times, so that what was decided by is what is written over. Throws what {@link refusedAs} makes of a refusal.
 */
export async function untilItHolds<T>(call: Call, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      const isOvertaken = error instanceof CommitRefused && error.refusal.kind === 'expectation';
      if (!isOvertaken || count === limits.commitAttemptsMax) throw refusedAs(call, error);
    }
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
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = call.headers;
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined;
  if (!isConditional && call.principal.patient === undefined) return undefined;
  const current = await context.store.read(type, id);
  requireVisible(call, current);
  requireTags(call, current);
  return stillAt(current);
}

/** That a version that was read is the newest one yet; undefined: that there is none yet. */
export function stillAt(version: StoredVersion | undefined): Expectation {
  return version === undefined ? 'absent' : { versionId: version.versionId };
}

/**
 * That an id which the caller chose for something new is free, as it was when `there` was read. Throws `forbidden`,
 * `write-conflict`.
 */
export function stillFree(call: Call, there: StoredVersion | undefined): Expectation {
  requireVisible(call, there);
  if (there?.deleted === false) {
    fail('write-conflict', 'The id is that of a resource that does not meet the criteria');
  }
  return stillAt(there);
}

/** Throws `version-conflict` where If-Match or If-None-Match stand against the current version. */
export function requireTags(call: Call, current: StoredVersion | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = call.headers;
  if (ifMatch !== undefined) requireMatch(ifMatch, current);
  if (ifNoneMatch !== undefined) requireNoMatch(ifNoneMatch, current);
}

/** Throws `version-conflict` unless the current version is one that If-Match names. */
export function requireMatch(ifMatch: string, current: StoredVersion | undefined): void {
  const tags = parseEtags(ifMatch);
  const living = current !== undefined && !current.deleted;
  if (living && (tags.includes('*') || tags.includes(current.versionId))) return;
  fail('version-conflict', 'The current version is not the one that If-Match names');
}

/** Throws `version-conflict` if the current version is one that If-None-Match names (RFC 9110 13.1.2). */
function requireNoMatch(ifNoneMatch: string, current: StoredVersion | undefined): void {
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
