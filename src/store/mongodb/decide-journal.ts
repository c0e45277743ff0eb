import { attemptsHold } from '../expectation.ts';
import {
  CommitRefused,
  type JournalChange,
  type JournalEntry,
  type JournalRemoval,
  type JournalState,
} from '../store.ts';
import {
  newJournalDocument,
  sameness,
  toEntry,
  updatedJournalDocument,
} from './journal-document.ts';
import type { JournalDocument } from './layout.ts';
import type { WorkingSet } from './working-set.ts';

/** A known id is brought up to date (its frame and origin stay); a new one is added. */
export function applyJournal(set: WorkingSet, entries: readonly JournalChange[]): void {
  for (const [index, entry] of entries.entries()) {
    const known = set.journal.get(entry.id);
    if (known === undefined) {
      const { existing } = appendEntry(set, entry);
      if (existing === undefined) continue;
      throw new CommitRefused({ kind: 'journal-duplicate', index, existing });
    }
    if (!attemptsHold(entry, known)) {
      const existing = toEntry(known, known.bytes);
      throw new CommitRefused({ kind: 'journal-attempts', index, existing });
    }
    const updated = updatedJournalDocument(known, entry);
    set.journal.set(entry.id, updated);
    count(set, known, -1);
    count(set, updated, 1);
  }
}

/** Adds a row, unless there is an equal one. */
export function appendEntry(
  set: WorkingSet,
  entry: JournalEntry,
): { readonly existing?: JournalEntry } {
  const id = set.same.get(sameness(entry));
  const equal = id === undefined ? undefined : set.journal.get(id);
  // Loaded rows have their frame whole, however it is stored.
  if (equal !== undefined) return { existing: toEntry(equal, equal.bytes) };
  const { document, pieces } = newJournalDocument(entry, set.nextRow());
  // A piece of a long frame is not what a later request of the group is answered with.
  set.journal.set(entry.id, { ...document, bytes: entry.bytes });
  set.same.set(document.same, entry.id);
  for (const piece of pieces) set.parts.set(piece._id, piece);
  count(set, document, 1);
  return {};
}

/** Removes those of the rows that still fit. */
export function removeRows(
  set: WorkingSet,
  ids: readonly string[],
  { states, before }: JournalRemoval,
): number {
  const settled: readonly JournalState[] = states;
  const rows = ids
    .flatMap((id) => set.journal.get(id) ?? [])
    .filter(({ state, receivedAt }) => settled.includes(state) && receivedAt < before.getTime());
  for (const row of rows) {
    set.journal.set(row._id, undefined);
    set.same.set(row.same, undefined);
    count(set, row, -1);
  }
  return rows.length;
}

function count(set: WorkingSet, { feed, state, ackCode = '' }: JournalDocument, by: 1 | -1): void {
  const _id = JSON.stringify([feed, state, ackCode]);
  const known = set.journalCounts.get(_id)?.count ?? 0;
  set.journalCounts.set(_id, { _id, feed, state, ackCode, count: known + by });
}
