import { OutcomeError } from '../fhir/issue.ts';
import { isError } from '../fhir/outcome.ts';
import type { SearchNode, SearchQuery } from '../fhir/search-ast.ts';
import { parseSearch } from '../fhir/search-parse.ts';
import type { ParsedSearch } from '../fhir/search-parse.ts';
import { compartmentFilter } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import type { Params, RestContext } from './call.ts';

/** Parses search parameters; throws every error that they have. */
export function parseCriteria(
  context: RestContext,
  types: SearchQuery['types'],
  params: Params,
  strict: boolean,
): ParsedSearch {
  const now = context.clock().getTime();
  const parsed = parseSearch(types, params, { strict, now, baseUrl: context.baseUrl });
  const [first, ...more] = parsed.issues.filter(isError);
  if (first !== undefined) throw new OutcomeError([first, ...more]);
  return parsed;
}

/** The tree that matches both what is asked for and what the principal may see of the type. */
export function confined(principal: Principal, type: string, where: SearchNode): SearchNode {
  const filter = compartmentFilter(principal, type);
  return filter === undefined ? where : { op: 'and', nodes: [filter, where] };
}
