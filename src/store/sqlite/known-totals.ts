import type { SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import { oneOf, type Fragment } from './fragment.ts';
import type { Statements } from './statements.ts';

/** A count of matches, as good as the data that it was made from. */
export interface KnownTotal {
  readonly search: string;
  /** What the data looked like: as long as it does, the count holds. */
  readonly stamp: string;
  readonly total: number;
}

/**
 * Counts that were made, least recently used out first. Counting reads every match, so that it costs more than the
 * page beside it; dashboards and page walks ask for the same count again and again. A count holds until a version
 * of one of its types is written, or of any type where the search looks at others too.
 */
export class KnownTotals {
  readonly #known = new Map<string, KnownTotal>();
  readonly #statements: Statements;
  readonly #position: () => number | undefined;
  readonly #indexings: () => number | undefined;

  constructor(statements: Statements) {
    this.#statements = statements;
    this.#position = statements.value("SELECT value FROM counter WHERE name = 'pos'");
    this.#indexings = statements.value("SELECT value FROM counter WHERE name = 'indexings'");
  }

  find(search: string, stamp: string): number | undefined {
    const known = this.#known.get(search);
    if (known === undefined || known.stamp !== stamp) return undefined;
    this.#known.delete(search);
    this.#known.set(search, known);
    return known.total;
  }

  keep(known: KnownTotal): void {
    this.#known.delete(known.search);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= limits.knownTotalsMax && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    this.#known.set(known.search, known);
  }

  stamp({ where }: Pick<SearchQuery, 'where'>, typeIds: readonly number[]): string {
    // One condition may come from two trees, of which one looks elsewhere: what was counted is a part of the stamp.
    const written = looksElsewhere(where)
      ? `all ${this.#position() ?? 0}`
      : `own ${this.#versions(typeIds)}`;
    return `${written} ${this.#indexings() ?? 0}`;
  }

  #versions(typeIds: readonly number[]): number {
    const wanted = oneOf('type', typeIds);
    const sql = `SELECT coalesce(sum(versions), 0) FROM tally WHERE ${wanted.sql}`;
    return this.#statements.query<[number]>(sql, wanted.values)[0]?.[0] ?? 0;
  }
}

/** The name of a search by its condition. */
export function searchName({ sql, values }: Fragment): string {
  return JSON.stringify([sql, ...values]);
}

/** Whether resources of other types decide what matches. */
function looksElsewhere(node: SearchNode): boolean {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.nodes.some(looksElsewhere);
    case 'not':
      return looksElsewhere(node.node);
    default:
      return node.op === 'chain' || node.op === 'has';
  }
}
