import { GraphQLError, Kind } from 'graphql';
import type {
  FieldNode,
  FragmentDefinitionNode,
  FragmentSpreadNode,
  InlineFragmentNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import { fail, OutcomeError } from '../../fhir/issue.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { isObject } from '../body.ts';
import { argumentsOf, directiveOf } from './document.ts';
import type { Query } from './document.ts';
import { itemsOf, sliceName } from './list.ts';
import type { Item, Items } from './list.ts';
import { Output } from './output.ts';
import {
  elementPlace,
  fieldOf,
  fitsCondition,
  placeIn,
  resourcePlace,
  typeNameOf,
} from './place.ts';
import { PathFilter } from './path-filter.ts';
import type { Field, Place } from './place.ts';
import type { Found, Source } from './source.ts';

/** An object that fields are asked of. */
export interface Spot {
  readonly place: Place;
  readonly value: JsonObject;
  /** The resource that it stands in: what `#id` and `_reference` speak of. */
  readonly owner: JsonObject | undefined;
  readonly path: readonly (string | number)[];
  /** Whether values add up to lists, and what their names end with: within @flatten and @slice. */
  readonly inList: boolean;
  readonly suffix: string;
}

export interface Result {
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: readonly GraphQLError[];
}

/**
 * Runs a checked query. What cannot be read is null and an error with its path; the rest of the answer stands. Throws
 * GraphQLError where the query as a whole is too costly.
 */
export async function execute(source: Source, query: Query, spot: Spot): Promise<Result> {
  const execution = new Execution(source, query);
  const out = new Output();
  await execution.object(spot, [query.operation.selectionSet], out);
  return { data: out.value(), errors: execution.errors };
}

class Execution {
  readonly errors: GraphQLError[] = [];
  readonly #source: Source;
  readonly #query: Query;
  readonly #paths = new PathFilter();

  constructor(source: Source, query: Query) {
    this.#source = source;
    this.#query = query;
  }

  async object(spot: Spot, sets: readonly SelectionSetNode[], out: Output): Promise<void> {
    if (spot.path.length > 2 * limits.graphqlDepthMax) {
      throw new GraphQLError('The query is too deep (graphqlDepthMax)');
    }
    const groups = new Map<string, FieldNode[]>();
    const known = new Set<string>();
    for (const { selections } of sets) this.#collect(spot.place, selections, groups, known);
    for (const [key, nodes] of groups) {
      const [node] = nodes;
      if (node !== undefined) await this.#field(spot, key, [node, ...nodes.slice(1)], out);
    }
  }

  /** The fields by their name in the answer; a fragment counts once. */

  #collect(
    place: Place,
    selections: readonly SelectionNode[],
    groups: Map<string, FieldNode[]>,
    known: Set<string>,
  ): void {
    for (const node of selections) {
      this.#source.countField();
      if (!this.#isWanted(node)) continue;
      if (node.kind === Kind.FIELD) {
        const key = node.alias?.value ?? node.name.value;
        const group = groups.get(key) ?? [];
        groups.set(key, group);
        group.push(node);
        continue;
      }
      const fragment = this.#fragmentOf(node, known);
      const condition = fragment?.typeCondition?.name.value;
      if (fragment === undefined) continue;
      if (condition !== undefined && !fitsCondition(place, condition)) continue;
      this.#collect(place, fragment.selectionSet.selections, groups, known);
    }
  }

  #isWanted(node: SelectionNode): boolean {
    return (
      directiveOf(this.#query, node, 'skip')?.get('if') !== true &&
      directiveOf(this.#query, node, 'include')?.get('if') !== false
    );
  }

  /** The fragment of a selection; undefined for one that was spread here already. */
  #fragmentOf(
    node: FragmentSpreadNode | InlineFragmentNode,
    known: Set<string>,
  ): FragmentDefinitionNode | InlineFragmentNode | undefined {
    if (node.kind === Kind.INLINE_FRAGMENT) return node;
    const { value: name } = node.name;
    if (known.has(name)) return undefined;
    known.add(name);
    return this.#query.fragments.get(name);
  }

  async #field(
    spot: Spot,
    key: string,
    nodes: readonly [FieldNode, ...FieldNode[]],
    out: Output,
  ): Promise<void> {
    const [node] = nodes;
    const field = fieldOf(spot.place, node.name.value);
    const name = `${key}${spot.suffix}`;
    const path = [...spot.path, key];
    if (field === undefined) return out.declare(name);
    if (field.kind === 'typename') return out.add(name, spot.inList, typeNameOf(spot.place));
    if (field.kind === 'target') return this.#target(spot, name, nodes, out);
    try {
      const items = await this.#itemsOf(spot, field, node);
      await this.#emit({ ...spot, path }, key, { items, nodes }, out);
    } catch (error) {
      this.#failed(error, node, path);
      out.declare(name);
    }
  }

  async #itemsOf(spot: Spot, field: Field, node: FieldNode): Promise<Items> {
    const given = argumentsOf(this.#query, node);
    const { value, owner } = spot;
    switch (field.kind) {
      case 'element': {
        const { property } = field;
        const path = given.get('fhirpath');
        const held = value[property.key];
        const isFiltered = typeof path === 'string' && Array.isArray(held);
        const kept = isFiltered
          ? this.#paths.kept(held as readonly Json[], path, { type: property.type, owner })
          : held;
        return itemsOf(kept, placeIn(property), given, owner);
      }
      case 'more':
        return itemsOf(value[node.name.value], elementPlace(), given, owner);
      case 'part':
        return itemsOf(value[node.name.value], field.place, given, undefined);
      case 'read': {
        const id = given.get('id') ?? given.get('_id');
        const resource = await this.#source.read(`${field.type}/${encodeURIComponent(String(id))}`);
        return itemsOf(resource, resourcePlace(field.type), new Map(), undefined);
      }
      case 'list': {
        const { entries } = await this.#source.search(field.type, given, referredTo(spot), false);
        const matches = entries.filter(({ mode }) => mode === 'match');
        const resources = matches.map(({ resource }) => resource);
        return itemsOf(resources, resourcePlace(field.type), new Map(), undefined);
      }
      case 'connection': {
        const found = await this.#source.search(field.type, given, referredTo(spot), true);
        const place: Place = { kind: 'connection', type: field.type };
        return itemsOf(connectionOf(found), place, new Map(), undefined);
      }
      default:
        return { isList: false, items: [] };
    }
  }

  /** The target of a Reference: the fields of those nodes whose type it is. */

  async #target(
    spot: Spot,
    name: string,
    nodes: readonly [FieldNode, ...FieldNode[]],
    out: Output,
  ): Promise<void> {
    const path = [...spot.path, name];
    const given = nodes.map((node) => ({ node, given: argumentsOf(this.#query, node) }));
    try {
      const target = await this.#source.follow(spot.value, spot.owner);
      const type = target?.['resourceType'];
      const fitting = given.filter((one) => (one.given.get('type') ?? type) === type);
      const [first, ...more] = fitting.map(({ node }) => node);
      if (target === undefined || typeof type !== 'string' || first === undefined) {
        return out.declare(name);
      }
      const items = itemsOf(target, resourcePlace(type), new Map(), undefined);
      await this.#emit({ ...spot, path }, name, { items, nodes: [first, ...more] }, out);
    } catch (error) {
      const isOptional = given.some((one) => one.given.get('optional') === true);
      if (!isOptional || !(error instanceof OutcomeError)) this.#failed(error, nodes[0], path);
      out.declare(name);
    }
  }

  /** Puts what was found into the answer, as the directives of FHIR say. */

  async #emit(
    spot: Spot,
    key: string,
    {
      items: { isList, items },
      nodes,
    }: { readonly items: Items; readonly nodes: readonly [FieldNode, ...FieldNode[]] },
    out: Output,
  ): Promise<void> {
    const [node] = nodes;
    const has = (name: string): boolean => directiveOf(this.#query, node, name) !== undefined;
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const chosen = has('first') ? items.slice(0, 1) : items;
    const slice = directiveOf(this.#query, node, 'slice');
    const many = !has('singleton') && ((isList && !has('first')) || spot.inList);
    const spots = chosen.map((item, i) => ({
      ...spotOf(spot, item, isList ? i : undefined),
      suffix: slice === undefined ? spot.suffix : `${spot.suffix}.${sliceName(slice, item, i)}`,
    }));
    if (has('flatten')) {
      for (const inside of spots) await this.object({ ...inside, inList: many }, sets, out);
      return;
    }
    if (chosen.length === 0) return out.declare(`${key}${spot.suffix}`);
    const values = await inParallel(spots, async (inside, i) =>
      this.#valueOf(inside, chosen[i], sets),
    );
    for (const [i, value] of values.entries()) {
      out.add(`${key}${spots[i]?.suffix ?? ''}`, many, value);
    }
  }

  async #valueOf(
    spot: Spot,
    item: Item | undefined,
    sets: readonly SelectionSetNode[],
  ): Promise<unknown> {
    if (item?.place === undefined || !isObject(item.value)) return item?.value ?? null;
    const out = new Output();
    await this.object({ ...spot, inList: false, suffix: '' }, sets, out);
    return out.value();
  }

  #failed(error: unknown, node: FieldNode, path: readonly (string | number)[]): void {
    if (!(error instanceof OutcomeError)) throw error;
    const resource = toOperationOutcome(error.issues);
    const message = error.issues.map(({ diagnostics }) => diagnostics).join('; ');
    this.errors.push(new GraphQLError(message, { nodes: node, path, extensions: { resource } }));
  }
}

/** What others may refer to; nothing refers to a resource within a resource. */
function referredTo({ value, owner }: Spot): JsonObject | undefined {
  if (owner === undefined || owner === value) return owner;
  return fail('value', 'The resource lies within another: nothing else refers to it');
}

/** Where the fields of an item are asked. A resource is its own owner; what it contains keeps the container's. */
function spotOf(spot: Spot, { value, place, owner }: Item, index: number | undefined): Spot {
  const object = isObject(value) ? value : {};
  const { resourceType: type } = object;
  const isResource = typeof type === 'string';
  const concrete = place?.kind === 'any' && isResource ? resourcePlace(type) : place;
  return {
    ...spot,
    place: concrete ?? { kind: 'any' },
    value: object,
    owner: owner ?? (isResource ? object : spot.owner),
    path: index === undefined ? spot.path : [...spot.path, index],
  };
}

function connectionOf({ entries, total, next }: Found): JsonObject {
  return {
    count: total,
    pagesize: entries.length,
    first: null,
    previous: null,
    next,
    last: null,
    edges: entries.map(({ resource, mode }): Json => ({ mode, score: null, resource })),
  };
}

/** A few at a time, so that one query does not fill the queues of the store. */
async function inParallel<T, R>(
  all: readonly T[],
  work: (one: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += limits.batchParallelMax) {
    const some = all.slice(at, at + limits.batchParallelMax);
    done.push(...(await Promise.all(some.map((one, i) => work(one, at + i)))));
  }
  return done;
}
