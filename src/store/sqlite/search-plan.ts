import type { IndexEntry, SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { Dictionary } from './dictionary.ts';
import {
  always,
  amongTexts,
  both,
  either,
  fragment,
  never,
  oneOf,
  type Fragment,
} from './fragment.ts';
import { typeName, type IndexTable } from './index-rows.ts';
import { Leaves, type Leaf } from './leaf.ts';
import type { Statements } from './statements.ts';
import { lastUpdatedCondition } from './value-condition.ts';

/** A search as SQL over `resource r`. */
export interface SearchPlan {
  /** Live resources of the asked types that fulfil the tree. */
  readonly where: Fragment;
  /** What the search starts from: a set of rids, or nothing where reading in order is as good. */
  readonly start: Start | undefined;
}

/** A condition that leads to few resources. */
export interface Start {
  readonly rids: Fragment;
  /** Where its index gives the rids in order, so that a page can stop early however many there are. */
  readonly stream: Leaf | undefined;
}

/** Compiles one search tree. Every value is bound. */
export class SearchPlanner {
  readonly #statements: Statements;
  readonly #names: Dictionary;
  readonly #terms: Dictionary;

  constructor(statements: Statements, names: Dictionary, terms: Dictionary) {
    this.#statements = statements;
    this.#names = names;
    this.#terms = terms;
  }

  leaves(types: readonly string[]): Leaves {
    return new Leaves(this.#names, this.#terms, types);
  }

  typeIds(types: readonly string[]): number[] {
    return types.flatMap((type) => this.#names.find(typeName(type)) ?? []);
  }

  plan({ types, where }: Pick<SearchQuery, 'types' | 'where'>): SearchPlan {
    const typed = oneOf('r.type', this.typeIds(types));
    const leaves = this.leaves(types);
    const condition = treeCondition(leaves, where, 0);
    const live = fragment('r.deleted = 0');
    if (typed === never || condition === never) return { where: never, start: undefined };
    return { where: both(typed, live, condition), start: this.#start(leaves, where, typed) };
  }

  /** The conjunct with the fewest index rows. Counting stops early, so that this stays cheap. */
  #start(leaves: Leaves, where: SearchNode, types: Fragment): Start | undefined {
    let best: { readonly start: Start; readonly rows: number } | undefined;
    for (const node of conjuncts(where)) {
      const start = startOf(leaves, node, types);
      if (start === undefined) continue;
      const rows = this.#probe(start);
      if (best === undefined || rows < best.rows) best = { start, rows };
    }
    if (best === undefined) return undefined;
    const isShort = best.rows < limits.searchProbeRows;
    return isShort || best.start.stream !== undefined ? best.start : undefined;
  }

  #probe({ rids }: Start): number {
    const sql = `SELECT count(*) FROM (${rids.sql} LIMIT ?)`;
    const values = [...rids.values, limits.searchProbeRows];
    return this.#statements.query<[number]>(sql, values)[0]?.[0] ?? 0;
  }
}

function conjuncts(node: SearchNode): readonly SearchNode[] {
  return node.op === 'and' ? node.nodes.flatMap(conjuncts) : [node];
}

/** The rids a node selects, where its index gives them directly. */
function startOf(leaves: Leaves, node: SearchNode, types: Fragment): Start | undefined {
  switch (node.op) {
    case 'and':
    case 'not':
    case 'missing':
    case 'id':
      return undefined;
    case 'lastUpdated':
      return { rids: updatedRids(types, node), stream: undefined };
    case 'or': {
      const parts = node.nodes.map((part) => startOf(leaves, part, types));
      const sets = parts.filter((part) => part !== undefined);
      if (sets.length === 0 || sets.length !== parts.length) return undefined;
      if (sets.length > maxUnion) return undefined;
      const sql = sets.map(({ rids }) => rids.sql).join(' UNION ALL ');
      const values = sets.flatMap(({ rids }) => rids.values);
      return { rids: { sql, values }, stream: undefined };
    }
    default: {
      const leaf = leaves.leaf(node);
      if (leaf === undefined) return undefined;
      return { rids: select(leaf), stream: leaf.exact ? leaf : undefined };
    }
  }
}

/** SQLite takes 500 parts of a compound SELECT. */
const maxUnion = 100;

function updatedRids(types: Fragment, node: Extract<SearchNode, { op: 'lastUpdated' }>): Fragment {
  const live = both(types, fragment('r.deleted = 0'), lastUpdatedCondition('r.updated', node));
  const from = 'resource r INDEXED BY resource_updated';
  return { sql: `SELECT r.rid FROM ${from} WHERE ${live.sql}`, values: live.values };
}

function select({ table, where }: Leaf): Fragment {
  return { sql: `SELECT x.rid FROM ix_${table} x WHERE ${where.sql}`, values: where.values };
}

function treeCondition(leaves: Leaves, node: SearchNode, depth: number): Fragment {
  if (depth > limits.searchDepthMax) {
    fail('limit', `The search is nested deeper than ${limits.searchDepthMax}`);
  }
  const inner = (part: SearchNode): Fragment => treeCondition(leaves, part, depth + 1);
  switch (node.op) {
    case 'and':
      return both(...node.nodes.map(inner));
    case 'or':
      return either(...node.nodes.map(inner));
    case 'not':
      return negated(inner(node.node));
    case 'id':
      return amongTexts('r.id', node.ids);
    case 'lastUpdated':
      return lastUpdatedCondition('r.updated', node);
    case 'missing':
      return node.missing ? negated(present(leaves, node.param)) : present(leaves, node.param);
    default:
      return exists(leaves.leaf(node));
  }
}

function negated(condition: Fragment): Fragment {
  if (condition === always) return never;
  if (condition === never) return always;
  return { sql: `NOT ${condition.sql}`, values: condition.values };
}

function exists(leaf: Leaf | undefined): Fragment {
  if (leaf === undefined) return never;
  const { table, where } = leaf;
  // One resource has few rows: unless the index leads to the very row, look at those.
  const by = leaf.exact ? '' : `INDEXED BY ix_${table}_rid`;
  const sql = `EXISTS (SELECT 1 FROM ix_${table} x ${by} WHERE x.rid = r.rid AND ${where.sql})`;
  return { sql, values: where.values };
}

const tableOfKind: Readonly<Record<IndexEntry['kind'], IndexTable>> = {
  token: 'token',
  referenceIdentifier: 'token',
  string: 'string',
  date: 'date',
  number: 'number',
  quantity: 'number',
  uri: 'uri',
  reference: 'reference',
};

/** Whether a resource has an entry of a parameter, of any kind. */
function present(leaves: Leaves, param: string): Fragment {
  const kinds = Object.keys(tableOfKind) as IndexEntry['kind'][];
  return either(
    ...kinds.map((kind) => {
      const params = leaves.params(param, kind);
      if (params.length === 0) return never;
      return exists({ table: tableOfKind[kind], where: oneOf('x.param', params), exact: false });
    }),
  );
}
