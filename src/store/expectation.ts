import type { Claim, Expectation, JournalChange, JournalEntry, StoredVersion } from './store.ts';

/** What an expectation is held against: the last version of a resource. */
export interface LastVersion {
  readonly version: number;
  readonly deleted: boolean;
}

/** Law 3. A version id is compared with the last version, be it a deletion or not. */
export function expectationHolds(
  expect: Expectation | undefined,
  last: LastVersion | undefined,
): boolean {
  switch (expect) {
    case undefined:
      return true;
    case 'absent':
      return last === undefined;
    case 'current':
      return last !== undefined && !last.deleted;
    case 'absent-or-deleted':
      return last === undefined || last.deleted;
    default:
      return last !== undefined && expect.versionId === String(last.version);
  }
}

/** Law 4. A key is to be had if it is free, one's own, or held by the owner it is taken from. */
export function claimHolds(claim: Claim, owner: string | undefined): boolean {
  return owner === undefined || owner === claim.owner || owner === claim.replaces;
}

/** Law 9. Whether a journal row is as whoever processed its message found it. */
export function attemptsHold(
  { expectAttempts }: JournalChange,
  { attempts }: Pick<JournalEntry, 'attempts'>,
): boolean {
  return expectAttempts === undefined || expectAttempts === attempts;
}

/** What history calls a put: a creation where nothing lived before. */
export function putMethod(last: LastVersion | undefined): StoredVersion['method'] {
  return last === undefined || last.deleted ? 'POST' : 'PUT';
}

/** The answer to a deletion of what never was: no version, nothing stored. */
export function neverExisted(type: string, id: string, now: Date): StoredVersion {
  return {
    type,
    id,
    versionId: '0',
    lastUpdated: now,
    seq: 0,
    deleted: true,
    body: '',
    changed: false,
    method: 'DELETE',
  };
}
