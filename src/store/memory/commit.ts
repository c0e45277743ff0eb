import { nextAuditRow } from '../audit-chain.ts';
import { attemptsHold, claimHolds } from '../expectation.ts';
import {
  CommitRefused,
  type Commit,
  type CommitResult,
  type Job,
  type JobChange,
  type JournalChange,
  type JournalEntry,
} from '../store.ts';
import { applyChange } from './change.ts';
import { sourceKey, type MemoryData } from './data.ts';
import type { Undo } from './undo.ts';

/** Applies a commit; throws `CommitRefused` in the middle, and the caller takes back what was done. */
export function applyCommit(data: MemoryData, commit: Commit, undo: Undo): CommitResult {
  const seq = data.seq + 1;
  applyClaims(data, commit, undo);
  const versions = commit.changes.map((change, index) =>
    applyChange(data, { change, index, seq, now: commit.now, origin: commit.origin }, undo),
  );
  for (const view of commit.sources ?? []) {
    undo.set(data.sources, sourceKey(view.source, view.type, view.id), view);
  }
  applyJournal(data, commit, undo);
  for (const [index, { position }] of (commit.outboxDone ?? []).entries()) {
    if (!undo.delete(data.outbox, position)) {
      throw new CommitRefused({ kind: 'outbox-done', index });
    }
  }
  for (const [index, change] of (commit.jobs ?? []).entries()) {
    if (!applyJob(data, change, undo)) throw new CommitRefused({ kind: 'job-lease', index });
  }
  applyState(data, commit, seq, undo);
  for (const { event } of commit.audit ?? []) {
    undo.push(data.audit, nextAuditRow(data.audit.at(-1), commit.now, event));
  }
  data.seq = seq;
  return { seq, versions };
}

function applyClaims(data: MemoryData, commit: Commit, undo: Undo): void {
  for (const key of commit.releases ?? []) undo.delete(data.claims, key);
  for (const [index, claim] of (commit.claims ?? []).entries()) {
    const owner = data.claims.get(claim.key);
    if (owner !== undefined && !claimHolds(claim, owner)) {
      throw new CommitRefused({ kind: 'claim', index, owner });
    }
    undo.set(data.claims, claim.key, claim.owner);
  }
}

function applyJournal(data: MemoryData, commit: Commit, undo: Undo): void {
  for (const [index, change] of (commit.journal ?? []).entries()) {
    const entry = withoutExpectation(change);
    const known = data.journal.get(entry.id);
    if (known !== undefined) {
      if (!attemptsHold(change, known.entry)) {
        throw new CommitRefused({ kind: 'journal-attempts', index, existing: known.entry });
      }
      const { feed, peer, receivedAt, controlId, messageType, hash, bytes } = known.entry;
      const kept = { feed, peer, receivedAt, controlId, messageType, hash, bytes };
      undo.set(data.journal, entry.id, { row: known.row, entry: { ...entry, ...kept } });
      continue;
    }
    const existing = equalEntry(data, entry);
    if (existing !== undefined) {
      throw new CommitRefused({ kind: 'journal-duplicate', index, existing });
    }
    undo.set(data.journal, entry.id, { row: ++data.numbers, entry });
  }
}

function withoutExpectation({ expectAttempts: _, ...entry }: JournalChange): JournalEntry {
  return entry;
}

/** The row that an entry would repeat. */
export function equalEntry(data: MemoryData, entry: JournalEntry): JournalEntry | undefined {
  for (const { entry: there } of data.journal.values()) {
    const { feed, controlId, hash } = there;
    if (hash === entry.hash && controlId === entry.controlId && feed === entry.feed) return there;
  }
  return undefined;
}

function applyJob(data: MemoryData, change: JobChange, undo: Undo): boolean {
  if (change.op === 'put') {
    const kept = change.keep === true && data.jobs.has(change.job.key);
    if (!kept) undo.set(data.jobs, change.job.key, unleased(change.job));
    return true;
  }
  const there = data.jobs.get(change.key);
  if (change.op === 'cancel') {
    undo.delete(data.jobs, change.key);
    return true;
  }
  if (there?.lease !== change.lease) return false;
  if (change.op === 'done') return undo.delete(data.jobs, change.key);
  undo.set(data.jobs, change.key, unleased({ ...there, dueAt: change.dueAt }));
  return true;
}

function unleased(job: Job) {
  const { key, kind, dueAt, payload, attempts } = job;
  return { key, kind, dueAt, payload, attempts, lease: undefined, leasedUntil: 0 };
}

function applyState(data: MemoryData, commit: Commit, seq: number, undo: Undo): void {
  for (const [index, { key, value, expectRevision }] of (commit.state ?? []).entries()) {
    const current = data.state.get(key);
    if (expectRevision !== undefined && expectRevision !== (current?.revision ?? 0)) {
      throw new CommitRefused({ kind: 'state', index, current });
    }
    if (value === undefined) undo.delete(data.state, key);
    else undo.set(data.state, key, { key, value, revision: seq });
  }
}
