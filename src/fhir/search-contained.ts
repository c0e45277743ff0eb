/** Search among contained resources (http://hl7.org/fhir/R4/search.html#contained), judged by the body of what contains them. */
import { limits } from '../limits.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { Resource } from './resource.ts';
import type { SearchNode, SearchQuery } from './search-ast.ts';
import { extractIndex } from './search-extract.ts';
import { matches } from './search-match.ts';
import type { ParsedSearch } from './search-parse.ts';
import { containedParam } from './search-values.ts';

/** What is asked of contained resources: one of the types that fulfils the tree. */
export type ContainedQuery = Pick<SearchQuery, 'types' | 'where'>;

/** A resource that contains others, and when it was written, in epoch milliseconds. */
export interface Container {
  readonly resource: Resource;
  readonly id: string;
  readonly lastUpdated: number;
}

/**
 * The contained resources that match, in their order. `_id` is the id that they have inside; `_lastUpdated`
 * that of the container. Bounds: as many as a resource contains.
 */
export function containedMatches(
  { resource, lastUpdated }: Container,
  { types, where }: ContainedQuery,
): readonly Resource[] {
  const contained = (resource['contained'] ?? []) as readonly Resource[];
  return contained.filter((inner) => {
    const type = inner.resourceType;
    if (!types.includes(type)) return false;
    const target = { type, id: String(inner['id'] ?? ''), lastUpdated };
    return matches(extractIndex(inner), target, where);
  });
}

/** Whether the container itself is what is asked for. */
export function matchesItself(
  { resource, id, lastUpdated }: Container,
  { types, where }: ContainedQuery,
): boolean {
  const type = resource.resourceType;
  if (!types.includes(type)) return false;
  return matches(extractIndex(resource), { type, id, lastUpdated }, where);
}

/** The condition, on any type, that it contains a resource of one of these types. */
export function containsOneOf(types: SearchQuery['types']): SearchNode {
  const nodes = types.map((code): SearchNode => ({ op: 'token', param: containedParam, code }));
  return { op: 'or', nodes };
}

/**
 * What cannot be asked together with `_contained=true` or `both`: conditions that lead to other resources or to all
 * texts, an order, and includes of contained resources that are shown alone.
 */
export function containedIssues(parsed: ParsedSearch): readonly Issue[] {
  if (parsed.contained === 'false') return [];
  const { query, includes, containedType } = parsed;
  const issues: Issue[] = [];
  if (leadsAway(query.where)) {
    issues.push(refusal('does not go with chains, _has, _list and _content'));
  }
  if (query.sort.length > 0) issues.push(refusal('does not go with _sort'));
  if (containedType === 'contained' && includes.length > 0) {
    issues.push(refusal('does not go with includes where _containedType is contained'));
  }
  if (query.types.length > limits.containedTypesMax) {
    issues.push(refusal(`takes at most ${limits.containedTypesMax} types (containedTypesMax)`));
  }
  return issues;
}

function refusal(what: string): Issue {
  return errorIssue('not-supported', `_contained ${what}`);
}

function leadsAway(node: SearchNode): boolean {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.nodes.some(leadsAway);
    case 'not':
      return leadsAway(node.node);
    default:
      return node.op === 'chain' || node.op === 'has' || node.op === 'content';
  }
}
