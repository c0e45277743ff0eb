import type { SortKey } from '../../fhir/search-ast.ts';
import type { SortValue } from '../../fhir/search-match.ts';
import { compareSortValues, type Place } from '../order.ts';
import type { Dictionary } from './dictionary.ts';
import { sortColumn, tableOfKind, targetBy } from './index-table.ts';
import type { Leaves } from './leaf.ts';
import type { RowsByParam } from './row-coder.ts';
import type { SqlValue, Statements } from './statements.ts';

/**
 * Where resources stood under a sort at an earlier position: from the index rows kept when a version was
 * replaced. The same values as sort-value.ts gives for the present.
 */
export class PastPlaces {
  readonly #names: Dictionary;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(statements: Statements, names: Dictionary) {
    this.#names = names;
    this.#sql = prepare(statements);
  }

  /** The place of a resource that has changed since `snapshot` and was live then. */
  place(rid: number, snapshot: number, sort: readonly SortKey[], leaves: Leaves): Place {
    const past = this.#sql.versionAt(rid, snapshot);
    const entries = past && this.#sql.entries(rid, past.version + 1);
    const rows = JSON.parse(entries ?? '{}') as RowsByParam;
    const id = this.#sql.id(rid) ?? '';
    const values = sort.map((key): SortValue => {
      if (key.kind === 'id') return id;
      if (key.kind === 'lastUpdated') return past?.updated ?? null;
      return this.#value(rows, key, leaves.params(key.param, key.kind));
    });
    return { values, ordinal: rid };
  }

  #value(rows: RowsByParam, key: SortKey, params: readonly number[]): SortValue {
    let picked: SortValue = null;
    for (const columns of params.flatMap((param) => rows[param] ?? [])) {
      const value = this.#sortColumn(key.kind, columns);
      if (value === null) continue;
      if (picked === null || compareSortValues(value, picked, key) < 0) picked = value;
    }
    return picked;
  }

  #sortColumn(kind: SortKey['kind'], columns: readonly SqlValue[]): SortValue {
    if (kind === 'id' || kind === 'lastUpdated') return null;
    if (kind === 'reference') return this.#referenceText(columns);
    const value = columns[sortColumn(tableOfKind[kind])];
    return typeof value === 'number' ? value : String(value);
  }

  #referenceText([target, by, type, _version, other]: readonly SqlValue[]): SortValue {
    const text = String(target);
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
    entries: statements.value<string>(
      `SELECT json(p.entries) FROM version v JOIN replaced p ON p.pos = v.pos
       WHERE v.rid = ? AND v.version = ?`,
    ),
    id: statements.value<string>('SELECT id FROM resource WHERE rid = ?'),
  };
}
