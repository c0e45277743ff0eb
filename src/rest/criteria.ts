import { OutcomeError } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import type { SearchNode, SearchQuery } from '../fhir/search-ast.ts';
import type { CodesByModifier } from '../fhir/search-leaf.ts';
import { parseSearch } from '../fhir/search-parse.ts';
import type { ParsedSearch } from '../fhir/search-parse.ts';
import { allowed, compartmentFilter } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import { authorize } from './authorize.ts';
import type { Caller, Params, RestContext } from './call.ts';
import { searchCodes } from './search-codes.ts';

/** What is searched for, and whether what is not understood is refused. */
export interface Criteria {
  readonly types: SearchQuery['types'];
  readonly params: Params;
  readonly strict: boolean;
  /** Whether contained resources may be asked for; false by default. */
  readonly contained?: boolean;
}

/** Parses search parameters; throws every error that they have. */
export async function parseCriteria(
  context: RestContext,
  call: Caller,
  criteria: Criteria,
): Promise<ParsedSearch> {
  const codesOf = await searchCodes(context, call, criteria.params);
  const now = context.clock();
  return parseAlone(context, criteria, { now, ...(codesOf === undefined ? {} : { codesOf }) });
}

/** The same at once, and as of an instant: of value sets it knows those alone that R4 requires somewhere. */
export function parseAlone(
  { baseUrl }: Pick<RestContext, 'baseUrl'>,
  { types, params, strict, contained = false }: Criteria,
  { now, ...more }: { readonly now: Date; readonly codesOf?: CodesByModifier },
): ParsedSearch {
  const parsed = parseSearch(types, params, {
    strict,
    contained,
    now: now.getTime(),
    baseUrl,
    ...more,
  });
  const [first, ...others] = parsed.issues.filter(isError);
  if (first !== undefined) throw new OutcomeError([first, ...others]);
  return parsed;
}

/**
 * The tree that matches both what is asked for and what the principal may see of the type. What a chain or `_has` leads
 * to is confined in the same way, so that it tells no more than a search of that type would. Throws
 * `forbidden` where the role may not search that type at all; of a chain that branches to several types those
 * that it may not search are left out, as if nothing were there.
 */
export function confined(principal: Principal, type: string, where: SearchNode): SearchNode {
  const filter = compartmentFilter(principal, type);
  const inner = confinedLinks(principal, where);
  return filter === undefined ? inner : { op: 'and', nodes: [filter, inner] };
}

/** The same for several types at once: each by what the principal may see of it. */
export function confinedTypes(
  principal: Principal,
  types: SearchQuery['types'],
  where: SearchNode,
): SearchNode {
  const [only, ...others] = types;
  if (others.length === 0) return confined(principal, only, where);
  const inner = confinedLinks(principal, where);
  const filters = types.map((type) => [type, compartmentFilter(principal, type)] as const);
  if (filters.every(([, filter]) => filter === undefined)) return inner;
  const nodes = filters.map(([type, filter]): SearchNode => {
    const ofType: SearchNode = { op: 'type', types: [type] };
    return filter === undefined ? ofType : { op: 'and', nodes: [ofType, filter] };
  });
  return { op: 'and', nodes: [{ op: 'or', nodes }, inner] };
}

function confinedLinks(principal: Principal, node: SearchNode): SearchNode {
  switch (node.op) {
    case 'and':
      return { op: 'and', nodes: node.nodes.map((each) => confinedLinks(principal, each)) };
    case 'or': {
      const nodes = isBranched(node.nodes) ? searchable(principal, node.nodes) : node.nodes;
      return { op: 'or', nodes: nodes.map((each) => confinedLinks(principal, each)) };
    }
    case 'not':
      return { op: 'not', node: confinedLinks(principal, node.node) };
    case 'chain':
    case 'has':
      authorize(principal, 'search-type', { type: node.type });
      return { ...node, where: confined(principal, node.type, node.where) };
    default:
      return node;
  }
}

/** Whether the alternatives are the types that one chain may lead to, where the caller named none. */
function isBranched(nodes: readonly SearchNode[]): boolean {
  const [first] = nodes;
  const param = first?.op === 'chain' ? first.param : undefined;
  return param !== undefined && nodes.every((node) => node.op === 'chain' && node.param === param);
}

/** The chains to types that may be searched; all where none may, so that the refusal says so. */
function searchable(principal: Principal, nodes: readonly SearchNode[]): readonly SearchNode[] {
  const some = nodes.filter(
    (node) => node.op === 'chain' && allowed(principal, 'search-type', node.type),
  );
  return some.length === 0 ? nodes : some;
}
