import { isError } from '../fhir/outcome.ts';
import { errorIssue, OutcomeError, type Issue } from '../fhir/issue.ts';
import type { IdentifiedResource } from '../fhir/resource.ts';
import { validateResource } from '../fhir/validate.ts';
import { present } from '../hl7v2/present.ts';
import type { MappedResource, MappingResult, TraceEntry } from '../mapping/result.ts';

/**
 * What our own validation refuses in a resource that a map made. Where the message is what lacks something or
 * says too much, with the field; else as `mapping-fault`, with the rule that made the element, so that the analyst
 * knows which line to look at.
 */
export function faultsOf(
  resource: IdentifiedResource,
  { mapped, result }: { readonly mapped: MappedResource; readonly result: MappingResult },
): readonly Issue[] {
  return validateResource(resource)
    .filter(isError)
    .map((issue) => {
      const element = elementOf(issue);
      const ofSender = senderFault(issue, entryOf(result, mapped.name, element)?.source);
      if (ofSender !== undefined) return ofSender;
      const rule = ruleOf(result, mapped.name, element);
      const where = [result.map, mapped.name, element, rule].filter((part) => part !== '');
      return errorIssue('mapping-fault', `${where.join(' ')}: ${issue.diagnostics}`, {
        ...(issue.expression === undefined ? {} : { expression: issue.expression }),
      });
    });
}

/**
 * What no map can help: an element that FHIR requires and the message has no value for (that a rule feeds it is
 * checked when the map is read), a visit without a time, a text that is too long.
 */
function senderFault(issue: Issue, source: string | undefined): Issue | undefined {
  const { diagnostics = '', expression } = issue;
  const place = present({ location: source, expression });
  const [path = ''] = expression ?? [];
  if (issue.code === 'required' && /^\w+\.\w+$/.test(path)) {
    return errorIssue('required-field', `The message says nothing that makes ${path}`, place);
  }
  if (diagnostics.startsWith('Constraint app-3 ')) {
    const text = 'The message does not say when the appointment begins and ends';
    return errorIssue('required-field', text, { location: 'SCH-11', ...place });
  }
  if (!diagnostics.startsWith('String cannot be larger')) return undefined;
  return errorIssue('data-type', 'A text is longer than FHIR allows, 1 MB', place);
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
  const entry = entryOf(result, name, element);
  return entry === undefined ? '' : `(${entry.rule})`;
}

function entryOf(result: MappingResult, name: string, element: string): TraceEntry | undefined {
  const target = `${name}.${element}`;
  // `observation.value` is also `observation.valueString`.
  return result.trace.find(
    (each) =>
      each.target.startsWith(target) && /^($|[.[A-Z])/.test(each.target.slice(target.length)),
  );
}
