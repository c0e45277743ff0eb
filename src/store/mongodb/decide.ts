import { nextAuditRow } from '../audit-chain.ts';
import { compareCodePoints } from '../../fhir/search-match.ts';
import { claimHolds } from '../expectation.ts';
import {
  CommitRefused,
  type Commit,
  type CommitResult,
  type JobChange,
  type LeasedJob,
} from '../store.ts';
import { applyChange } from './decide-change.ts';
import { appendEntry, applyJournal, removeRows } from './decide-journal.ts';
import type { JobDocument } from './layout.ts';
import type { PreparedCommit, PreparedReplay, WriteAnswer, WriteRequest } from './request.ts';
import type { WorkingSet } from './working-set.ts';

/** Decides one request against a working set, changing it; throws `CommitRefused`, and then nothing is changed. */
export function decide(
  set: WorkingSet,
  request: WriteRequest,
  nextLease: () => string,
): WriteAnswer {
  return set.attempt((): WriteAnswer => {
    switch (request.kind) {
      case 'commit':
        return decideCommit(set, request.commit);
      case 'append':
        return appendEntry(set, request.entry);
      case 'lease':
        return leaseJobs(set, request, nextLease);
      case 'remove':
        return removeRows(set, request.ids, request.removal);
      case 'replay':
        for (const commit of request.commits) replayCommit(set, commit);
        return undefined;
    }
  });
}

/** A commit with the numbers it has elsewhere; those of the store never go back. */
function replayCommit(set: WorkingSet, commit: PreparedReplay): void {
  const { seq, position } = set.counters;
  const first = commit.position ?? position + 1;
  set.counters = { ...set.counters, seq: commit.seq - 1, position: first - 1 };
  decideCommit(set, commit);
  set.counters = {
    ...set.counters,
    seq: Math.max(seq, set.counters.seq),
    position: Math.max(position, set.counters.position),
  };
}

function decideCommit(set: WorkingSet, commit: PreparedCommit): CommitResult {
  const seq = set.nextSeq();
  const { now, origin } = commit;
  applyClaims(set, commit);
  const versions = commit.changes.map((change, index) =>
    applyChange(set, change, { index, seq, now, origin }),
  );
  for (const [at, view] of (commit.sources ?? []).entries()) {
    const { type, id, source } = view;
    set.sources.set(`${type}/${id}/${source}`, { view, owner: `s${seq}.${at}` });
  }
  applyJournal(set, commit.journal ?? []);
  applyOutbox(set, commit.outboxDone ?? []);
  for (const [index, change] of (commit.jobs ?? []).entries()) {
    if (!applyJob(set, change)) throw new CommitRefused({ kind: 'job-lease', index });
  }
  applyState(set, commit.state ?? [], seq);
  for (const { event } of commit.audit ?? []) {
    set.append(nextAuditRow(set.counters.audit ?? undefined, now, event));
  }
  return { seq, versions };
}

/** Releases first, so that one commit can hand a key on. */
function applyClaims(set: WorkingSet, { claims = [], releases = [] }: PreparedCommit): void {
  for (const key of releases) set.claims.set(key, undefined);
  for (const [index, claim] of claims.entries()) {
    const owner = set.claims.get(claim.key);
    if (owner !== undefined && !claimHolds(claim, owner)) {
      throw new CommitRefused({ kind: 'claim', index, owner });
    }
    if (owner !== claim.owner) set.claims.set(claim.key, claim.owner);
  }
}

function applyOutbox(set: WorkingSet, done: NonNullable<Commit['outboxDone']>): void {
  for (const [index, { position }] of done.entries()) {
    if (set.outbox.get(position) === undefined) {
      throw new CommitRefused({ kind: 'outbox-done', index });
    }
    set.outbox.set(position, undefined);
  }
}

/** False where the lease is no longer the caller's. */
function applyJob(set: WorkingSet, change: JobChange): boolean {
  if (change.op === 'put') {
    const { key, kind, dueAt, payload, attempts } = change.job;
    const kept = change.keep === true && set.jobs.get(key) !== undefined;
    const due = dueAt.getTime();
    if (!kept) set.jobs.set(key, { _id: key, kind, due, payload, attempts, ...unleased });
    return true;
  }
  const there = set.jobs.get(change.key);
  if (change.op === 'cancel') {
    if (there !== undefined) set.jobs.set(change.key, undefined);
    return true;
  }
  if (there?.lease !== change.lease) return false;
  const retried = {
    ...there,
    ...unleased,
    ...('dueAt' in change && { due: change.dueAt.getTime() }),
  };
  set.jobs.set(change.key, change.op === 'done' ? undefined : retried);
  return true;
}

const unleased = { lease: null, leasedUntil: 0 } as const;

function leaseJobs(
  set: WorkingSet,
  { now, leaseMs, limit }: Extract<WriteRequest, { kind: 'lease' }>,
  nextLease: () => string,
): LeasedJob[] {
  const at = now.getTime();
  const due = [...set.jobs.values()]
    .filter((job) => job.due <= at && job.leasedUntil <= at)
    .sort(byDueTime);
  return due.slice(0, limit).map((job) => {
    const lease = nextLease();
    const attempts = job.attempts + 1;
    set.jobs.set(job._id, { ...job, attempts, lease, leasedUntil: at + leaseMs });
    const { _id: key, kind, payload } = job;
    return { key, kind, dueAt: new Date(job.due), payload, attempts, lease };
  });
}

function byDueTime(a: JobDocument, b: JobDocument): number {
  return a.due - b.due || compareCodePoints(a._id, b._id);
}

function applyState(set: WorkingSet, changes: NonNullable<Commit['state']>, seq: number): void {
  for (const [index, { key, value, expectRevision }] of changes.entries()) {
    const current = set.state.get(key);
    if (expectRevision !== undefined && expectRevision !== (current?.revision ?? 0)) {
      throw new CommitRefused({ kind: 'state', index, current });
    }
    set.state.set(key, value === undefined ? undefined : { key, value, revision: seq });
  }
}
