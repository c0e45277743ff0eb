import type { IndexEntry, SearchNode } from '../fhir/search-ast.ts';
import { allowed, compartmentFilter } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import type { Store } from '../store/store.ts';

/** The resource that links are followed from. */
export interface LinkSource {
  readonly type: string;
  readonly id: string;
  readonly entries: readonly IndexEntry[];
}

const always: SearchNode = { op: 'and', nodes: [] };
const never: SearchNode = { op: 'or', nodes: [] };

/**
 * The tree with its chains and `_has` replaced by what they come to for one resource, by the other resources as they stand
 * now, and by those alone that the owner could find; so that the rest can be judged by the one resource.
 */
export async function withoutLinks(
  store: Store,
  owner: Principal,
  node: SearchNode,
  source: LinkSource,
): Promise<SearchNode> {
  const inner = async (part: SearchNode): Promise<SearchNode> =>
    withoutLinks(store, owner, part, source);
  switch (node.op) {
    case 'and':
    case 'or':
      return { op: node.op, nodes: await Promise.all(node.nodes.map(inner)) };
    case 'not':
      return { op: 'not', node: await inner(node.node) };
    case 'chain': {
      const ids = source.entries.flatMap((entry) => {
        const isLink = entry.kind === 'reference' && entry.param === node.param;
        return isLink && entry.type === node.type && entry.id !== null ? [entry.id] : [];
      });
      if (ids.length === 0) return never;
      return isFound(store, owner, node, { op: 'id', ids: [...new Set(ids)] });
    }
    case 'has': {
      const { type, id } = source;
      return isFound(store, owner, node, { op: 'reference', param: node.param, type, id });
    }
    default:
      return node;
  }
}

async function isFound(
  store: Store,
  owner: Principal,
  { type, where }: { readonly type: string; readonly where: SearchNode },
  link: SearchNode,
): Promise<SearchNode> {
  const seen = confined(owner, type, where);
  if (seen === undefined) return never;
  const page = await store.search({
    types: [type],
    where: { op: 'and', nodes: [link, seen] },
    sort: [],
    count: 1,
    total: 'none',
  });
  return page.matches.length > 0 ? always : never;
}

/** What the owner could find of a type; undefined where that is nothing. */
function confined(owner: Principal, type: string, where: SearchNode): SearchNode | undefined {
  if (!allowed(owner, 'search-type', type)) return undefined;
  const filter = compartmentFilter(owner, type);
  const inner = confinedLinks(owner, where);
  return filter === undefined ? inner : { op: 'and', nodes: [filter, inner] };
}

function confinedLinks(owner: Principal, node: SearchNode): SearchNode {
  switch (node.op) {
    case 'and':
    case 'or':
      return { op: node.op, nodes: node.nodes.map((each) => confinedLinks(owner, each)) };
    case 'not':
      return { op: 'not', node: confinedLinks(owner, node.node) };
    case 'chain':
    case 'has': {
      const where = confined(owner, node.type, node.where);
      return where === undefined ? never : { ...node, where };
    }
    default:
      return node;
  }
}
