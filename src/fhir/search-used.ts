/** What a search reads of the index. */
import type { SearchNode, SearchQuery } from './search-ast.ts';

/** A search parameter of a resource type. */
export interface UsedParameter {
  readonly type: string;
  readonly param: string;
}

/**
 * The parameters whose entries a search depends on, those of chained types and of the sort among them; each once,
 * in the order of the query. `_id` and `_lastUpdated`, which need no entries, are not among them.
 */
export function usedParameters(
  query: Pick<SearchQuery, 'types' | 'where' | 'sort'>,
): readonly UsedParameter[] {
  const used = new Map<string, UsedParameter>();
  const note = (types: readonly string[], name: string): void => {
    // What is indexed apart for a modifier (`identifier:of-type`) belongs to its parameter.
    const param = name.replace(/:.*$/, '');
    for (const type of types) used.set(`${type}.${param}`, { type, param });
  };
  noteNode(query.types, query.where, note);
  for (const { param, kind } of query.sort) {
    if (kind !== 'id' && kind !== 'lastUpdated') note(query.types, param);
  }
  return [...used.values()];
}

function noteNode(
  types: readonly string[],
  node: SearchNode,
  note: (types: readonly string[], param: string) => void,
): void {
  switch (node.op) {
    case 'and':
    case 'or':
      for (const part of node.nodes) noteNode(types, part, note);
      return;
    case 'not':
      noteNode(types, node.node, note);
      return;
    case 'id':
    case 'type':
    case 'content':
    case 'lastUpdated':
      return;
    case 'other':
      note(types, node.leaf.param);
      return;
    case 'chain':
      note(types, node.param);
      noteNode([node.type], node.where, note);
      return;
    case 'has':
      note([node.type], node.param);
      noteNode([node.type], node.where, note);
      return;
    default:
      note(types, node.param);
  }
}
