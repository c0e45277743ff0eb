import type { SearchNode } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import { contentCondition } from './content-condition.ts';
import type { Dictionary } from './dictionary.ts';
import {
  amongTexts,
  both,
  either,
  fragment,
  negated,
  never,
  oneOf,
  type Fragment,
} from './fragment.ts';
import { typeName } from './row-coder.ts';
import { inEntry } from './index-table.ts';
import { hasRow, Leaves } from './leaf.ts';
import { lastUpdatedCondition } from './value-condition.ts';

/** Turns a search tree into a condition on a row `r` of `resource`. */
export class SearchCondition {
  readonly #names: Dictionary;

  constructor(names: Dictionary) {
    this.#names = names;
  }

  /** Live resources of some types that fulfil the tree. */
  live(types: readonly string[], where: SearchNode): Fragment {
    return this.#live(types, where, 0);
  }

  #live(types: readonly string[], where: SearchNode, depth: number): Fragment {
    const condition = this.#tree(new Leaves(this.#names, types), where, depth);
    return both(oneOf('r.type', this.#typeIds(types)), fragment('r.deleted = 0'), condition);
  }

  #typeIds(types: readonly string[]): number[] {
    return types.flatMap((type) => this.#names.find(typeName(type)) ?? []);
  }

  #tree(leaves: Leaves, node: SearchNode, depth: number): Fragment {
    if (depth > limits.searchDepthMax) {
      fail('limit', `The search is nested deeper than ${limits.searchDepthMax}`);
    }
    const inner = (part: SearchNode): Fragment => this.#tree(leaves, part, depth + 1);
    switch (node.op) {
      case 'and': {
        const within = leaves.within(node.nodes);
        return both(...node.nodes.map((part) => this.#tree(within, part, depth + 1)));
      }
      case 'or':
        return either(...node.nodes.map(inner));
      case 'not':
        return negated(inner(node.node));
      case 'id':
        return amongTexts('r.id', node.ids);
      case 'type':
        return oneOf('r.type', this.#typeIds(node.types));
      case 'content':
        return contentCondition(node.words);
      case 'lastUpdated':
        return lastUpdatedCondition('r.updated', node);
      case 'missing': {
        const present = hasParam(leaves, node.param);
        return node.missing ? negated(present) : present;
      }
      case 'chain':
        return this.#chain(leaves, node, depth + 1);
      case 'has':
        return this.#has(node, depth + 1);
      default: {
        const leaf = leaves.leaf(node);
        return leaf === undefined ? never : hasRow(leaf);
      }
    }
  }

  /** Within the inner SELECTs, `r` is the resource at the other end. */
  #chain(leaves: Leaves, node: Extract<SearchNode, { op: 'chain' }>, depth: number): Fragment {
    const reference = leaves.referenceTo(node.param, node.type, 'r.id');
    const target = this.#live([node.type], node.where, depth);
    if (reference === undefined || target === never) return never;
    const at = inEntry('reference');
    const where = both(target, reference.where(at));
    return either(
      ...reference.params.map((param) => ({
        sql: `EXISTS (SELECT 1 FROM json_each(r.entries, '$.${param}') x
              WHERE EXISTS (SELECT 1 FROM resource r WHERE ${where.sql}))`,
        values: where.values,
      })),
    );
  }

  #has(node: Extract<SearchNode, { op: 'has' }>, depth: number): Fragment {
    const source = this.#live([node.type], node.where, depth);
    const params = new Leaves(this.#names, [node.type]).params(node.param, 'reference');
    if (source === never || params.length === 0) return never;
    const rows = oneOf('x.param', params);
    return {
      sql: `EXISTS (SELECT 1 FROM ix_reference x
            WHERE ${rows.sql} AND x.target = r.id AND x.by = 0 AND x.type = r.type
            AND EXISTS (SELECT 1 FROM resource r WHERE r.rid = x.rid AND ${source.sql}))`,
      values: [...rows.values, ...source.values],
    };
  }
}

/** Whether the resource `r` has an entry of a parameter, of any kind. */
function hasParam(leaves: Leaves, param: string): Fragment {
  const present = leaves
    .paramsOfAnyKind(param)
    .map((id) => fragment(`json_type(r.entries, '$.${id}') IS NOT NULL`));
  return either(...present);
}
