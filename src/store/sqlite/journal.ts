import {
  CommitRefused,
  type JournalChange,
  type JournalEntry,
  type JournalRemoval,
  type JournalState,
} from '../store.ts';
import { limits } from '../../limits.ts';
import { attemptsHold } from '../expectation.ts';
import { JournalFields } from './journal-fields.ts';
import { entryColumns, toEntry, type JournalRow } from './journal-row.ts';
import type { SqlValue, Statements } from './statements.ts';

/** Messages as they came in. Frames lie apart, so that a change of state does not rewrite them. */
export function openJournal(statements: Statements, fields = new JournalFields(statements)) {
  const sql = prepare(statements);

  const insert = (entry: JournalEntry): void => {
    const { lastInsertRowid } = sql.insert(...identityOf(entry), ...entryColumns(entry));
    const row = Number(lastInsertRowid);
    sql.insertFrame(row, entry.bytes);
    fields.add(row, entry);
    sql.count(entry.feed, entry.state, entry.ackCode ?? '', 1);
  };
  const equalTo = (entry: JournalEntry): JournalEntry | undefined => {
    return entryOf(sql.equal(entry.controlId, entry.feed, entry.hash));
  };
  const update = (entry: JournalEntry, known: JournalRow): void => {
    fields.replace(known, entry);
    sql.update(...entryColumns(entry), known.row);
    sql.count(known.feed, known.state, known.ack_code ?? '', -1);
    sql.count(known.feed, entry.state, entry.ackCode ?? '', 1);
  };
  const erase = (known: JournalRow): void => {
    fields.drop(known);
    sql.deleteFrame(known.row);
    sql.deleteRow(known.row);
    sql.count(known.feed, known.state, known.ack_code ?? '', -1);
  };

  return {
    /** A known id is brought up to date (its frame and origin stay); a new one is added. */
    apply(entries: readonly JournalChange[]): void {
      for (const [index, entry] of entries.entries()) {
        const known = sql.byId(entry.id);
        if (known !== undefined) {
          if (!attemptsHold(entry, known)) {
            const existing = toEntry(known);
            throw new CommitRefused({ kind: 'journal-attempts', index, existing });
          }
          update(entry, known);
          continue;
        }
        const existing = equalTo(entry);
        if (existing !== undefined) {
          throw new CommitRefused({ kind: 'journal-duplicate', index, existing });
        }
        insert(entry);
      }
    },
    append(entry: JournalEntry): { readonly existing?: JournalEntry } {
      const existing = equalTo(entry);
      if (existing !== undefined) return { existing };
      insert(entry);
      return {};
    },
    read: (id: string): JournalEntry | undefined => entryOf(sql.byId(id)),
    find: (feed: string, controlId: string): JournalEntry[] =>
      sql.byControlId(controlId, feed, limits.journalFindMax).map(toEntry),
    counts: () => sql.counts().map((row) => ({ ...row })),
    /** Removes those of the rows that still fit. */
    remove: (rows: readonly number[], { states, before }: JournalRemoval): number => {
      const settled: readonly JournalState[] = states;
      const fitting = rows
        .flatMap((row) => sql.byRow(row) ?? [])
        .filter(({ state, received_at: at }) => settled.includes(state) && at < before.getTime());
      for (const known of fitting) erase(known);
      return fitting.length;
    },
  };
}

function entryOf(row: JournalRow | undefined): JournalEntry | undefined {
  return row && toEntry(row);
}

const columns = `j.row, j.id, j.feed, j.peer, j.received_at, j.control_id, j.message_type, j.hash,
  j.state, j.attempts, j.last_error, j.next_retry_at, j.ack, j.ack_code, j.written, j.patient,
  j.report, j.fields, j.notes`;
/** All columns of {@link JournalRow} but its bytes; the table is `j`. */
export const bareColumns = `${columns}, x'' AS bytes`;
/** All columns of {@link JournalRow}; the tables are `j` and `f`. */
export const fullColumns = `${columns}, f.bytes`;
export const journalRows = `SELECT ${fullColumns} FROM journal j JOIN journal_frame f ON f.row = j.row`;

function prepare(statements: Statements) {
  return {
    insert: statements.write(
      `INSERT INTO journal (id, feed, peer, received_at, control_id, message_type, hash,
       state, attempts, last_error, next_retry_at, ack, ack_code, written, patient, report, fields,
       notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertFrame: statements.write('INSERT INTO journal_frame (row, bytes) VALUES (?, ?)'),
    update: statements.write(
      `UPDATE journal SET state = ?, attempts = ?, last_error = ?, next_retry_at = ?, ack = ?,
       ack_code = ?, written = ?, patient = ?, report = ?, fields = ?, notes = ? WHERE row = ?`,
    ),
    deleteFrame: statements.write('DELETE FROM journal_frame WHERE row = ?'),
    deleteRow: statements.write('DELETE FROM journal WHERE row = ?'),
    byRow: statements.row<JournalRow>(`SELECT ${bareColumns} FROM journal j WHERE j.row = ?`),
    byId: statements.row<JournalRow>(`${journalRows} WHERE j.id = ?`),
    equal: statements.row<JournalRow>(
      `${journalRows} WHERE j.control_id = ? AND j.feed = ? AND j.hash = ?`,
    ),
    byControlId: statements.rows<JournalRow>(
      `${journalRows} WHERE j.control_id = ? AND j.feed = ? ORDER BY j.row LIMIT ?`,
    ),
    count: statements.write(
      `INSERT INTO journal_tally (feed, state, ack_code, count) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    ),
    counts: statements.rows<{
      feed: string;
      state: JournalEntry['state'];
      ackCode: string;
      count: number;
    }>(
      `SELECT feed, state, ack_code AS ackCode, count FROM journal_tally WHERE count > 0
       ORDER BY feed, state, ack_code`,
    ),
  };
}

function identityOf(entry: JournalEntry): SqlValue[] {
  const { id, feed, peer, receivedAt, controlId, messageType, hash } = entry;
  return [id, feed, peer, receivedAt.getTime(), controlId, messageType, hash];
}
