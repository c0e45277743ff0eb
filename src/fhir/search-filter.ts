/**
 * One parameter of a search by its name: plain, chained (`subject:Patient.name`, `patient.organization.name`) or reverse
 * chained (`_has:Observation:patient:code`), as a node of the search tree
 * (http://hl7.org/fhir/R4/search.html#chaining). Each chained parameter is a condition of its own, so two of them may
 * be fulfilled by different references.
 */
import { limits } from '../limits.ts';
import {
  isResourceType,
  resourceTypes,
  searchParameters,
  type SearchParameterDefinition,
} from './definitions.ts';
import type { Issue } from './issue.ts';
import type { SearchNode } from './search-ast.ts';
import { anyOf, parseCondition, refused, type ParamOutcome } from './search-condition.ts';
import { notIndexed } from './search-extract.ts';
import type { LeafOptions } from './search-leaf.ts';

/** What a parameter is read under. */
export interface FilterPlace {
  readonly types: readonly [string, ...string[]];
  readonly strict: boolean;
  readonly options: LeafOptions;
  /** Links of the chain that lead here. */
  readonly links: number;
  /** Nodes that may still be made: a chain without types branches at every link. */
  readonly budget: { nodes: number };
}

/**
 * Reads a parameter. One that does not exist for every one of the types is an issue, a warning unless strict; what is
 * not understood is an error.
 */
export function parseFilter(place: FilterPlace, name: string, value: string): ParamOutcome {
  const { types, options } = place;
  const long = spend(place);
  if (long !== undefined) return long;
  if (name.startsWith('_has:')) return parseHas(place, name, value);
  const [path = '', chained] = cut(name, '.');
  const [code = '', modifier] = cut(path, ':');
  const found = parameterOf(place, code);
  if ('issue' in found) return found;
  const { definition } = found;
  if (chained === undefined) {
    return parseCondition({ type: types[0], definition, modifier, options }, value);
  }
  return chainNode(place, {
    definition,
    modifier,
    goesOn: (type) => hasParameter(type, chained),
    inner: (target) => parseFilter(target, chained, value),
  });
}

/** Takes one node of what is left; the refusal where none is, or where too many links lead here. */
export function spend({ budget, links }: FilterPlace): Refusal | undefined {
  return --budget.nodes < 0 || links > limits.searchChainMax ? tooLong() : undefined;
}

/** The parameter of this name that all of the types have and that is searched by. */
export function parameterOf(
  place: FilterPlace,
  code: string,
): { readonly definition: SearchParameterDefinition } | Refusal {
  const definition = commonDefinition(place.types, code);
  if (!definition) return { issue: unknownParameter(code, place) };
  if (!isSearched(definition)) return refused('not-supported', `${code} is not offered`);
  return { definition };
}

/** What is known of a resource without entries. */
const withoutIndex: ReadonlySet<string> = new Set(['_id', '_lastUpdated', '_content']);

function isSearched(definition: SearchParameterDefinition): boolean {
  const { code } = definition;
  return withoutIndex.has(code) || notIndexed(definition) === undefined;
}

/** What is said instead of a node. */
interface Refusal {
  readonly issue: Issue;
}

function tooLong(): Refusal {
  return refused(
    'limit',
    `A chain has more than ${String(limits.searchChainMax)} links (searchChainMax), or leads to too many types`,
  );
}

/** The two sides of the first separator. */
function cut(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** One link of a chain. */
export interface ChainLink {
  readonly definition: SearchParameterDefinition;
  /** The type that the reference leads to, where it is said. */
  readonly modifier: string | undefined;
  /** Whether the rest can be asked of a type. */
  readonly goesOn: (type: string) => boolean;
  /** The rest, asked of one type. */
  readonly inner: (place: FilterPlace) => ParamOutcome;
}

/** What a reference leads to fulfils the rest: without a type, that of any type of which it can be asked. */
export function chainNode(place: FilterPlace, link: ChainLink): ParamOutcome {
  const { definition, modifier, goesOn, inner } = link;
  const { code } = definition;
  if (definition.type !== 'reference') {
    return refused('search-parameter', `${code} is no reference, so nothing can be chained to it`);
  }
  if (modifier !== undefined && !targetsOf(place.types, code).includes(modifier)) {
    return refused('search-modifier', `${code} never refers to such a type`);
  }
  const asked = modifier === undefined ? targetsOf(place.types, code) : [modifier];
  const targets = asked.filter(goesOn);
  const [first = ''] = targets.length > 0 ? targets : asked;
  if (targets.length === 0) return inner(linked(place, first));
  const outcomes = targets.map((type) => ({ type, outcome: inner(linked(place, type)) }));
  const nodes = outcomes.flatMap(({ type, outcome }): readonly SearchNode[] =>
    'node' in outcome ? [{ op: 'chain', param: code, type, where: outcome.node }] : [],
  );
  // The value may be none for one type and good for another.
  const limited = outcomes.find(
    ({ outcome }) => 'issue' in outcome && outcome.issue.code === 'limit',
  );
  if (nodes.length > 0 && !limited) return { node: anyOf(nodes) };
  return limited?.outcome ?? outcomes[0]?.outcome ?? tooLong();
}

function linked(place: FilterPlace, type: string): FilterPlace {
  return { ...place, types: [type], links: place.links + 1 };
}

/** The types that a reference parameter of any of these types may lead to. */
function targetsOf(types: readonly string[], code: string): readonly string[] {
  const targets = types.flatMap(
    (type) => searchParameters(type).get(code)?.target ?? resourceTypes(),
  );
  return [...new Set(targets)].filter(isResourceType);
}

/** Whether the rest of a chain can go on from a type. */
function hasParameter(type: string, chained: string): boolean {
  const [code = ''] = /^[^.:]*/.exec(chained) ?? [];
  return code === '_has' || searchParameters(type).has(code);
}

/** `_has:Type:reference:parameter`. */
function parseHas(place: FilterPlace, name: string, value: string): ParamOutcome {
  const [, type = '', rest = ''] = /^_has:([^:]*):(.*)$/s.exec(name) ?? [];
  const [param = '', inner = ''] = cut(rest, ':');
  if (!isResourceType(type) || inner === '') {
    return refused('search-parameter', '_has is _has:Type:reference-parameter:parameter');
  }
  return hasNode(place, { type, param }, (source) => parseFilter(source, inner, value));
}

/** A resource of the type that refers here by the parameter fulfils the rest. */
export function hasNode(
  place: FilterPlace,
  { type, param }: { readonly type: string; readonly param: string },
  inner: (place: FilterPlace) => ParamOutcome,
): ParamOutcome {
  const definition = isResourceType(type) ? searchParameters(type).get(param) : undefined;
  if (definition?.type !== 'reference') {
    return refused('search-parameter', '_has names no reference parameter of a type of FHIR R4');
  }
  const targets = targetsOf([type], param);
  if (!place.types.some((target) => targets.includes(target))) {
    return refused(
      'search-parameter',
      `${type}:${param} never refers to ${place.types.join(', ')}`,
    );
  }
  const outcome = inner(linked(place, type));
  return 'node' in outcome ? { node: { op: 'has', type, param, where: outcome.node } } : outcome;
}

/** The parameter of this code, if every type has one of the same type. */
function commonDefinition(
  types: readonly string[],
  code: string,
): SearchParameterDefinition | undefined {
  const [first, ...others] = types.map((type) => searchParameters(type).get(code));
  return others.every((other) => other?.type === first?.type) ? first : undefined;
}

/** A parameter name is repeated only if it looks like one: it is the caller's text. */
function unknownParameter(code: string, { types, strict }: FilterPlace): Issue {
  const shown = /^[\w-]{1,64}$/.test(code) ? `${code} ` : '';
  const on = types.length === 1 ? types[0] : `all of ${String(types.length)} types`;
  return {
    code: 'search-parameter',
    severity: strict ? 'error' : 'warning',
    diagnostics: strict
      ? `The search parameter ${shown}does not exist for ${on}`
      : `The search parameter ${shown}does not exist for ${on} and was ignored`,
  };
}
