import type Database from 'better-sqlite3-multiple-ciphers';
import { contentVersion, contentWords } from '../../fhir/search-text.ts';
import type { Statements } from './statements.ts';

interface TakenVersion {
  readonly pos: number;
  readonly rid: number;
  /** Null where it is a deletion, or no longer the current one: a later one is taken then. */
  readonly body: string | null;
  readonly isDeletion: 0 | 1;
}

/**
 * Keeps the words of current resources in `content`, some versions behind: a commit costs nothing for it, and what it
 * does not know yet is read by whoever searches (content-condition.ts), so that an answer is always whole.
 */
export class ContentIndex {
  readonly #sql: ReturnType<typeof prepare>;
  readonly #db: Database;

  constructor(db: Database, statements: Statements) {
    this.#db = db;
    this.#sql = prepare(statements);
  }

  /** Takes on so many versions at most, in one transaction; whether there may be more. */
  step(most: number): boolean {
    let isMore = false;
    const work = this.#db.transaction(() => {
      this.#forgetOther();
      isMore = this.#take(most);
    });
    work.immediate();
    return isMore;
  }

  /** Forgets what was made by other rules of what a word is. */
  #forgetOther(): void {
    if (this.#sql.version() === contentVersion) return;
    this.#sql.forgetAll();
    this.#sql.setPlace(0);
    this.#sql.setVersion(contentVersion);
  }

  #take(most: number): boolean {
    const taken = this.#sql.next(this.#sql.place() ?? 0, most);
    for (const { rid, body, isDeletion } of taken) {
      if (body !== null) this.#sql.put(rid, contentWords(body).join(' '));
      else if (isDeletion === 1) this.#sql.remove(rid);
    }
    const last = taken.at(-1);
    if (last !== undefined) this.#sql.setPlace(last.pos);
    return taken.length === most;
  }
}

function prepare(statements: Statements) {
  return {
    version: statements.value<number>("SELECT value FROM counter WHERE name = 'content_version'"),
    setVersion: statements.write("UPDATE counter SET value = ? WHERE name = 'content_version'"),
    forgetAll: statements.write("INSERT INTO content (content) VALUES ('delete-all')"),
    place: statements.value<number>("SELECT value FROM counter WHERE name = 'content'"),
    setPlace: statements.write("UPDATE counter SET value = ? WHERE name = 'content'"),
    next: statements.rows<TakenVersion>(
      `SELECT v.pos, v.rid, iif(r.pos = v.pos AND r.deleted = 0, v.body, NULL) AS body,
         r.deleted AS isDeletion
       FROM version v JOIN resource r ON r.rid = v.rid WHERE v.pos > ? ORDER BY v.pos LIMIT ?`,
    ),
    put: statements.write('INSERT OR REPLACE INTO content (rowid, words) VALUES (?, ?)'),
    remove: statements.write('DELETE FROM content WHERE rowid = ?'),
  };
}
