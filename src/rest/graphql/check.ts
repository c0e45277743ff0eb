import { GraphQLError, Kind } from 'graphql';
import type { FieldNode, SelectionNode, SelectionSetNode } from 'graphql';
import { limits } from '../../limits.ts';
import { argumentsOf } from './document.ts';
import type { Query } from './document.ts';
import {
  elementPlace,
  fieldOf,
  fitsCondition,
  placeIn,
  resourcePlace,
  targetPlace,
  typeNameOf,
} from './place.ts';
import { checkPath } from './path-filter.ts';
import type { Field, Place } from './place.ts';

/**
 * Holds a query against the definitions before anything is read: every field must exist at its place, have children
 * where it is an object and none where it is a value, and take its arguments and directives. Throws GraphQLError.
 */
export function checkQuery(query: Query, place: Place): void {
  new Checker(query).set(query.operation.selectionSet, place, []);
}

const directives: Readonly<Record<string, readonly string[]>> = {
  include: ['if'],
  skip: ['if'],
  flatten: [],
  first: [],
  singleton: [],
  slice: ['path', 'fhirpath'],
};

class Checker {
  readonly #query: Query;
  /** Fragments that were looked at, with the place. */
  readonly #seen = new Set<string>();

  constructor(query: Query) {
    this.#query = query;
  }

  /** `open` are the names of fields and fragments around. */
  set({ selections }: SelectionSetNode, place: Place, open: readonly string[]): void {
    const named = new Map<string, string>();
    for (const selection of selections) {
      this.#directives(selection);
      if (selection.kind === Kind.FIELD) {
        this.#same(selection, named);
        this.#field(selection, place, open);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        this.set(selection.selectionSet, narrowed(place, condition, selection), open);
      } else {
        this.#spread(selection.name.value, place, open, selection);
      }
    }
  }

  #spread(name: string, place: Place, open: readonly string[], node: SelectionNode): void {
    const fragment = this.#query.fragments.get(name);
    if (fragment === undefined)
      throw new GraphQLError('There is no such fragment', { nodes: node });
    if (open.includes(`...${name}`)) {
      throw new GraphQLError('The fragment holds itself', { nodes: node });
    }
    const condition = fragment.typeCondition.name.value;
    const inside = narrowed(place, condition, fragment);
    const key = `${name} ${typeNameOf(inside)}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.set(fragment.selectionSet, inside, [...open, `...${name}`]);
  }

  #field(node: FieldNode, place: Place, open: readonly string[]): void {
    const { value: name } = node.name;
    const field = fieldOf(place, name);
    if (field === undefined) throw new GraphQLError(unknownField(place), { nodes: node });
    const inside = this.#childPlace(field, node, place);
    if (inside === undefined && node.selectionSet !== undefined) {
      throw new GraphQLError('A value has no fields', { nodes: node });
    }
    if (inside !== undefined && node.selectionSet === undefined) {
      throw new GraphQLError('Say which fields of it: { ... }', { nodes: node });
    }
    this.#arguments(field, node, place);
    if (inside === undefined || node.selectionSet === undefined) return;
    if (open.length >= limits.graphqlDepthMax) {
      const most = String(limits.graphqlDepthMax);
      throw new GraphQLError(`A query may be ${most} levels deep (graphqlDepthMax)`, {
        nodes: node,
      });
    }
    this.set(node.selectionSet, inside, [...open, name]);
  }

  #childPlace(field: Field, node: FieldNode, place: Place): Place | undefined {
    switch (field.kind) {
      case 'element':
        return placeIn(field.property);
      case 'more':
        return elementPlace();
      case 'read':
      case 'list':
        return resourcePlace(field.type);
      case 'connection':
        return { kind: 'connection', type: field.type };
      case 'target': {
        const type = argumentsOf(this.#query, node).get('type');
        if (typeof type !== 'string') {
          return targetPlace(place.kind === 'shape' ? place.targets : undefined);
        }
        const chosen = resourcePlace(type);
        if (chosen.kind !== 'any') return chosen;
        throw new GraphQLError('type is a resource type of R4', { nodes: node });
      }
      case 'part':
        return field.place;
      case 'typename':
        return undefined;
    }
  }

  #arguments(field: Field, node: FieldNode, place: Place): void {
    const given = [...argumentsOf(this.#query, node).keys()];
    const known = argumentNames(field);
    const other = known === undefined ? undefined : given.find((name) => !known.includes(name));
    if (other !== undefined) {
      throw new GraphQLError(`There is no argument ${other} here`, { nodes: node });
    }
    const path = argumentsOf(this.#query, node).get('fhirpath');
    if (field.kind === 'element' && path !== undefined) checkPath(path, node);
    const isSearch = field.kind === 'list' || field.kind === 'connection';
    if (isSearch && place.kind !== 'system' && !given.includes('_reference')) {
      const message =
        'A search within a resource needs _reference: the parameter that refers to it';
      throw new GraphQLError(message, { nodes: node });
    }
    if (field.kind === 'read' && !given.includes('id') && !given.includes('_id')) {
      throw new GraphQLError('A read needs the id', { nodes: node });
    }
  }

  #directives(node: SelectionNode): void {
    for (const directive of node.directives ?? []) {
      const { value: name } = directive.name;
      const known = Object.hasOwn(directives, name) ? directives[name] : undefined;
      const given = argumentsOf(this.#query, directive);
      if (known === undefined || [...given.keys()].some((each) => !known.includes(each))) {
        throw new GraphQLError('There is no such directive', { nodes: directive });
      }
      const isCondition = name === 'include' || name === 'skip';
      if (isCondition && typeof given.get('if') !== 'boolean') {
        throw new GraphQLError('The directive needs if: true or false', { nodes: directive });
      }
      if (name === 'slice' && given.size !== 1) {
        throw new GraphQLError('@slice needs path: the name of an element', { nodes: directive });
      }
      if (!isCondition && node.kind !== Kind.FIELD) {
        throw new GraphQLError('The directive belongs to a field', { nodes: directive });
      }
    }
  }

  /** One key of the answer cannot be two things, but a reference may be followed by type. */
  #same(node: FieldNode, named: Map<string, string>): void {
    const key = node.alias?.value ?? node.name.value;
    const given = [...argumentsOf(this.#query, node)].filter(([name]) => name !== 'type');
    const what = JSON.stringify([node.name.value, given]);
    if (named.has(key) && named.get(key) !== what) {
      throw new GraphQLError('Two fields want the same name; give one an alias', { nodes: node });
    }
    named.set(key, what);
  }
}

function narrowed(
  place: Place,
  condition: string | undefined,
  node: SelectionNode | { readonly kind: Kind.FRAGMENT_DEFINITION },
): Place {
  if (condition === undefined || fitsCondition(place, condition)) return place;
  const isAny = place.kind === 'any';
  const chosen = resourcePlace(condition);
  if (isAny && chosen.kind === 'shape') return chosen;
  throw new GraphQLError(`A fragment on ${condition} never applies here`, {
    nodes: node as SelectionNode,
  });
}

function unknownField(place: Place): string {
  if (place.kind === 'any') {
    return 'Not every resource has this field: follow with resource(type: X), or ... on X';
  }
  return `${typeNameOf(place)} has no such field`;
}

/** The arguments that a field takes; undefined where the search will tell. */
function argumentNames(field: Field): readonly string[] | undefined {
  switch (field.kind) {
    case 'list':
    case 'connection':
      return undefined;
    case 'read':
      return ['id', '_id'];
    case 'target':
      return ['type', 'optional'];
    case 'element':
      return field.property.element.max === 1
        ? []
        : ['_count', '_offset', 'fhirpath', ...primitivesIn(field)];
    default:
      return [];
  }
}

/** The values by which a list can be filtered: `name(use: official)`. */
function primitivesIn({ property }: Extract<Field, { kind: 'element' }>): readonly string[] {
  const properties = property.primitive ? [] : (property.shape()?.properties.values() ?? []);
  return [...properties].filter(({ primitive }) => primitive).map(({ key }) => key);
}
