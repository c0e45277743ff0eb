/**
 * Search parameters as text to a search tree (http://hl7.org/fhir/R4/search.html). Repeated parameters are
 * ANDed, comma-separated values ORed. What the specification leaves to the server: a parameter that does
 * not exist is ignored with a warning when lenient and refused when strict; a modifier or value that is not
 * understood is always refused; an empty value is no condition.
 */
import { limits } from '../limits.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { SearchNode, SearchQuery } from './search-ast.ts';
import { parseFilter } from './search-filter.ts';
import type { CodesByModifier } from './search-leaf.ts';
import { ResultOptions, type ResultView } from './search-result.ts';
import { parseSpecial } from './search-special.ts';

export interface SearchOptions {
  /** `Prefer: handling=strict`. */
  readonly strict: boolean;
  /** Epoch milliseconds; for the prefix `ap`. */
  readonly now: number;
  /** Base of this server without closing slash; absolute references below it are local. */
  readonly baseUrl?: string;
  /** What `:in`, `:not-in`, `:above` and `:below` of tokens stand for. */
  readonly codesOf?: CodesByModifier;
  /** Whether contained resources may be asked for (search-contained.ts); false by default. */
  readonly contained?: boolean;
  /** What `_total` is when it is not given; `accurate` by default. */
  readonly defaultTotal?: SearchQuery['total'];
}

export interface ParsedSearch extends ResultView {
  readonly query: SearchQuery;
  /** What was executed, for the self link, in the order given; `_count` as clamped. */
  readonly used: readonly (readonly [name: string, value: string])[];
  /** With an error the query must not be run. Ignored parameters are warnings. */
  readonly issues: readonly Issue[];
}

export type SearchParam = readonly [name: string, value: string];

/** About the answer's form: neither conditions nor ignored, and no part of the self link. */
const passedOver: ReadonlySet<string> = new Set(['_format', '_pretty']);

/**
 * Parses the parameters of a search over one or several types; over several, a parameter must exist for each.
 * `params` are decoded names and values in the order of the request; `_type` is the caller's to read.
 */
export function parseSearch(
  types: SearchQuery['types'],
  params: readonly SearchParam[],
  options: SearchOptions,
): ParsedSearch {
  const where: SearchNode[] = [];
  const used: SearchParam[] = [];
  const issues: Issue[] = [];
  const budget = { nodes: limits.searchNodesMax };
  const place = { types, strict: options.strict, options, links: 0, budget };
  const result = new ResultOptions(types, options.defaultTotal ?? 'accurate');
  for (const param of distinct(params)) {
    const [name, value] = param;
    // Of an empty value nothing is asked, nor of several.
    if (/^,*$/.test(value) || passedOver.has(name)) continue;
    const outcome =
      name === '_type'
        ? { used: value }
        : (result.take(name, value) ??
          parseSpecial(place, name, value) ??
          parseFilter(place, name, value));
    if ('issue' in outcome) issues.push(outcome.issue);
    if ('node' in outcome) where.push(outcome.node);
    if (budget.nodes < 0) break;
    if (!('issue' in outcome)) used.push('used' in outcome ? [name, outcome.used] : param);
  }
  if (countNodes(where) > limits.searchNodesMax) {
    issues.push(
      errorIssue('limit', `More than ${String(limits.searchNodesMax)} conditions (searchNodesMax)`),
    );
  }
  issues.push(...result.warnings);
  const query = {
    types,
    where: allOf(where),
    sort: result.sort,
    count: result.count,
    total: result.total,
  };
  issues.push(...misplaced(result.view(), options));
  return { query, used, issues, ...result.view() };
}

function misplaced({ contained }: ResultView, options: SearchOptions): readonly Issue[] {
  if (contained === 'false' || options.contained === true) return [];
  return [errorIssue('not-supported', '_contained is offered in searches of types alone')];
}

function allOf(nodes: readonly SearchNode[]): SearchNode {
  const [only] = nodes;
  return only && nodes.length === 1 ? only : { op: 'and', nodes };
}

/** The first of each pair of equal name and value. */
function distinct(params: readonly SearchParam[]): readonly SearchParam[] {
  return [...new Map(params.map((param) => [JSON.stringify(param), param])).values()];
}

function countNodes(nodes: readonly SearchNode[]): number {
  let count = 0;
  for (const node of nodes) {
    count++;
    if (node.op === 'and' || node.op === 'or') count += countNodes(node.nodes);
    if (node.op === 'not') count += countNodes([node.node]);
    if (node.op === 'chain' || node.op === 'has') count += countNodes([node.where]);
    if (node.op === 'composite') count += node.parts.length;
  }
  return count;
}
