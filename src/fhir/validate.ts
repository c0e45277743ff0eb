import { isRawNumber } from './decimal.ts';
import type { Issue } from './issue.ts';
import { errorIssue } from './issue.ts';
import { isResourceType } from './definitions.ts';
import { limits } from '../limits.ts';
import { toPlain } from './json.ts';
import type { Resource } from './resource.ts';
import { baseIssues } from './validate-base.ts';
import { elementIssues } from './validate-elements.ts';
import { isSurelyValid } from './validate-quick.ts';

/**
 * Validates a resource against FHIR R4 itself. Two readers: our walk over the definitions
 * (validate-elements.ts), and `validateResource` of @medplum/core for structure, cardinality, formats and the
 * invariants of resources (validate-base.ts), which is asked where it may find something (validate-quick.ts). Ours says what the other passes over: required bindings, rules of
 * data types, what a reference may point to, two values of one choice, empty and null, narrative, ids,
 * contained resources, numbers to the digit.
 *
 * Never throws. Issues have `expression` as FHIRPath and never a value of the resource; errors are of `structure`,
 * `value` (400) or `required`, `invariant`, `code-invalid`, `reference-target` (422). An empty list is valid.
 * Resources may hold raw numbers. Nested resources (contained, Bundle entries, parameters) are validated too.
 */
export function validateResource(resource: Resource): readonly Issue[] {
  const type: unknown = (resource as unknown) === null ? undefined : resource.resourceType;
  if (typeof type !== 'string' || !isResourceType(type)) {
    return [errorIssue('structure', 'resourceType is not a resource type of FHIR R4')];
  }
  if (hasMoreValues(resource, limits.resourceValuesMax)) {
    const most = `${String(limits.resourceValuesMax)} values (resourceValuesMax)`;
    return [errorIssue('limit', `A resource may have ${most}`, { expression: [type] })];
  }
  const own = elementIssues(resource);
  const base = isSurelyValid(resource) ? [] : baseIssues(toPlain(resource), own);
  if (base.length === 0) return own;
  const told = new Set(own.flatMap((issue) => issue.expression ?? []));
  return [...own, ...base.filter((issue) => !issue.expression?.some((path) => told.has(path)))];
}

/** Whether there are more values in it than `most`, itself, objects and lists included. */
function hasMoreValues(value: unknown, most: number): boolean {
  let left = most;
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined && left >= 0; next = open.pop()) {
    left -= 1;
    if (typeof next !== 'object' || next === null || isRawNumber(next)) continue;
    for (const key in next) open.push((next as Readonly<Record<string, unknown>>)[key] ?? '');
  }
  return left < 0;
}
