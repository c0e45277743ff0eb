import { createHash } from 'node:crypto';
import type { JournalEntry } from '../store.ts';
import type { JournalDocument, PartDocument } from './layout.ts';
import { splitBytes } from './parts.ts';

/** What makes two rows equal (law 9), as one short text. */
export function sameness(entry: Pick<JournalEntry, 'feed' | 'controlId' | 'hash'>): string {
  const text = JSON.stringify([entry.feed, entry.controlId, entry.hash]);
  return createHash('sha256').update(text).digest('hex');
}

/** A new row, and the pieces of its frame where that is long. */
export function newJournalDocument(
  entry: JournalEntry,
  row: number,
): { readonly document: JournalDocument; readonly pieces: readonly PartDocument[] } {
  const { feed, peer, receivedAt, controlId, messageType, hash } = entry;
  const frame = splitBytes(entry.bytes, frameOwner(row));
  const document: JournalDocument = {
    _id: entry.id,
    ...{ row, same: sameness(entry), feed, peer, controlId, messageType, hash },
    receivedAt: receivedAt.getTime(),
    bytes: frame.value,
    ...(frame.parts === undefined ? {} : { parts: frame.parts }),
    ...progress(entry),
  };
  return { document, pieces: frame.documents };
}

/** A known row brought up to date: its origin and bytes stay. */
export function updatedJournalDocument(
  { _id, row, same, ...known }: JournalDocument,
  entry: JournalEntry,
): JournalDocument {
  const { feed, peer, receivedAt, controlId, messageType, hash, bytes, parts } = known;
  return {
    ...{ _id, row, same, feed, peer, receivedAt, controlId, messageType, hash, bytes },
    ...(parts === undefined ? {} : { parts }),
    ...progress(entry),
  };
}

export const frameOwner = (row: number): string => `f${row}`;

/** The fields that change as a message is worked on. */
const optional = [
  ...(['lastError', 'ack', 'ackCode', 'written', 'patient'] as const),
  ...(['report', 'fields', 'notes'] as const),
] as const;

function progress(entry: JournalEntry): Pick<JournalDocument, 'state' | 'attempts'> {
  const { state, attempts, nextRetryAt } = entry;
  const given = optional.filter((name) => entry[name] !== undefined);
  return {
    state,
    attempts,
    ...(nextRetryAt === undefined ? {} : { nextRetryAt: nextRetryAt.getTime() }),
    ...Object.fromEntries(given.map((name) => [name, entry[name]])),
  };
}

/** `$set` and `$unset` that make the fields of a stored row what they are in another. */
export function progressUpdate(document: JournalDocument): Record<string, unknown> {
  const names = [...optional, 'nextRetryAt'] as const;
  const unset = names.filter((name) => document[name] === undefined);
  const set = names.filter((name) => document[name] !== undefined);
  const { state, attempts } = document;
  return {
    $set: { state, attempts, ...Object.fromEntries(set.map((name) => [name, document[name]])) },
    ...(unset.length === 0 ? {} : { $unset: Object.fromEntries(unset.map((name) => [name, ''])) }),
  };
}

/** The row as the port has it; `bytes` is its frame, gathered. */
export function toEntry(document: JournalDocument, bytes: Uint8Array): JournalEntry {
  const { _id, feed, peer, controlId, messageType, hash, state, attempts } = document;
  const { receivedAt, nextRetryAt } = document;
  const given = optional.filter((name) => document[name] !== undefined);
  return {
    ...{ id: _id, feed, peer, controlId, messageType, hash, bytes, state, attempts },
    receivedAt: new Date(receivedAt),
    ...(nextRetryAt === undefined ? {} : { nextRetryAt: new Date(nextRetryAt) }),
    ...Object.fromEntries(given.map((name) => [name, document[name]])),
  };
}
