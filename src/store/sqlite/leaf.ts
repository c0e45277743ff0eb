import type { IndexEntry, SearchNode } from '../../fhir/search-ast.ts';
import type { Dictionary } from './dictionary.ts';
import { both, either, fragment, never, oneOf, type Fragment } from './fragment.ts';
import { paramName, systemName, typeName, targetBy, type IndexTable } from './index-rows.ts';
import {
  dateCondition,
  numberCondition,
  stringCondition,
  uriCondition,
} from './value-condition.ts';

/** A condition on one value: a table, and what its rows must fulfil. */
export interface Leaf {
  readonly table: IndexTable;
  readonly where: Fragment;
  /** One value is asked for: its rows come in the order of `rid`, and one resource's are found at once. */
  readonly exact: boolean;
}

type LeafNode = Exclude<
  SearchNode,
  { op: 'and' | 'or' | 'not' | 'missing' | 'id' | 'lastUpdated' }
>;

/** Turns the leaves of a search tree into conditions on index rows, for some resource types. */
export class Leaves {
  readonly #names: Dictionary;
  readonly #terms: Dictionary;
  readonly #types: readonly string[];

  constructor(names: Dictionary, terms: Dictionary, types: readonly string[]) {
    this.#names = names;
    this.#terms = terms;
    this.#types = types;
  }

  /** Ids of a parameter; empty where no resource has an entry of it. */
  params(code: string, kind: IndexEntry['kind']): number[] {
    return this.#types.flatMap((type) => this.#names.find(paramName(type, code, kind)) ?? []);
  }

  /** Undefined where nothing can match: a text that no resource has, a parameter that none has. */
  leaf(node: LeafNode): Leaf | undefined {
    const params = this.params(node.param, node.op);
    if (params.length === 0) return undefined;
    const { table, where, exact = false } = this.#rows(node);
    if (where === never) return undefined;
    return {
      table,
      where: both(oneOf('x.param', params), where),
      exact: exact && params.length === 1,
    };
  }

  #rows(node: LeafNode): { table: IndexTable; where: Fragment; exact?: boolean } {
    switch (node.op) {
      case 'token':
      case 'referenceIdentifier':
        return { table: 'token', where: this.#token(node), exact: node.code !== undefined };
      case 'reference':
        return {
          table: 'reference',
          where: this.#reference(node),
          exact: (node.url ?? node.id) !== undefined,
        };
      case 'string':
        return { table: 'string', where: stringCondition(node) };
      case 'date':
        return { table: 'date', where: dateCondition(node) };
      case 'number':
        return { table: 'number', where: numberCondition(node) };
      case 'quantity':
        return { table: 'number', where: this.#quantity(node) };
      case 'uri':
        return { table: 'uri', where: uriCondition(node) };
    }
  }

  #token(node: { system?: string | null; code?: string }): Fragment {
    const parts: Fragment[] = [];
    if (node.code !== undefined) parts.push(this.#equalTerm('x.code', node.code));
    if (node.system !== undefined) parts.push(this.#equalSystem(node.system));
    return both(...parts);
  }

  #reference(node: Extract<LeafNode, { op: 'reference' }>): Fragment {
    const parts: Fragment[] = [];
    if (node.url !== undefined) {
      parts.push(this.#equalTerm('x.target', node.url), fragment('x.by = ?', targetBy.url));
      if (node.id !== undefined) parts.push(this.#equalTerm('x.other', node.id));
    } else if (node.id !== undefined) {
      parts.push(this.#equalTerm('x.target', node.id), fragment('x.by = ?', targetBy.id));
    }
    if (node.type !== undefined) {
      parts.push(equalId('x.type', this.#names.find(typeName(node.type))));
    }
    if (node.version !== undefined) parts.push(this.#equalTerm('x.version', node.version));
    return both(...parts);
  }

  #quantity(node: Extract<LeafNode, { op: 'quantity' }>): Fragment {
    const parts = [numberCondition(node)];
    if (node.system !== undefined) parts.push(this.#equalSystem(node.system));
    if (node.code !== undefined) {
      const isCode = this.#equalTerm('x.code', node.code);
      const isUnit = this.#equalTerm('x.unit', node.code);
      parts.push(node.system === undefined ? either(isCode, isUnit) : isCode);
    }
    return both(...parts);
  }

  #equalTerm(column: string, text: string): Fragment {
    return equalId(column, this.#terms.find(text));
  }

  #equalSystem(system: string | null): Fragment {
    return equalId('x.system', system === null ? 0 : this.#names.find(systemName(system)));
  }
}

function equalId(column: string, id: number | undefined): Fragment {
  return id === undefined ? never : fragment(`${column} = ?`, id);
}
