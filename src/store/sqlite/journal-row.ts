import type { JournalEntry } from '../store.ts';
import type { SqlValue } from './statements.ts';

/** A row of `journal` with its frame. */
export interface JournalRow {
  readonly row: number;
  readonly id: string;
  readonly feed: string;
  readonly peer: string;
  readonly received_at: number;
  readonly control_id: string;
  readonly message_type: string;
  readonly hash: string;
  readonly state: JournalEntry['state'];
  readonly attempts: number;
  readonly last_error: string | null;
  readonly next_retry_at: number | null;
  readonly ack: Uint8Array | null;
  readonly ack_code: string | null;
  readonly written: string | null;
  readonly patient: string | null;
  readonly report: string | null;
  readonly fields: string | null;
  readonly notes: string | null;
  readonly bytes: Uint8Array;
}

/** The columns that change as a message is worked on, in the order of the statements. */
export function entryColumns(entry: JournalEntry): SqlValue[] {
  return [
    entry.state,
    entry.attempts,
    entry.lastError ?? null,
    entry.nextRetryAt?.getTime() ?? null,
    entry.ack ?? null,
    entry.ackCode ?? null,
    entry.written === undefined ? null : JSON.stringify(entry.written),
    entry.patient ?? null,
    entry.report ?? null,
    fieldsColumn(entry),
    entry.notes ?? null,
  ];
}

/** A row's own fields, as JSON. */
export function fieldsColumn({ fields }: JournalEntry): string | null {
  return fields === undefined ? null : JSON.stringify(fields);
}

export function toEntry(row: JournalRow): JournalEntry {
  return {
    id: row.id,
    feed: row.feed,
    peer: row.peer,
    receivedAt: new Date(row.received_at),
    controlId: row.control_id,
    messageType: row.message_type,
    hash: row.hash,
    bytes: row.bytes,
    state: row.state,
    attempts: row.attempts,
    ...valued('lastError', row.last_error),
    ...valued('nextRetryAt', row.next_retry_at === null ? null : new Date(row.next_retry_at)),
    ...valued('ack', row.ack),
    ...valued('ackCode', row.ack_code),
    ...valued('written', row.written === null ? null : (JSON.parse(row.written) as string[])),
    ...valued('patient', row.patient),
    ...valued('report', row.report),
    ...valued('fields', row.fields === null ? null : (JSON.parse(row.fields) as string[])),
    ...valued('notes', row.notes),
  };
}

/** An optional property, absent where the column is null. */
function valued<Name extends string, Value>(
  name: Name,
  value: Value | null,
): Partial<Record<Name, Value>> {
  return value === null ? {} : ({ [name]: value } as Partial<Record<Name, Value>>);
}
