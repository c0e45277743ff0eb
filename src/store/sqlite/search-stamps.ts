import type { SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import type { Dictionary } from './dictionary.ts';
import { oneOf } from './fragment.ts';
import { typeName } from './row-coder.ts';
import type { Statements } from './statements.ts';

/**
 * What the data looks like that decides what a search finds: as long as it looks so, an answer holds. It changes when
 * a version of one of the search's types is written, or of any type where the search looks at others too.
 */
export class SearchStamps {
  readonly #statements: Statements;
  readonly #names: Dictionary;
  readonly #position: () => number | undefined;
  readonly #indexings: () => number | undefined;

  constructor(statements: Statements, names: Dictionary) {
    this.#statements = statements;
    this.#names = names;
    this.#position = statements.value("SELECT value FROM counter WHERE name = 'pos'");
    this.#indexings = statements.value("SELECT value FROM counter WHERE name = 'indexings'");
  }

  stamp({ types, where }: Pick<SearchQuery, 'types' | 'where'>): string {
    // One condition may come from two trees, of which one looks elsewhere: what was looked at is a part of the stamp.
    const written = looksElsewhere(where)
      ? `all ${this.#position() ?? 0}`
      : `own ${this.#versions(types)}`;
    return `${written} ${this.#indexings() ?? 0}`;
  }

  #versions(types: readonly string[]): number {
    const ids = types.flatMap((type) => this.#names.find(typeName(type)) ?? []);
    const wanted = oneOf('type', ids);
    const sql = `SELECT coalesce(sum(versions), 0) FROM tally WHERE ${wanted.sql}`;
    return this.#statements.query<[number]>(sql, wanted.values)[0]?.[0] ?? 0;
  }
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
