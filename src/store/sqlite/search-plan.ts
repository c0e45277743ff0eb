import type { SearchNode, SearchQuery } from '../../fhir/search-ast.ts';
import { limits } from '../../limits.ts';
import { contentRids } from './content-condition.ts';
import type { Dictionary } from './dictionary.ts';
import { amongTexts, both, fragment, never, oneOf, type Fragment } from './fragment.ts';
import { typeName } from './row-coder.ts';
import { inEntry } from './index-table.ts';
import { Leaves, ridsOf, typesWithin, type Leaf, type LeafNode } from './leaf.ts';
import { SearchCondition } from './search-condition.ts';
import { SearchStamps } from './search-stamps.ts';
import type { Statements } from './statements.ts';
import { lastUpdatedCondition } from './value-condition.ts';

/** A condition on the rid that a column names. */
export type Guard = (rid: string) => Fragment;

/**
 * A search as SQL over `resource r`, for one read transaction. What it starts from is looked for when it is first
 * asked for.
 */
export class SearchPlan {
  /** Live resources of the asked types that fulfil the tree. */
  readonly where: Fragment;
  /** The same, whoever reads: a connection may look at more than that in `where`. */
  readonly asked: Fragment;
  readonly #made: PlanOptions;
  readonly #conjuncts: readonly SearchNode[];
  #found: { readonly start: Start | undefined } | undefined;
  #name: string | undefined;
  #stamp: string | undefined;

  constructor(asked: Fragment, made: PlanOptions) {
    const { node, guard } = made;
    this.asked = asked;
    this.where = guard === undefined || asked === never ? asked : both(guard('r.rid'), asked);
    this.#conjuncts = conjuncts(node);
    this.#made = made;
  }

  /** What the search asks for, as text. */
  get name(): string {
    return (this.#name ??= JSON.stringify([this.asked.sql, ...this.asked.values]));
  }

  /** What the data looks like: as long as it does, what the search came to holds (search-stamps.ts). */
  get stamp(): string {
    return (this.#stamp ??= this.#made.stamp());
  }

  /** The condition with the fewest index rows, where an index serves one. */
  get start(): Start | undefined {
    this.#found ??= { start: this.asked === never ? undefined : this.#made.find() };
    return this.#found.start;
  }

  /** Whether the start leads to fewer than limits.searchProbeRows resources, so that all of them are soon read. */
  get isShort(): boolean {
    // What an id says is found one by one, whatever the search starts from.
    const byId = this.#conjuncts.some(({ op }) => op === 'id');
    return this.asked === never || byId || isShort(this.start);
  }

  /** Where the start is all that is asked: its rids, some twice, are what matches, and none needs to be looked up. */
  get answer(): Fragment | undefined {
    const [only, ...more] = this.#conjuncts;
    if (more.length > 0 || !isAnswered(only)) return undefined;
    return only === this.start?.node ? this.start?.rids : undefined;
  }
}

interface PlanOptions {
  readonly node: SearchNode;
  readonly guard: Guard | undefined;
  readonly find: () => Start | undefined;
  readonly stamp: () => string;
}

/** A condition that an index answers. */
export interface Start {
  readonly node: SearchNode;
  readonly rids: Fragment;
  /** How many index rows it has; limits.searchProbeRows stands for that many or more. */
  readonly rows: number;
  /** The rids themselves, some twice, where there are few. */
  readonly few: readonly number[] | undefined;
  /** Where its index gives the rids in order, so that a page can stop early however many there are. */
  readonly stream: Leaf | undefined;
}

/** Compiles one search tree. Every value is bound. */
export class SearchPlanner {
  readonly #statements: Statements;
  readonly #names: Dictionary;
  readonly #stamps: SearchStamps;

  constructor(statements: Statements, names: Dictionary) {
    this.#statements = statements;
    this.#names = names;
    this.#stamps = new SearchStamps(statements, names);
  }

  leaves(types: readonly string[]): Leaves {
    return new Leaves(this.#names, types);
  }

  typeIds(types: readonly string[]): number[] {
    return types.flatMap((type) => this.#names.find(typeName(type)) ?? []);
  }

  plan({ types, where }: Pick<SearchQuery, 'types' | 'where'>, guard?: Guard): SearchPlan {
    const asked = new SearchCondition(this.#names).live(types, where);
    const find = (): Start | undefined => this.#narrowest(this.#paths(types, conjuncts(where)));
    const stamp = (): string => this.#stamps.stamp({ types, where });
    return new SearchPlan(asked, { node: where, guard, find, stamp });
  }

  /**
   * The conjunct with the fewest index rows. Counting stops early, so that this stays cheap;
   * first none is looked at far, so that a short one costs no count of the long ones.
   */
  #narrowest(paths: readonly (Path & Pick<Start, 'node'>)[]): Start | undefined {
    const seen = paths.map((path) => ({ ...path, few: this.#first(path, shortRows) }));
    const [least] = seen.sort((a, b) => a.few.length - b.few.length);
    if (least === undefined) return undefined;
    if (least.few.length < shortRows) return { ...least, rows: least.few.length };
    const counted = seen.map((path) => {
      return { ...path, few: undefined, rows: this.countRows(path, limits.searchProbeRows) };
    });
    const [fewest] = counted.sort((a, b) => a.rows - b.rows);
    if (fewest !== undefined && fewest.rows < limits.searchProbeRows) return fewest;
    return counted.find(({ stream }) => stream !== undefined) ?? fewest;
  }

  #first({ rids }: Path, count: number): number[] {
    const sql = `SELECT rid FROM (${rids.sql}) LIMIT ?`;
    return this.#statements.query<[number]>(sql, [...rids.values, count]).map(([rid]) => rid);
  }

  /** Index rows of a condition, counted up to a bound. */
  countRows({ rids }: Path, upTo: number): number {
    const sql = `SELECT count(*) FROM (${rids.sql} LIMIT ?)`;
    return this.#statements.query<[number]>(sql, [...rids.values, upTo])[0]?.[0] ?? 0;
  }

  /** One for each condition that an index serves; those that make a period together have one. */
  #paths(types: readonly string[], nodes: readonly SearchNode[]): (Path & Pick<Start, 'node'>)[] {
    const periods = Map.groupBy(nodes, (node) =>
      node.op === 'date' ? node.param : node.op === 'lastUpdated' ? updatedPeriod : undefined,
    );
    return [...periods].flatMap(([param, parts]) => {
      const [node] = parts;
      if (param === undefined || parts.length < 2 || node === undefined) {
        return parts.flatMap((part) => {
          const path = this.#pathOf(types, part);
          return path === undefined ? [] : { ...path, node: part };
        });
      }
      const rids =
        param === updatedPeriod
          ? this.#updated(types, parts.filter(isUpdated))
          : this.leaves(types).period(param, parts.filter(isDate));
      return rids === undefined ? [] : { ...startFrom(rids), node };
    });
  }

  /** The rids a node selects, where its index gives them directly. */
  #pathOf(types: readonly string[], node: SearchNode): Path | undefined {
    switch (node.op) {
      case 'and':
      case 'not':
      case 'missing':
        return undefined;
      case 'id':
      case 'type':
        return undefined;
      case 'content': {
        const rids = contentRids(node.words);
        return rids === undefined ? undefined : startFrom(rids);
      }
      case 'lastUpdated':
        return startFrom(this.#updated(types, [node]));
      case 'or':
        return this.#union(types, node.nodes);
      case 'chain':
        return this.#referring(types, node);
      case 'has':
        return this.#referred(node);
      default: {
        const leaf = this.leaves(types).leaf(node);
        if (leaf === undefined) return nothing;
        if (!isIndexed(node)) return undefined;
        return { rids: ridsOf(leaf), stream: leaf.exact ? leaf : undefined };
      }
    }
  }

  #updated(types: readonly string[], nodes: readonly UpdatedNode[]): Fragment {
    const live = both(
      oneOf('r.type', this.typeIds(types)),
      fragment('r.deleted = 0'),
      ...nodes.map((node) => lastUpdatedCondition('r.updated', node)),
    );
    const from = 'resource r INDEXED BY resource_updated';
    return { sql: `SELECT r.rid FROM ${from} WHERE ${live.sql}`, values: live.values };
  }

  #union(types: readonly string[], nodes: readonly SearchNode[]): Path | undefined {
    if (nodes.length === 0 || nodes.length > maxUnion) return undefined;
    const sets: Path[] = [];
    for (const node of nodes) {
      const path = this.#alternative(types, node);
      if (path === undefined) return undefined;
      sets.push(path);
    }
    return startFrom({
      sql: sets.map(({ rids }) => rids.sql).join(' UNION ALL '),
      values: sets.flatMap(({ rids }) => rids.values),
    });
  }

  /** The rids of one alternative, or more: of what must hold together one index is enough. */
  #alternative(types: readonly string[], node: SearchNode): Path | undefined {
    if (node.op === 'id') return startFrom(this.#byId(types, node.ids));
    if (node.op !== 'and') return this.#pathOf(types, node);
    const within = typesWithin(types, node.nodes);
    for (const part of node.nodes) {
      const path = this.#alternative(within, part);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  #byId(types: readonly string[], ids: readonly string[]): Fragment {
    const named = both(oneOf('r.type', this.typeIds(types)), amongTexts('r.id', ids));
    return { sql: `SELECT r.rid FROM resource r WHERE ${named.sql}`, values: named.values };
  }

  /** What refers to the few resources that a chain leads to. */
  #referring(
    types: readonly string[],
    { param, type, where }: Extract<SearchNode, { op: 'chain' }>,
  ): Path | undefined {
    const target = this.#few(type, where);
    const leaf = this.leaves(types).referenceTo(param, type, 'r.id');
    if (target === undefined || leaf === undefined) return undefined;
    const rows = both(
      oneOf('x.param', leaf.params),
      leaf.where((name) => `x.${name}`),
    );
    return startFrom({
      sql: `SELECT x.rid FROM resource r CROSS JOIN ix_reference x WHERE ${target.sql} AND ${rows.sql}`,
      values: [...target.values, ...rows.values],
    });
  }

  /** What the few resources refer to that fulfil the condition of a `has`. */
  #referred({ type, param, where }: Extract<SearchNode, { op: 'has' }>): Path | undefined {
    const source = this.#few(type, where);
    const [id] = this.leaves([type]).params(param, 'reference');
    if (source === undefined || id === undefined) return undefined;
    const at = inEntry('reference');
    return startFrom({
      sql: `SELECT o.rid FROM resource r CROSS JOIN json_each(r.entries, '$.${id}') x
            CROSS JOIN resource o
            WHERE ${source.sql} AND o.type = ${at('type')} AND o.id = ${at('target')}
            AND ${at('by')} = 0`,
      values: source.values,
    });
  }

  /** A condition for the resources `r` of a chain's other end, where an index leads to few of them. */
  #few(type: string, where: SearchNode): Fragment | undefined {
    const named = conjuncts(where).find((node) => node.op === 'id');
    if (named !== undefined && named.ids.length <= limits.searchProbeRows) {
      return new SearchCondition(this.#names).live([type], where);
    }
    const plan = this.plan({ types: [type], where });
    const { start } = plan;
    if (!isShort(start)) return undefined;
    return both({ sql: `r.rid IN (${start.rids.sql})`, values: start.rids.values }, plan.where);
  }
}

/** A condition with fewer index rows than this is the start without a look at how many others have. */
const shortRows = 64;

type Path = Omit<Start, 'node' | 'rows' | 'few'>;
type UpdatedNode = Extract<SearchNode, { op: 'lastUpdated' }>;
type DateNode = Extract<SearchNode, { op: 'date' }>;

const updatedPeriod = Symbol('lastUpdated');
const isUpdated = (node: SearchNode): node is UpdatedNode => node.op === 'lastUpdated';
const isDate = (node: SearchNode): node is DateNode => node.op === 'date';

export function isShort(start: Start | undefined): start is Start {
  return start !== undefined && start.rows < limits.searchProbeRows;
}

/** Whether an index has the rows of a condition together: otherwise all of a parameter would be read. */
function isIndexed(node: LeafNode): boolean {
  switch (node.op) {
    case 'reference':
      return (node.url ?? node.id) !== undefined;
    case 'string':
      return node.match !== 'contains' && node.match !== 'suffix';
    case 'token':
    case 'referenceIdentifier':
      return node.code !== undefined;
    case 'other':
      return false;
    default:
      return !('prefix' in node && node.prefix === 'ne');
  }
}

const answeredOps: ReadonlySet<SearchNode['op']> = new Set([
  ...(['token', 'string', 'date', 'number', 'quantity', 'ucum', 'uri'] as const),
  ...(['reference', 'referenceIdentifier', 'lastUpdated'] as const),
]);

/** Whether the index rows of a condition are those that fulfil it, and no more. */
function isAnswered(node: SearchNode | undefined): boolean {
  if (node === undefined) return false;
  if (node.op === 'or') return node.nodes.every(isAnswered);
  return answeredOps.has(node.op);
}

/** A condition that no resource fulfils, as none has the parameter: one of several, it leads nowhere and hinders none. */
const nothing: Path = { rids: fragment('SELECT 0 AS rid WHERE 0'), stream: undefined };

function startFrom(rids: Fragment): Path {
  return { rids, stream: undefined };
}

/**
 * What is read: the resources that a condition leads to, or all. Without the hint SQLite takes an index in the sort's
 * order instead of the few rids, and reads all of a type.
 */
export function sourceOf(start: Start | undefined): Fragment {
  if (start === undefined) return { sql: 'resource r WHERE', values: [] };
  const { sql, values } = start.rids;
  const hint = isShort(start) ? 'NOT INDEXED' : '';
  return { sql: `resource r ${hint} WHERE r.rid IN (${sql}) AND`, values };
}

export function conjuncts(node: SearchNode): readonly SearchNode[] {
  return node.op === 'and' ? node.nodes.flatMap(conjuncts) : [node];
}

/** SQLite takes 500 parts of a compound SELECT. */
const maxUnion = 100;
