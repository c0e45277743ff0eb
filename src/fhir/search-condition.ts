/** One search parameter with its values as a node of the search tree. */
import { limits } from '../limits.ts';
import { isResourceType, valueSetCodes, type SearchParameterDefinition } from './definitions.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import { splitCanonical } from './reference.ts';
import type { SearchLeaf, SearchNode, WithoutParam } from './search-ast.ts';
import { componentsOf, withoutParam } from './search-composite.ts';
import { splitValues, unescape } from './search-escape.ts';
import { readLeaf, type LeafOptions } from './search-leaf.ts';
import { readNear } from './search-near.ts';
import { valueTypes } from './search-path.ts';
import { contentNode, textNode } from './search-text.ts';
import type { IndexedType } from './search-values.ts';

/** What a value is read under. */
export interface ConditionPlace {
  /** The resource type whose parameter it is; of several, one. */
  readonly type: string;
  readonly definition: SearchParameterDefinition;
  /** Text after the colon: `exact`, `Patient`. */
  readonly modifier: string | undefined;
  readonly options: LeafOptions;
}

/** What reading one parameter gives; `used` is the value where it makes no condition. */
export type ParamOutcome =
  { readonly node: SearchNode } | { readonly issue: Issue } | { readonly used: string };

/** Reads the values of one parameter; the issue says what is wrong without repeating the value. */
export function parseCondition(place: ConditionPlace, value: string): ParamOutcome {
  const { definition, modifier } = place;
  const { code } = definition;
  if (code === '_content' && modifier !== undefined) return refusedModifier(definition, modifier);
  if (modifier === 'missing') return missing(definition, value);
  if (modifier !== undefined && !isOffered(place, modifier))
    return refusedModifier(definition, modifier);
  const values = splitValues(value, ',').filter((part) => part !== '');
  if (values.length > limits.searchValuesMax) {
    return refused(
      'limit',
      `${code} has more than ${String(limits.searchValuesMax)} values (searchValuesMax)`,
    );
  }
  return values.length === 0 ? { used: value } : valuesNode(place, values);
}

function valuesNode(place: ConditionPlace, values: readonly string[]): ParamOutcome {
  const { definition, modifier } = place;
  const { code, type } = definition;
  if (code === '_id') return idNode(values);
  if (type === 'token' && (modifier === 'above' || modifier === 'below')) {
    return anyCode(place, values, (text) => place.options.codesOf?.(modifier, text));
  }
  if (modifier === 'in' || modifier === 'not-in') return inValueSet(place, values);
  const nodes: SearchNode[] = [];
  for (const text of values) {
    const node = readValue(place, text);
    if (node === undefined) return refused('search-value', `A value of ${code} is not a ${type}`);
    nodes.push(node);
  }
  const node = anyOf(nodes);
  return { node: modifier === 'not' ? { op: 'not', node } : node };
}

export function refused(code: IssueCode, diagnostics: string): { readonly issue: Issue } {
  return { issue: errorIssue(code, diagnostics) };
}

/** One node as itself, several as alternatives. */
export function anyOf(nodes: readonly SearchNode[]): SearchNode {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : { op: 'or', nodes };
}

const modifiers: Readonly<Record<string, readonly string[]>> = {
  string: ['exact', 'contains'],
  token: ['not', 'text', 'in', 'not-in', 'above', 'below'],
  uri: ['below', 'above'],
  reference: ['identifier'],
};

/** Of the specification, and not offered: the hierarchies of references are not in hand. */
const hierarchical: ReadonlySet<string> = new Set(['reference']);

function isOffered({ type, definition }: ConditionPlace, modifier: string): boolean {
  if (definition.code === '_id' || definition.code === '_text') return false;
  if (modifiers[definition.type]?.includes(modifier)) return true;
  if (definition.type === 'token' && modifier === 'of-type') {
    return valueTypes(type, definition.expression ?? '').has('Identifier');
  }
  return definition.type === 'reference' && isResourceType(modifier);
}

function refusedModifier({ code, type }: SearchParameterDefinition, modifier: string) {
  return hierarchical.has(type) && (modifier === 'above' || modifier === 'below')
    ? refused('not-supported', `${code} is not offered with :${modifier}: no hierarchy is in hand`)
    : refused('search-modifier', `${code} takes no such modifier, or it is not offered`);
}

/** `_id` and `_lastUpdated` are never missing. */
export function missing({ code }: SearchParameterDefinition, value: string): ParamOutcome {
  if (value !== 'true' && value !== 'false') {
    return refused('search-value', `${code}:missing is true or false`);
  }
  const isMissing = value === 'true';
  if (code === '_id' || code === '_lastUpdated') {
    return { node: { op: isMissing ? 'or' : 'and', nodes: [] } };
  }
  return { node: { op: 'missing', param: code, missing: isMissing } };
}

/** An id that cannot be one matches nothing. */
function idNode(values: readonly string[]): ParamOutcome {
  return { node: { op: 'id', ids: [...new Set(values.map(unescape))] } };
}

/** Value sets that can be expanded, or at least those that an element of R4 has a required binding to. */
export function inValueSet(place: ConditionPlace, values: readonly string[]): ParamOutcome {
  const codesOf = (text: string) =>
    place.options.codesOf?.('in', text) ?? valueSetCodes(splitCanonical(unescape(text)).url);
  const outcome = anyCode(place, values, codesOf);
  if (!('node' in outcome) || place.modifier === 'in') return outcome;
  return { node: { op: 'not', node: outcome.node } };
}

/** Any of the codes that the values stand for. */
function anyCode(
  { definition: { code: param }, modifier = '' }: ConditionPlace,
  values: readonly string[],
  codesOf: (text: string) => ReadonlyMap<string, ReadonlySet<string>> | undefined,
): ParamOutcome {
  const nodes: SearchNode[] = [];
  for (const value of values) {
    const systems = codesOf(value);
    if (!systems) {
      const what = modifier.endsWith('in') ? 'a value set' : 'system|code of a code system';
      return refused('not-supported', `${param}:${modifier} takes ${what} that is known here`);
    }
    for (const [system, codes] of systems) {
      for (const code of codes) nodes.push({ op: 'token', param, system, code });
    }
  }
  if (nodes.length > limits.searchValuesMax) {
    return refused(
      'limit',
      `${param}:${modifier} comes to more than ${String(limits.searchValuesMax)} codes (searchValuesMax)`,
    );
  }
  return { node: anyOf(nodes) };
}

/** Undefined where the text is not a value of the type. */
export function readValue(place: ConditionPlace, text: string): SearchNode | undefined {
  const { definition } = place;
  switch (definition.type) {
    case 'composite':
      return readComposite(place, text);
    case 'string':
      if (definition.code === '_content') return contentNode(unescape(text));
      if (definition.code === '_text') return textNode('_text', unescape(text));
      return readLeaf('string', place, text);
    case 'reference':
      return readReference(place, text);
    case 'special':
      return readNear(definition.code, text);
    default:
      return readLeaf(definition.type, place, text);
  }
}

/** An address of this server also finds what refers to it by the whole address. */
function readReference(place: ConditionPlace, text: string): SearchNode | undefined {
  const leaf = readLeaf('reference', place, text);
  const { baseUrl = '' } = place.options;
  if (leaf?.op !== 'reference' || leaf.url !== undefined || baseUrl === '') return leaf;
  if (!text.startsWith(`${baseUrl}/`)) return leaf;
  const { param, type = '', id = '', version } = leaf;
  const url = `${baseUrl}/${type}/${id}`;
  const address = { op: 'reference', param, url, ...(version === undefined ? {} : { version }) };
  return { op: 'or', nodes: [leaf, address as SearchNode] };
}

/** `part$part`: a value of each component, in their order. */
function readComposite({ type, definition, options }: ConditionPlace, text: string) {
  const components = componentsOf(type, definition) ?? [];
  const texts = splitValues(text, '$');
  if (texts.length !== components.length) return undefined;
  const parts: WithoutParam<SearchLeaf>[] = [];
  for (const [at, component] of components.entries()) {
    const place = { definition: component, modifier: undefined, options };
    const leaf = readLeaf(component.type as IndexedType, place, texts[at] ?? '');
    if (leaf === undefined || leaf.op === 'lastUpdated') return undefined;
    parts.push(withoutParam(leaf));
  }
  return { op: 'composite', param: definition.code, parts } as const;
}
