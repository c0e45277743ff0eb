/** A `_filter` as a node of the search tree (http://hl7.org/fhir/R4/search_filter.html). */
import { searchParameters, type SearchParameterDefinition } from './definitions.ts';
import {
  FilterFault,
  filterIssue,
  parseFilterExpression,
  type FilterExpression,
  type FilterOperator,
  type FilterPath,
  type FilterTest,
} from './filter-expression.ts';
import { fold } from './fold.ts';
import type { SearchNode, StringMatch } from './search-ast.ts';
import { inValueSet, missing, readValue, refused, type ParamOutcome } from './search-condition.ts';
import { chainNode, hasNode, parameterOf, spend, type FilterPlace } from './search-filter.ts';
import { readLeaf, type LeafPlace } from './search-leaf.ts';
import { contentNode, textNode } from './search-text.ts';
import { indexedText } from './search-values.ts';

/**
 * Reads a filter over some types. It is always strict: in a condition with `or` and `not`, nothing can be left out. The
 * issue says at which character the fault is.
 */
export function parseFilterTree(place: FilterPlace, text: string): ParamOutcome {
  const expression = parseFilterExpression(text);
  if ('issue' in expression) return expression;
  return expressionNode({ ...place, strict: true }, expression);
}

function expressionNode(place: FilterPlace, expression: FilterExpression): ParamOutcome {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const nodes: SearchNode[] = [];
      for (const part of expression.parts) {
        const outcome = expressionNode(place, part);
        if (!('node' in outcome)) return outcome;
        nodes.push(outcome.node);
      }
      return { node: { op: expression.kind, nodes } };
    }
    case 'not': {
      const outcome = expressionNode(place, expression.part);
      return 'node' in outcome ? { node: { op: 'not', node: outcome.node } } : outcome;
    }
    case 'test':
      return pathNode(place, expression.path, expression);
  }
}

function pathNode(place: FilterPlace, path: FilterPath, test: FilterTest): ParamOutcome {
  const { at, name } = path;
  const long = spend(place);
  if (long !== undefined) return located(at, long);
  if (path.kind === 'has') {
    const inner = (source: FilterPlace): ParamOutcome => pathNode(source, path.next, test);
    return located(at, hasNode(place, { type: path.type, param: name }, inner));
  }
  const found = parameterOf(place, nameOf(name));
  if ('issue' in found) return located(at, found);
  const { definition } = found;
  const { type: modifier, filter, next } = path;
  if (next === undefined) {
    if (modifier !== undefined) return located(at, refused('search-modifier', onlyInChains));
    return located(test.at, testNode({ place, definition }, test));
  }
  const inner = (target: FilterPlace): ParamOutcome => {
    const rest = pathNode(target, next, test);
    const besides = filter && expressionNode(target, filter);
    if (besides === undefined || !('node' in rest)) return rest;
    return 'node' in besides ? { node: { op: 'and', nodes: [besides.node, rest.node] } } : besides;
  };
  const goesOn = (type: string): boolean =>
    next.kind === 'has' || searchParameters(type).has(nameOf(next.name));
  return located(at, chainNode(place, { definition, modifier, goesOn, inner }));
}

const onlyInChains = 'a type is said only where the path goes on';

/** `subject.id`, as the specification's examples have it. */
function nameOf(name: string): string {
  return name === 'id' ? '_id' : name;
}

/** The issue with its place, if it has none yet. */
function located(at: number, outcome: ParamOutcome): ParamOutcome {
  if (!('issue' in outcome) || outcome.issue.diagnostics?.startsWith('_filter')) return outcome;
  const { code, diagnostics = '' } = outcome.issue;
  return { issue: filterIssue(new FilterFault(at, diagnostics, code)) };
}

interface TestPlace {
  readonly place: FilterPlace;
  readonly definition: SearchParameterDefinition;
}

function testNode({ place, definition }: TestPlace, test: FilterTest): ParamOutcome {
  const { operator } = test;
  const { code, type } = definition;
  if (operator === 'pr' && code !== '_content') return presence(definition, test.value);
  const value = withNamespace(definition, test.value);
  if (!operatorsOf(definition).includes(operator)) return notOffered(definition, operator);
  if (operator === 'in' || operator === 'ni') {
    const modifier = operator === 'in' ? 'in' : 'not-in';
    const { types, options } = place;
    return inValueSet({ type: types[0], definition, modifier, options }, [value]);
  }
  const node =
    code === '_id' ? idNode(operator, value) : valueNode({ place, definition }, operator, value);
  return node === undefined ? refused('search-value', `this is not a ${type}`) : { node };
}

function operatorsOf({ code, type }: SearchParameterDefinition): readonly FilterOperator[] {
  if (code === '_id') return ['eq', 'ne'];
  return code === '_text' || code === '_content' ? ['co'] : offered[type];
}

/** What may be asked of each type of parameter, besides `pr`. */
const offered: Readonly<Record<SearchParameterDefinition['type'], readonly FilterOperator[]>> = {
  string: ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le'],
  token: ['eq', 'ne', 'in', 'ni'],
  date: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb', 'po', 'co'],
  number: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'],
  quantity: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'],
  uri: ['eq', 'ne'],
  reference: ['eq', 'ne', 're'],
  composite: ['eq'],
  special: ['eq'],
};

function notOffered(definition: SearchParameterDefinition, operator: FilterOperator): ParamOutcome {
  const { code, type } = definition;
  const known = ['pr', ...operatorsOf(definition)].join(' ');
  const why = operator === 'ss' || operator === 'sb' ? ': no hierarchy is in hand' : '';
  const text = `${operator} is not offered for ${code}, a ${type}${why}; ${known} are`;
  return refused('not-supported', text);
}

function presence(definition: SearchParameterDefinition, value: string): ParamOutcome {
  if (value !== 'true' && value !== 'false') {
    return refused('search-value', 'pr takes true or false');
  }
  return missing(definition, value === 'true' ? 'false' : 'true');
}

/** Code systems that a filter may name in short. */
const namespaces: Readonly<Record<string, string>> = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
};

function withNamespace({ type }: SearchParameterDefinition, value: string): string {
  const form = type === 'token' ? /^()(\w+)(?=\|)/ : /^([^|]*\|)(\w+)(?=\|)/;
  if (type !== 'token' && type !== 'quantity') return value;
  return value.replace(form, (whole, before: string, name: string) =>
    Object.hasOwn(namespaces, name) ? before + (namespaces[name] ?? name) : whole,
  );
}

function idNode(operator: FilterOperator, value: string): SearchNode {
  const node: SearchNode = { op: 'id', ids: [value] };
  return operator === 'ne' ? { op: 'not', node } : node;
}

function valueNode(
  { place, definition }: TestPlace,
  operator: FilterOperator,
  value: string,
): SearchNode | undefined {
  const { code, type } = definition;
  const leafPlace = { definition, modifier: undefined, options: place.options };
  switch (type) {
    case 'string':
      if (code === '_content') return contentNode(value);
      return code === '_text' ? textNode(code, value) : stringNode(code, operator, value);
    case 'date':
      return dateNode(leafPlace, operator, value);
    case 'number':
    case 'quantity':
      return readLeaf(type, leafPlace, operator + value);
    case 'token':
    case 'uri':
    case 'reference':
      return namedNode(readLeaf(type, leafPlace, value), operator);
    default:
      return readValue({ ...leafPlace, type: place.types[0] }, value);
  }
}

function dateNode(place: LeafPlace, operator: FilterOperator, value: string) {
  if (operator !== 'po' && operator !== 'co') return readLeaf('date', place, operator + value);
  const leaf = readLeaf('date', place, `eq${value}`);
  if (leaf?.op !== 'date' && leaf?.op !== 'lastUpdated') return undefined;
  // "Overlaps" is `ap` where the search is not widened.
  return { ...leaf, prefix: operator === 'po' ? 'ap' : 'co' } as const;
}

/** What is equal or not; a reference to another is one that is there and is not to this. */
function namedNode(
  leaf: ReturnType<typeof readLeaf>,
  operator: FilterOperator,
): SearchNode | undefined {
  if (leaf === undefined || operator !== 'ne') return leaf;
  if (leaf.op === 'token' || leaf.op === 'uri') return { op: 'other', leaf };
  if (leaf.op !== 'reference') return undefined;
  const present: SearchNode = { op: 'missing', param: leaf.param, missing: false };
  return { op: 'and', nodes: [present, { op: 'not', node: leaf }] };
}

const stringMatches: Readonly<Partial<Record<FilterOperator, StringMatch>>> = {
  ...{ eq: 'equal', ne: 'equal', co: 'contains', sw: 'prefix', ew: 'suffix' },
  ...{ gt: 'gt', lt: 'lt', ge: 'ge', le: 'le' },
};

/** Without case and accents, whatever the operator. */
function stringNode(param: string, operator: FilterOperator, text: string): SearchNode {
  const value = indexedText(fold(indexedText(text)));
  const leaf = { op: 'string', param, match: stringMatches[operator] ?? 'equal', value } as const;
  return operator === 'ne' ? { op: 'other', leaf } : leaf;
}
