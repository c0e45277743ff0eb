import type { Collection, Document } from 'mongodb';
import type { SearchNode } from '../../fhir/search-ast.ts';
import { fail } from '../../fhir/issue.ts';
import { latitudesWithin, metersBetween } from '../../fhir/position.ts';
import { limits } from '../../limits.ts';
import { resourceFilter, type PlainNode } from './filter.ts';
import { indexKey, rangeName } from './index-key.ts';
import type { ResourceDocument } from './layout.ts';

type NodeOf<Op extends SearchNode['op']> = Extract<SearchNode, { readonly op: Op }>;
type Found = Pick<ResourceDocument, 'id' | 'points' | 'references'>;

/**
 * Replaces what a tree says of other resources, or of distances, by the ids or keys which that comes to: a query
 * for each such node, innermost first. More than `limits.searchResolvedMax` of them are refused.
 */
export class Resolver {
  readonly #resources: Collection<ResourceDocument>;

  constructor(resources: Collection<ResourceDocument>) {
    this.#resources = resources;
  }

  async resolve(types: readonly string[], node: SearchNode, depth = 0): Promise<PlainNode> {
    if (depth > limits.searchDepthMax) {
      fail('limit', `The search is nested deeper than ${limits.searchDepthMax}`);
    }
    switch (node.op) {
      case 'and':
      case 'or': {
        const nodes: PlainNode[] = [];
        for (const inner of node.nodes) nodes.push(await this.resolve(types, inner, depth + 1));
        return { op: node.op, nodes };
      }
      case 'not':
        return { op: 'not', node: await this.resolve(types, node.node, depth + 1) };
      case 'content':
        return fail('not-supported', '_content is not offered on MongoDB; _text is');
      case 'near':
        return this.#near(types, node);
      case 'chain':
        return this.#chain(node, depth);
      case 'has':
        return this.#has(types, node, depth);
      default:
        return node;
    }
  }

  /** By latitude from the index, then measured. */
  async #near(types: readonly string[], node: NodeOf<'near'>): Promise<PlainNode> {
    const nodes: PlainNode[] = [];
    for (const type of types) {
      const p = rangeName(type, node.param, 'position');
      const { lo, hi } = latitudesWithin(node, node.meters);
      const candidates = this.#find(
        { type, live: true, points: { $elemMatch: { p, latitude: { $gte: lo, $lte: hi } } } },
        { id: 1, points: 1 },
      );
      const keys = new Set<string>();
      for await (const { id, points = [] } of candidates) {
        const isNear = points.some(
          (point) => point.p === p && metersBetween(point, node) <= node.meters,
        );
        if (isNear) add(keys, id, node.param);
      }
      nodes.push(ofType(type, keys));
    }
    return { op: 'or', nodes };
  }

  async #chain({ param, type, where }: NodeOf<'chain'>, depth: number): Promise<PlainNode> {
    const filter = resourceFilter([type], await this.resolve([type], where, depth + 1));
    const keys = new Set<string>();
    for await (const { id } of this.#find(filter, { id: 1 })) {
      add(keys, indexKey.target(param, type, id), param);
    }
    return { op: 'keys', keys: [...keys] };
  }

  async #has(types: readonly string[], node: NodeOf<'has'>, depth: number): Promise<PlainNode> {
    const { param, type, where } = node;
    const inner = await this.resolve([type], where, depth + 1);
    const filter = resourceFilter([type], {
      op: 'and',
      nodes: [
        { op: 'or', nodes: types.map((self) => ({ op: 'reference', param, type: self })) },
        inner,
      ],
    });
    const named = new Map(types.map((self) => [self, new Set<string>()]));
    for await (const { references = [] } of this.#find(filter, { references: 1 })) {
      for (const reference of references) {
        if (reference.p !== param || reference.id === null) continue;
        const ids = named.get(reference.type ?? '');
        if (ids !== undefined) add(ids, reference.id, param);
      }
    }
    return { op: 'or', nodes: [...named].map(([self, ids]) => ofType(self, ids)) };
  }

  #find(filter: Document, projection: Document): AsyncIterable<Found> {
    return this.#resources.find(filter as object, {
      projection: { _id: 0, ...projection },
      ...{ batchSize: limits.mongoBatchMax, maxTimeMS: limits.mongoSearchTimeoutMs },
    });
  }
}

/** These ids, of one type: an id alone may be of several. */
function ofType(type: string, ids: ReadonlySet<string>): PlainNode {
  return { op: 'resources', keys: [...ids].map((id) => `${type}/${id}`) };
}

function add(found: Set<string>, text: string, param: string): void {
  found.add(text);
  if (found.size <= limits.searchResolvedMax) return;
  fail(
    'limit',
    `More than ${limits.searchResolvedMax} resources fulfil the inner condition of "${param}"` +
      ' (searchResolvedMax); narrow it',
  );
}
