import { isError } from '../fhir/outcome.ts';
import { errorIssue, OutcomeError, type Issue } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { validateResource } from '../fhir/validate.ts';
import type { MappedResource, MappingResult } from '../mapping/result.ts';

/**
 * What our own validation refuses in a resource that a map made, as `mapping-fault`: with the rule that
 * made the element, so that the analyst knows which line to look at.
 */
export function faultsOf(
  resource: IdentifiedResource,
  { mapped, result }: { readonly mapped: MappedResource; readonly result: MappingResult },
): readonly Issue[] {
  return validateResource(resource)
    .filter(isError)
    .map((issue) => {
      const element = elementOf(issue);
      const rule = ruleOf(result, mapped.name, element);
      const where = [result.map, mapped.name, element, rule].filter((part) => part !== '');
      return errorIssue('mapping-fault', `${where.join(' ')}: ${issue.diagnostics}`, {
        ...(issue.expression === undefined ? {} : { expression: issue.expression }),
      });
    });
}

/** What an exception says to the sender; anything unforeseen is `exception`, and only the log has more. */
export function issuesOf(error: unknown): readonly [Issue, ...Issue[]] {
  if (error instanceof OutcomeError) return error.issues;
  return [errorIssue('exception', 'The message was not processed because of a fault of ours')];
}

/** `Patient.telecom[1].system` -> `telecom`. */
function elementOf({ expression }: Issue): string {
  return expression?.[0]?.split('.')[1]?.replace(/\[.*$/, '') ?? '';
}

function ruleOf(result: MappingResult, name: string, element: string): string {
  const target = `${name}.${element}`;
  const entry = result.trace.find(
    (each) =>
      each.target === target ||
      each.target.startsWith(`${target}.`) ||
      each.target.startsWith(`${target}[`),
  );
  return entry === undefined ? '' : `(${entry.rule})`;
}
