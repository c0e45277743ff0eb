import {
  CommitRefused,
  type JournalChange,
  type JournalEntry,
  type JournalPage,
  type JournalQuery,
} from '../store.ts';
import { limits } from '../../limits.ts';
import { readListCursor, writeListCursor } from '../cursor.ts';
import { attemptsHold } from '../expectation.ts';
import { entryColumns, toEntry, type JournalRow } from './journal-row.ts';
import type { SqlValue, Statements } from './statements.ts';

/** Messages as they came in. Frames lie apart, so that a change of state does not rewrite them. */
export function openJournal(statements: Statements) {
  const sql = prepare(statements);

  const insert = (entry: JournalEntry): void => {
    const { lastInsertRowid } = sql.insert(...identityOf(entry), ...entryColumns(entry));
    sql.insertFrame(Number(lastInsertRowid), entry.bytes);
    sql.count(entry.feed, entry.state, entry.ackCode ?? '', 1);
  };
  const equalTo = (entry: JournalEntry): JournalEntry | undefined => {
    const row = sql.equal(entry.controlId, entry.feed, entry.hash);
    return row && toEntry(row);
  };
  const update = (entry: JournalEntry, known: JournalRow): void => {
    sql.update(...entryColumns(entry), known.row);
    sql.count(known.feed, known.state, known.ack_code ?? '', -1);
    sql.count(known.feed, entry.state, entry.ackCode ?? '', 1);
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
    read(id: string): JournalEntry | undefined {
      const row = sql.byId(id);
      return row && toEntry(row);
    },
    find: (feed: string, controlId: string): JournalEntry[] =>
      sql.byControlId(controlId, feed, limits.journalFindMax).map(toEntry),
    list: (query: JournalQuery): JournalPage => list(statements, query),
    counts: () => sql.counts().map((row) => ({ ...row })),
  };
}

const columns = `j.row, j.id, j.feed, j.peer, j.received_at, j.control_id, j.message_type, j.hash,
  j.state, j.attempts, j.last_error, j.next_retry_at, j.ack, j.ack_code, j.written, j.patient,
  j.report, f.bytes`;
/** All columns of {@link JournalRow}; the table is `j`. */
export const journalRows = `SELECT ${columns} FROM journal j JOIN journal_frame f ON f.row = j.row`;
const byControlId = journalRows.replace('journal j', 'journal j INDEXED BY journal_equal');

function prepare(statements: Statements) {
  return {
    insert: statements.write(
      `INSERT INTO journal (id, feed, peer, received_at, control_id, message_type, hash,
       state, attempts, last_error, next_retry_at, ack, ack_code, written, patient, report)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    insertFrame: statements.write('INSERT INTO journal_frame (row, bytes) VALUES (?, ?)'),
    update: statements.write(
      `UPDATE journal SET state = ?, attempts = ?, last_error = ?, next_retry_at = ?, ack = ?,
       ack_code = ?, written = ?, patient = ?, report = ? WHERE row = ?`,
    ),
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

const filterColumns = {
  feed: 'j.feed',
  state: 'j.state',
  messageType: 'j.message_type',
  controlId: 'j.control_id',
  patient: 'j.patient',
} as const;

function list(statements: Statements, query: JournalQuery): JournalPage {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  for (const [name, column] of Object.entries(filterColumns)) {
    const value = query[name as keyof typeof filterColumns];
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    values.push(value);
  }
  // Lets the partial index of unfinished rows answer; they are few among many.
  if (query.state !== undefined && query.state !== 'processed') {
    conditions.push("j.state <> 'processed'");
  }
  if (query.cursor !== undefined) {
    conditions.push('j.row < ?');
    values.push(readListCursor(query.cursor).before);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  // Left alone, the planner walks a feed's rows from the newest and reads all of them for an id that is new.
  const source = query.controlId === undefined ? journalRows : byControlId;
  const sql = `${source} ${where} ORDER BY j.row DESC LIMIT ?`;
  const rows = statements.objects<JournalRow>(sql, [...values, query.count + 1]);
  const page = rows.slice(0, query.count);
  const last = page.at(-1);
  const entries = page.map(toEntry);
  if (rows.length <= query.count || last === undefined) return { entries };
  return { entries, next: writeListCursor({ before: last.row, total: 0 }) };
}
