import { BSON, type Document } from 'mongodb';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { SearchLeaf, SearchNode, TextLeaf } from '../../fhir/search-ast.ts';
import { indexKey, rangeName, type KeyForm } from './index-key.ts';
import {
  each,
  isOrder,
  lastUpdatedFilter,
  order,
  textPattern,
  uriConditions,
  valueAlternatives,
  type Conditions,
} from './value-filter.ts';

/** A search tree without the nodes that speak of other resources: those are resolved before (resolve.ts). */
export type PlainNode =
  | { readonly op: 'and' | 'or'; readonly nodes: readonly PlainNode[] }
  | { readonly op: 'not'; readonly node: PlainNode }
  /** One of these texts is among `keys`. */
  | { readonly op: 'keys'; readonly keys: readonly string[] }
  /** It is one of these, each `type/id`. */
  | { readonly op: 'resources'; readonly keys: readonly string[] }
  | Exclude<SearchNode, { op: 'and' | 'or' | 'not' | 'near' | 'chain' | 'has' | 'content' }>;

/** Matches no document. */
export const never: Document = { _id: { $in: [] } };
const always: Document = {};

/** Live resources of some types that fulfil a tree. Operators are the plain ones that every server has. */
export function resourceFilter(types: readonly string[], where: PlainNode): Document {
  const condition = nodeFilter(types, where);
  if (condition === never) return never;
  const [first, ...others] = types;
  const typed = { type: others.length === 0 ? first : { $in: types }, live: true };
  if (condition === always) return typed;
  refuseTooLong(condition);
  return { $and: [typed, condition] };
}

/** A query is a document too: the ids that several chains lead to may be more than it holds. */
function refuseTooLong(condition: Document): void {
  if (BSON.calculateObjectSize(condition) <= limits.mongoDocumentBytes) return;
  fail(
    'limit',
    'The inner conditions of the search are fulfilled by too many resources; narrow them',
  );
}

function nodeFilter(types: readonly string[], node: PlainNode): Document {
  switch (node.op) {
    case 'and':
      return all(node.nodes.map((inner) => nodeFilter(types, inner)));
    case 'or':
      return any(node.nodes.map((inner) => nodeFilter(types, inner)));
    case 'not':
      return negated(nodeFilter(types, node.node));
    case 'id':
      return among('_id', idsOf(types, node.ids));
    case 'type':
      return among('type', node.types);
    case 'lastUpdated':
      return lastUpdatedFilter(node);
    case 'missing': {
      const present = { keys: indexKey.present(node.param) };
      return node.missing ? negated(present) : present;
    }
    case 'keys':
      return among('keys', node.keys);
    case 'resources':
      return among('_id', node.keys);
    case 'composite':
      return compositeFilter(types, node);
    case 'other':
      return otherFilter(node.leaf);
    default:
      return leafFilter(types, node);
  }
}

function all(parts: readonly Document[]): Document {
  if (parts.includes(never)) return never;
  const live = parts.filter((part) => part !== always);
  const [first, ...others] = live;
  if (first === undefined) return always;
  return others.length === 0 ? first : { $and: live };
}

function any(parts: readonly Document[]): Document {
  if (parts.includes(always)) return always;
  const live = joined(parts.filter((part) => part !== never));
  const [first, ...others] = live;
  if (first === undefined) return never;
  return others.length === 0 ? first : { $or: live };
}

/** Alternatives of one plain key each as one list of keys: one scan of the index instead of a plan for each. */
function joined(parts: readonly Document[]): readonly Document[] {
  const keyOf = (part: Document): unknown => (Object.keys(part).length === 1 ? part['keys'] : null);
  const keys = parts.map(keyOf).filter((key) => typeof key === 'string');
  if (keys.length < 2) return parts;
  return [among('keys', keys), ...parts.filter((part) => typeof keyOf(part) !== 'string')];
}

function negated(filter: Document): Document {
  if (filter === always) return never;
  return filter === never ? always : { $nor: [filter] };
}

function among(field: string, values: readonly string[]): Document {
  const [first, ...others] = values;
  if (first === undefined) return never;
  return { [field]: others.length === 0 ? first : { $in: values } };
}

function idsOf(types: readonly string[], ids: readonly string[]): string[] {
  return types.flatMap((type) => ids.map((id) => `${type}/${id}`));
}

function leafFilter(types: readonly string[], leaf: SearchLeaf): Document {
  switch (leaf.op) {
    case 'token':
      return { keys: tokenKeys(leaf, 'c', 's') };
    case 'referenceIdentifier':
      return { keys: tokenKeys(leaf, 'i', 'j') };
    case 'string':
      return { keys: stringKeys(leaf) };
    case 'uri': {
      const keys = uriConditions(leaf.match, leaf.value, indexKey.uri(leaf.param, ''));
      return any(keys.map((key) => ({ keys: key })));
    }
    case 'reference':
      return referenceFilter(leaf);
    case 'date':
      return elements('dates', rangeNames(types, leaf), valueAlternatives(leaf));
    case 'number':
    case 'quantity':
    case 'ucum':
      return elements('numbers', rangeNames(types, leaf), valueAlternatives(leaf));
  }
}

function tokenKeys(
  { param, system, code }: Extract<SearchLeaf, { op: 'token' | 'referenceIdentifier' }>,
  form: 'c' | 'i',
  withSystem: 's' | 'j',
): unknown {
  if (system === undefined) {
    if (code !== undefined) return indexKey.token(param, form, code);
    return textPattern(indexKey.begin(param, form), 'prefix', '');
  }
  if (code !== undefined) return indexKey.systemToken(param, withSystem, system, code);
  return textPattern(indexKey.system(param, withSystem, system), 'prefix', '');
}

function stringKeys({ param, match, value }: Extract<SearchLeaf, { op: 'string' }>): unknown {
  if (match === 'exact') return indexKey.exact(param, value);
  if (match === 'equal') return indexKey.folded(param, value);
  if (!isOrder(match)) return textPattern(indexKey.folded(param, ''), match, value);
  const isLess = match === 'lt' || match === 'le';
  const end = isLess ? { $gte: indexKey.folded(param, '') } : { $lt: indexKey.after(param, 'f') };
  return { $elemMatch: { [order[match]]: indexKey.folded(param, value), ...end } };
}

/** A key of the leaf's parameter and form that is not the leaf's. */
function otherFilter(leaf: TextLeaf): Document {
  const { form, keys } = textKeys(leaf);
  const plain = keys.filter((key) => typeof key === 'string');
  const [pattern] = keys.filter((key) => typeof key === 'object' && key !== null);
  return {
    keys: {
      $elemMatch: {
        $gte: indexKey.begin(leaf.param, form),
        $lt: indexKey.after(leaf.param, form),
        ...(plain.length === 0 ? {} : { $nin: plain }),
        ...(pattern === undefined ? {} : { $not: withoutElement(pattern) }),
      },
    },
  };
}

/** The form of the keys that a leaf speaks of, and what is asked of one: any of these, of which one is no text at most. */
function textKeys(leaf: TextLeaf): { readonly form: KeyForm; readonly keys: readonly unknown[] } {
  switch (leaf.op) {
    case 'token':
      return { form: leaf.system === undefined ? 'c' : 's', keys: [tokenKeys(leaf, 'c', 's')] };
    case 'string':
      return { form: leaf.match === 'exact' ? 'e' : 'f', keys: [stringKeys(leaf)] };
    case 'uri':
      return {
        form: 'u',
        keys: uriConditions(leaf.match, leaf.value, indexKey.uri(leaf.param, '')),
      };
  }
}

/** What `$elemMatch` asks of one key, for a place that speaks of one key already. */
function withoutElement(condition: object): object {
  return '$elemMatch' in condition ? (condition.$elemMatch as object) : condition;
}

/** The most telling key leads; what it does not say is asked of the reference itself. */
function referenceFilter(leaf: Extract<SearchLeaf, { op: 'reference' }>): Document {
  const { param, type, id, version, url } = leaf;
  const key = referenceKey(leaf);
  const said = [type, id, version, url].filter((part) => part !== undefined).length;
  const told = url === undefined && version === undefined ? said : Number(url !== undefined);
  if (said === told) return { keys: key };
  const [conditions] = valueAlternatives(leaf);
  return all([{ keys: key }, { references: { $elemMatch: { p: param, ...conditions } } }]);
}

function referenceKey(leaf: Extract<SearchLeaf, { op: 'reference' }>): unknown {
  const { param, type, id, url } = leaf;
  if (url !== undefined) return indexKey.address(param, url);
  if (type !== undefined && id !== undefined) return indexKey.target(param, type, id);
  if (id !== undefined) return indexKey.targetId(param, id);
  if (type === undefined) return indexKey.reference(param);
  return textPattern(indexKey.targetType(param, type), 'prefix', '');
}

function compositeFilter(
  types: readonly string[],
  node: Extract<SearchNode, { op: 'composite' }>,
): Document {
  const names = types.map((type) => rangeName(type, node.param, 'composite'));
  const parts = node.parts.map((part, at) =>
    valueAlternatives(part).map((conditions) => within(`v${at}`, { kind: part.op, ...conditions })),
  );
  const together = parts.reduce(each, [{ parts: node.parts.length }]);
  return elements('composites', names, together);
}

function within(field: string, conditions: Conditions): Conditions {
  return Object.fromEntries(
    Object.entries(conditions).map(([name, value]) => [`${field}.${name}`, value]),
  );
}

function rangeNames(types: readonly string[], { op, param }: SearchLeaf): string[] {
  return types.map((type) => rangeName(type, param, op));
}

/** Some element of an array has one of the names and fulfils one of the alternatives. */
function elements(
  field: 'dates' | 'numbers' | 'composites',
  names: readonly string[],
  alternatives: readonly Conditions[],
): Document {
  const p = names.length === 1 ? names[0] : { $in: names };
  return any(alternatives.map((conditions) => ({ [field]: { $elemMatch: { p, ...conditions } } })));
}
