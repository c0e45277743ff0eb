import { limits } from '../../limits.ts';
import { fieldsColumn, type JournalRow } from './journal-row.ts';
import type { JournalEntry } from '../store.ts';
import type { Statements } from './statements.ts';

/** Up to which row the journal's fields are in their index; `?` is the counter's name. */
export const indexedRow = "coalesce((SELECT value FROM counter WHERE name = 'fields'), 0)";

/**
 * The index of the journal's fields. What a new row is found by is in the row; it goes into the index later, with that of
 * many rows at once: a page of the index is written once for all of them, and nobody waits for it
 * before a message is acknowledged. Until then a search reads those last rows.
 */
export class JournalFields {
  readonly #sql: ReturnType<typeof prepare>;
  #indexed: number;
  /** The newest row, or one that was taken back since. */
  #newest: number;

  constructor(statements: Statements) {
    this.#sql = prepare(statements);
    this.#indexed = this.#sql.indexed() ?? 0;
    this.#newest = this.#sql.newest() ?? 0;
  }

  /** A number is given again where the newest rows were removed: then the index has passed it. */
  add(row: number, { fields = [], receivedAt }: JournalEntry): void {
    this.#newest = Math.max(this.#newest, row);
    if (row > this.#indexed) return;
    for (const field of fields) this.#sql.insert(field, receivedAt.getTime(), row);
  }

  /** What stays is left as it is: a message that was waiting loses a few, and keeps the rest. */
  replace(known: JournalRow, entry: JournalEntry): void {
    const { row, received_at: at } = known;
    if (row > this.#indexed || fieldsColumn(entry) === known.fields) return;
    const before = new Set(fieldsIn(known));
    const after = new Set(entry.fields);
    for (const field of before) if (!after.has(field)) this.#sql.remove(field, at, row);
    for (const field of after) if (!before.has(field)) this.#sql.insert(field, at, row);
  }

  drop(known: JournalRow): void {
    if (known.row > this.#indexed) return;
    for (const field of fieldsIn(known)) this.#sql.remove(field, known.received_at, known.row);
  }

  /** Rows that are not yet in the index; asked after each group, so the file is not. */
  get waiting(): number {
    return Math.max(0, this.#newest - this.#indexed);
  }

  /** Takes some of them in, as a transaction of its own; where it throws, that is the caller's to end. */
  takeIn(): void {
    this.#newest = this.#sql.newest() ?? 0;
    const last = Math.min(this.#indexed + limits.journalIndexBatch, this.#newest);
    this.#sql.begin();
    this.#sql.takeIn(this.#indexed, last);
    this.#sql.setIndexed(last);
    this.#sql.commit();
    this.#indexed = last;
  }
}

function fieldsIn({ fields }: JournalRow): readonly string[] {
  return JSON.parse(fields ?? '[]') as string[];
}

function prepare(statements: Statements) {
  return {
    indexed: statements.value<number>(`SELECT ${indexedRow}`),
    newest: statements.value<number>('SELECT max(row) FROM journal'),
    // A row's fields are each once; that they are is not worth a fault.
    insert: statements.write('INSERT OR IGNORE INTO journal_field (key, at, row) VALUES (?, ?, ?)'),
    remove: statements.write('DELETE FROM journal_field WHERE key = ? AND at = ? AND row = ?'),
    // In the order of the index: its pages are gone through once.
    takeIn: statements.write(
      `INSERT OR IGNORE INTO journal_field (key, at, row)
       SELECT e.value, j.received_at, j.row FROM journal j JOIN json_each(j.fields) e
       WHERE j.row > ? AND j.row <= ? ORDER BY 1, 2, 3`,
    ),
    setIndexed: statements.write(
      `INSERT INTO counter (name, value) VALUES ('fields', ?)
       ON CONFLICT DO UPDATE SET value = excluded.value`,
    ),
    begin: statements.write('BEGIN IMMEDIATE'),
    commit: statements.write('COMMIT'),
  };
}
