import type { SortKey } from '../../fhir/search-ast.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { compareSortValues, type Place } from '../order.ts';
import type { Dictionary } from './dictionary.ts';
import { targetBy, type IndexRow } from './index-rows.ts';
import type { Leaves } from './leaf.ts';
import type { SqlValue, Statements } from './statements.ts';

/**
 * Where resources stood under a sort at an earlier position: from the index rows kept when a version was
 * replaced. The same values as sort-value.ts gives for the present.
 */
export class PastPlaces {
  readonly #names: Dictionary;
  readonly #terms: Dictionary;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(statements: Statements, names: Dictionary, terms: Dictionary) {
    this.#names = names;
    this.#terms = terms;
    this.#sql = prepare(statements);
  }

  /** The place of a resource that has changed since `snapshot` and was live then. */
  place(rid: number, snapshot: number, sort: readonly SortKey[], leaves: Leaves): Place {
    const past = this.#sql.versionAt(rid, snapshot);
    const keys = past && this.#sql.keys(rid, past.version + 1);
    const rows = JSON.parse(keys ?? '[]') as IndexRow[];
    const id = this.#sql.id(rid) ?? '';
    const values = sort.map((key): SortValue => {
      if (key.kind === 'id') return id;
      if (key.kind === 'lastUpdated') return past?.updated ?? null;
      return this.#value(rows, key, leaves.params(key.param, key.kind));
    });
    return { values, ordinal: rid };
  }

  #value(rows: readonly IndexRow[], key: SortKey, params: readonly SqlValue[]): SortValue {
    let picked: SortValue = null;
    for (const [table, param, ...columns] of rows) {
      if (param === undefined || !params.includes(param)) continue;
      const value = this.#sortColumn(table, columns);
      if (value === null) continue;
      if (picked === null || compareSortValues(value, picked, key) < 0) picked = value;
    }
    return picked;
  }

  #sortColumn(table: IndexRow[0], columns: readonly SqlValue[]): SortValue {
    const [first = null] = columns;
    switch (table) {
      case 'token':
        return this.#terms.text(Number(first)) ?? '';
      case 'reference':
        return this.#referenceText(columns);
      case 'date':
      case 'number':
        return Number(first);
      case 'string':
      case 'uri':
        return String(first);
    }
  }

  #referenceText([target, by, type, _version, other]: readonly SqlValue[]): SortValue {
    const text = this.#terms.text(Number(target)) ?? '';
    if (by === targetBy.url) return text;
    return other === 0 ? `${this.#typePrefix(type)}${text}` : null;
  }

  #typePrefix(type: SqlValue | undefined): string {
    const name = this.#names.text(Number(type));
    return name === undefined ? '' : `${name.slice(2)}/`;
  }
}

function prepare(statements: Statements) {
  return {
    versionAt: statements.row<{ version: number; updated: number }>(
      `SELECT version, updated FROM version WHERE rid = ? AND pos <= ?
       ORDER BY version DESC LIMIT 1`,
    ),
    keys: statements.value<string>(
      `SELECT k.keys FROM version v JOIN replaced_keys k ON k.pos = v.pos
       WHERE v.rid = ? AND v.version = ?`,
    ),
    id: statements.value<string>('SELECT id FROM resource WHERE rid = ?'),
  };
}
