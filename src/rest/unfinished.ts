import { fail } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import type { SearchQuery } from '../fhir/search-ast.ts';
import type { Include } from '../fhir/search-result.ts';
import { usedParameters } from '../fhir/search-used.ts';
import type { RestContext } from './call.ts';

type Conditions = Pick<SearchQuery, 'types' | 'where' | 'sort'>;

/**
 * A warning where a search depends on a parameter by which not every resource is indexed yet: it is new, and
 * what was stored before is still being looked through (store/reindex.ts).
 */
export function unfinishedWarning(
  context: RestContext,
  conditions: Conditions,
  includes: readonly Include[],
): readonly Issue[] {
  const reversed = includes.filter(({ reverse }) => reverse);
  const read = reversed.map(({ sourceType: type, param }) => ({ type, param }));
  const names = unfinished(context, [...usedParameters(conditions), ...read]);
  if (names.length === 0) return [];
  const diagnostics = `${names.join(', ')}: not every resource is indexed by it yet; results may be incomplete`;
  return [{ code: 'index-incomplete', severity: 'warning', diagnostics }];
}

/**
 * Refuses, with `index-incomplete`, to decide by such a parameter whether there is a resource: "none" might be
 * wrong, and a second one would be made.
 */
export function refuseUnfinished(context: RestContext, conditions: Conditions): void {
  const names = unfinished(context, usedParameters(conditions));
  if (names.length === 0) return;
  fail(
    'index-incomplete',
    `${names.join(', ')}: not every resource is indexed by it yet; try later`,
  );
}

function unfinished(
  { isUnfinished }: RestContext,
  read: readonly { readonly type: string; readonly param: string }[],
): readonly string[] {
  return read
    .filter(({ type, param }) => isUnfinished(type, param))
    .map(({ type, param }) => `${type}.${param}`);
}
