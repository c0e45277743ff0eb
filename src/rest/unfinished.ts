import { resourceTypes, searchParameters } from '../fhir/definitions.ts';
import { fail } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import type { SearchQuery } from '../fhir/search-ast.ts';
import type { Include } from '../fhir/search-result.ts';
import { usedParameters } from '../fhir/search-used.ts';
import type { UsedParameter } from '../fhir/search-used.ts';
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
  const names = unfinished(context, [
    ...usedParameters(conditions),
    ...includes.flatMap(searchedBy),
  ]);
  if (names === '') return [];
  const diagnostics = `${names}: not every resource is indexed by it yet; results may be incomplete`;
  return [{ code: 'index-incomplete', severity: 'warning', diagnostics }];
}

/**
 * Refuses, with `index-incomplete`, to decide by such a parameter whether there is a resource: "none" might be
 * wrong, and a second one would be made.
 */
export function refuseUnfinished(context: RestContext, conditions: Conditions): void {
  const names = unfinished(context, usedParameters(conditions));
  if (names === '') return;
  fail('index-incomplete', `${names}: not every resource is indexed by it yet; try again later`);
}

/** What a `_revinclude` searches by; an `_include` reads the resources themselves. */
function searchedBy({ reverse, sourceType, param }: Include): readonly UsedParameter[] {
  if (!reverse) return [];
  const types = sourceType === '*' ? resourceTypes() : [sourceType];
  return types.flatMap((type) => {
    const all = [...searchParameters(type).values()].filter((one) => one.type === 'reference');
    const params = param === '*' ? all.map(({ code }) => code) : [param];
    return params.map((each) => ({ type, param: each }));
  });
}

/** Names told in one issue; after an update of Weir all may be unfinished. */
const namesMax = 5;

/** Empty where all are finished. */
function unfinished({ isUnfinished }: RestContext, read: readonly UsedParameter[]): string {
  const names = read
    .filter(({ type, param }) => isUnfinished(type, param))
    .map(({ type, param }) => `${type}.${param}`);
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : '';
  return `${names.slice(0, namesMax).join(', ')}${more}`;
}
