import { contentVersion, contentWords } from '../../fhir/search-text.ts';
import { matchText } from './content-condition.ts';
import type { Statements } from './statements.ts';

/** A current version, by its place in the order of all. */
interface Current {
  readonly rid: number;
  readonly pos: number;
  readonly body: string;
}

/** Compares what the index of words knows with the resources. What it does not know yet is no fault. */
export class ContentCheck {
  readonly #statements: Statements;
  readonly #place: number;
  readonly #isCurrent: boolean;

  constructor(statements: Statements) {
    this.#statements = statements;
    const counter = statements.value<number>('SELECT value FROM counter WHERE name = ?');
    // Words by other rules are forgotten soon after the next start.
    this.#isCurrent = counter('content_version') === contentVersion;
    this.#place = this.#isCurrent ? (counter('content') ?? 0) : 0;
  }

  /** How many resources are not in it that should be, or are in it and should not. */
  astray(): number {
    if (!this.#isCurrent) return 0;
    const [[missing = 0, left = 0] = []] = this.#statements.query<[number, number]>(
      `SELECT (SELECT count(*) FROM resource r WHERE r.deleted = 0 AND r.pos <= ?
                 AND r.rid NOT IN (SELECT id FROM content_docsize)),
              (SELECT count(*) FROM content_docsize d LEFT JOIN resource r ON r.rid = d.id
                 WHERE r.rid IS NULL OR (r.deleted = 1 AND r.pos <= ?))`,
      [this.#place, this.#place],
    );
    return missing + left;
  }

  /** Whether a resource is found by each of its words. */
  isFound({ rid, pos, body }: Current): boolean {
    const words = contentWords(body);
    if (pos > this.#place || words.length === 0) return true;
    const asked = matchText(words.map((text) => ({ text, isBegun: false })));
    const sql = 'SELECT 1 FROM content WHERE content MATCH ? AND rowid = ?';
    return this.#statements.query<[number]>(sql, [asked, rid]).length > 0;
  }
}
