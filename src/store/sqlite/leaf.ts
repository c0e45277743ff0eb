import type { SearchLeaf, SearchNode, WithoutParam } from '../../fhir/search-ast.ts';
import { latitudesWithin } from '../../fhir/position.ts';
import type { Dictionary } from './dictionary.ts';
import { both, either, fragment, negated, never, oneOf, type Fragment } from './fragment.ts';
import {
  boundedInteger,
  boundedReal,
  paramName,
  partsName,
  systemName,
  typeName,
} from './row-coder.ts';
import {
  entryKinds,
  inEntry,
  inPart,
  inTable,
  tableOfKind,
  targetBy,
  type Columns,
  type IndexTable,
} from './index-table.ts';
import {
  beginsWith,
  dateCondition,
  numberCondition,
  stringCondition,
  uriCondition,
} from './value-condition.ts';

/** A condition on one value: which rows of which table fulfil it. */
export interface Leaf {
  readonly table: IndexTable;
  readonly params: readonly number[];
  /** What a row must fulfil besides being of one of `params`. */
  readonly where: (at: Columns) => Fragment;
  /** Conditions that an index serves, each with its own; together they give the rows of `where`. */
  readonly scans: readonly Scan[];
  /** One value is asked for: its rows come in the order of `rid`, and one resource's are found at once. */
  readonly exact: boolean;
}

/** A way to read an index table. */
export interface Scan {
  /** Empty: the table's own order. */
  readonly by: '' | `INDEXED BY ix_${'date_long' | 'number_wide' | 'string_other'}`;
  readonly where: Fragment;
}

/** A node that is judged by one entry. */
export type LeafNode = SearchLeaf | Extract<SearchNode, { op: 'composite' | 'near' | 'other' }>;
type Value = WithoutParam<SearchLeaf>;
type ValueOf<Op extends Value['op']> = Extract<Value, { op: Op }>;

/** Turns the leaves of a search tree into conditions on index rows, for some resource types. */
export class Leaves {
  readonly #names: Dictionary;
  readonly #types: readonly string[];

  constructor(names: Dictionary, types: readonly string[]) {
    this.#names = names;
    this.#types = types;
  }

  /** The same for the types of which all of the conditions can hold. */
  within(nodes: readonly SearchNode[]): Leaves {
    const types = typesWithin(this.#types, nodes);
    return types === this.#types ? this : new Leaves(this.#names, types);
  }

  /** Ids of a parameter; empty where no resource has an entry of it. */
  params(code: string, kind: Parameters<typeof paramName>[2]): number[] {
    return this.#types.flatMap((type) => this.#names.find(paramName(type, code, kind)) ?? []);
  }

  /** The same for all kinds of entries that the parameter has. */
  paramsOfAnyKind(code: string): number[] {
    return entryKinds.flatMap((kind) => this.params(code, kind));
  }

  /** Undefined where nothing can match: a parameter that no resource has, a unit that none has. */
  leaf(node: LeafNode): Leaf | undefined {
    const { op, param } = node.op === 'other' ? node.leaf : node;
    const kind = op === 'near' ? 'position' : op;
    const params = this.params(param, kind);
    const where = (at: Columns): Fragment => this.#where(node, at);
    if (params.length === 0 || where(inTable) === never) return undefined;
    const exact = params.length === 1 && isExact(node);
    return { table: tableOfKind[kind], params, where, scans: scansOf(node, where(inTable)), exact };
  }

  /**
   * Resources one of whose dates fulfils all of the conditions, and those that have several dates: whatever else
   * holds, what fulfils each is among them.
   */
  period(param: string, nodes: readonly LeafNode[]): Fragment | undefined {
    const leaves = nodes.flatMap((node) => this.leaf(node) ?? []);
    const [first] = leaves.sort((a, b) => b.scans.length - a.scans.length);
    if (first === undefined || leaves.length < nodes.length) return undefined;
    const others = leaves.slice(1).map(({ where }) => where(inTable));
    const scans = first.scans.map(({ by, where }) => ({ by, where: both(where, ...others) }));
    const one = ridsOf({ ...first, scans });
    const several = oneOf('x.param', this.params(param, 'several'));
    if (several === never) return one;
    return {
      sql: `${one.sql} UNION ALL SELECT x.rid FROM ix_several x WHERE ${several.sql}`,
      values: [...one.values, ...several.values],
    };
  }

  /** References by type and id to resources `target` of `type`; undefined where there is none. */
  referenceTo(param: string, type: string, target: string): Leaf | undefined {
    const params = this.params(param, 'reference');
    const typeId = this.#names.find(typeName(type));
    if (params.length === 0 || typeId === undefined) return undefined;
    const where = (at: Columns): Fragment =>
      both(
        fragment(`${at('target')} = ${target}`),
        fragment(`${at('by')} = ${targetBy.id}`),
        fragment(`${at('type')} = ?`, typeId),
      );
    const scans = [{ by: '', where: where(inTable) }] as const;
    return { table: 'reference', params, where, scans, exact: false };
  }

  #where(node: LeafNode, at: Columns): Fragment {
    switch (node.op) {
      case 'composite':
        return this.#composite(node, at);
      case 'near':
        return nearCondition(node, at);
      case 'other':
        return negated(this.#value(node.leaf, at));
      default:
        return this.#value(node, at);
    }
  }

  #value(node: Value, at: Columns): Fragment {
    switch (node.op) {
      case 'token':
      case 'referenceIdentifier':
        return this.#token(node, at);
      case 'reference':
        return this.#reference(node, at);
      case 'string':
        return stringCondition(node, at);
      case 'date':
        return dateCondition(node, at);
      case 'number':
        return numberCondition(node, at);
      case 'quantity':
        return this.#quantity(node, at);
      case 'ucum':
        return both(fragment(`${at('code')} = ?`, node.unit), numberCondition(node, at));
      case 'uri':
        return uriCondition(node, at);
    }
  }

  #composite({ parts }: Extract<LeafNode, { op: 'composite' }>, row: Columns): Fragment {
    const kinds = this.#names.find(partsName(parts.map(({ op }) => op)));
    const tables = parts.map(({ op }) => tableOfKind[op]);
    return both(
      equalId(row('kinds'), kinds),
      ...parts.map((part, at) => this.#value(part, inPart(tables, at, row))),
    );
  }

  #token(node: Pick<ValueOf<'token'>, 'system' | 'code'>, at: Columns): Fragment {
    const parts: Fragment[] = [];
    if (node.code !== undefined) parts.push(fragment(`${at('code')} = ?`, node.code));
    if (node.system !== undefined) parts.push(this.#equalSystem(node.system, at));
    return both(...parts);
  }

  #reference(node: ValueOf<'reference'>, at: Columns): Fragment {
    const parts: Fragment[] = [];
    if (node.url !== undefined) {
      parts.push(fragment(`${at('target')} = ? AND ${at('by')} = ${targetBy.url}`, node.url));
      if (node.id !== undefined) parts.push(fragment(`${at('other')} = ?`, node.id));
    } else if (node.id !== undefined) {
      parts.push(fragment(`${at('target')} = ? AND ${at('by')} = ${targetBy.id}`, node.id));
    }
    if (node.type !== undefined) {
      parts.push(equalId(at('type'), this.#names.find(typeName(node.type))));
    }
    if (node.version !== undefined) parts.push(fragment(`${at('version')} = ?`, node.version));
    return both(...parts);
  }

  #quantity(node: ValueOf<'quantity'>, at: Columns): Fragment {
    const parts = [numberCondition(node, at)];
    if (node.system !== undefined) parts.push(this.#equalSystem(node.system, at));
    if (node.code !== undefined) {
      const isCode = fragment(`${at('code')} = ?`, node.code);
      const isUnit = fragment(`${at('unit')} = ?`, node.code);
      parts.push(node.system === undefined ? either(isCode, isUnit) : isCode);
    }
    return both(...parts);
  }

  #equalSystem(system: string | null, at: Columns): Fragment {
    return equalId(at('system'), system === null ? 0 : this.#names.find(systemName(system)));
  }
}

/** Of some types those that conditions on the type leave. */
export function typesWithin(
  types: readonly string[],
  nodes: readonly SearchNode[],
): readonly string[] {
  const said = nodes.flatMap((node) => (node.op === 'type' ? [node.types] : []));
  return said.length === 0
    ? types
    : types.filter((type) => said.every((some) => some.includes(type)));
}

function isExact(node: LeafNode): boolean {
  switch (node.op) {
    case 'token':
    case 'referenceIdentifier':
      return node.code !== undefined;
    case 'reference':
      return (node.url ?? node.id) !== undefined;
    default:
      return false;
  }
}

/**
 * What ends after a point is found by its beginning too where it is short: then it begins not long before. The
 * others have an index by their end.
 */
function scansOf(node: LeafNode, where: Fragment): readonly Scan[] {
  const endsLate = ['gt', 'ge', 'ap'];
  if (node.op === 'date' && endsLate.includes(node.prefix)) {
    const end = boundedInteger(node.prefix === 'gt' ? node.hi : node.lo);
    const short = fragment(`x.lo >= ? AND x.hi - x.lo <= ${dayMs}`, end - dayMs);
    const long = fragment(`x.hi > ? AND x.hi - x.lo > ${dayMs}`, end);
    return [
      { by: '', where: both(short, where) },
      { by: 'INDEXED BY ix_date_long', where: both(long, where) },
    ];
  }
  const isNumber = node.op === 'number' || node.op === 'quantity' || node.op === 'ucum';
  if (isNumber && endsLate.includes(node.prefix)) {
    const end = boundedReal(node.prefix === 'ap' ? node.lo : node.value);
    return [
      { by: '', where: both(fragment('x.lo >= ? AND x.hi <= x.lo', end), where) },
      {
        by: 'INDEXED BY ix_number_wide',
        where: both(fragment('x.hi >= ? AND x.hi > x.lo', end), where),
      },
    ];
  }
  if (node.op === 'string' && node.match === 'exact') {
    return [
      { by: '', where: both(fragment('x.folded = lower(?)', node.value), where) },
      {
        by: 'INDEXED BY ix_string_other',
        where: both(fragment('x.folded <> lower(x.exact)'), where),
      },
    ];
  }
  if (node.op === 'uri' && node.match === 'below') {
    return [{ by: '', where: both(beginsWith('x.value', node.value), where) }];
  }
  return [{ by: '', where }];
}

/** As the condition of `ix_date_long` says it. */
const dayMs = 86_400_000;

function nearCondition(node: Extract<LeafNode, { op: 'near' }>, at: Columns): Fragment {
  const { lo, hi } = latitudesWithin(node, node.meters);
  const [latitude, longitude] = [at('latitude'), at('longitude')];
  return both(
    fragment(`${latitude} >= ? AND ${latitude} <= ?`, lo, hi),
    fragment(
      `meters_between(${latitude}, ${longitude}, ?, ?) <= ?`,
      node.latitude,
      node.longitude,
      node.meters,
    ),
  );
}

function equalId(column: string, id: number | undefined): Fragment {
  return id === undefined ? never : fragment(`${column} = ?`, id);
}

/** Resources that an index leads to. */
export function ridsOf({ table, params, scans }: Leaf): Fragment {
  const ways = scans.map(({ by, where }) => {
    const rows = both(oneOf('x.param', params), where);
    return { sql: `SELECT x.rid FROM ix_${table} x ${by} WHERE ${rows.sql}`, values: rows.values };
  });
  return {
    sql: ways.map(({ sql }) => sql).join(' UNION ALL '),
    values: ways.flatMap(({ values }) => values),
  };
}

/** Whether the resource `r` has such a row, by what is kept with it. */
export function hasRow({ table, params, where, exact }: Leaf): Fragment {
  const [param] = params;
  if (exact && param !== undefined) {
    const row = both(fragment('x.param = ?', param), where(inTable), fragment('x.rid = r.rid'));
    return { sql: `EXISTS (SELECT 1 FROM ix_${table} x WHERE ${row.sql})`, values: row.values };
  }
  return either(...params.map((id) => hasEntry(id, where(inEntry(table)))));
}

function hasEntry(param: number, where: Fragment): Fragment {
  return {
    sql: `EXISTS (SELECT 1 FROM json_each(r.entries, '$.${param}') x WHERE ${where.sql})`,
    values: where.values,
  };
}
