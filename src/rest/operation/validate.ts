import { errorIssue } from '../../fhir/issue.ts';
import type { Issue } from '../../fhir/issue.ts';
import { stringify } from '../../fhir/json.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { Json, JsonObject, Resource } from '../../fhir/resource.ts';
import { validateResource } from '../../fhir/validate.ts';
import { isObject, jsonBody, resourceOf } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';

/**
 * `POST Type/$validate` and `POST Type/id/$validate` (http://hl7.org/fhir/R4/resource-operation-validate.html):
 * a resource, or Parameters with one, is held against R4. What is found is the answer, with status 200; only
 * what cannot be read at all is an error.
 */
export async function validate(_context: RestContext, call: Call): Promise<Answer> {
  const body = jsonBody(call);
  const parameters = isObject(body) && body['resourceType'] === 'Parameters' ? body : undefined;
  const profile = paramOf(call.params, 'profile') ?? parameterOf(parameters, 'profile');
  const given = parameters === undefined ? body : parameterOf(parameters, 'resource');
  const resource = resourceOf(given ?? null);
  const issues = [
    ...typeIssues(call, resource),
    ...validateResource(resource),
    ...(profile === undefined ? [] : [profileIssue]),
  ];
  return { status: 200, body: stringify(toOperationOutcome(issues)) };
}

const profileIssue: Issue = {
  ...errorIssue('not-supported', 'Held against base R4 only: the profile was not looked at'),
  severity: 'warning',
};

function typeIssues(call: Call, resource: Resource): readonly Issue[] {
  const { type } = call.at;
  if (type === undefined || type === resource.resourceType) return [];
  return [errorIssue('id-mismatch', `The resource is no ${type}`)];
}

function parameterOf(parameters: JsonObject | undefined, name: string): Json | undefined {
  const list = parameters?.['parameter'];
  if (!Array.isArray(list)) return undefined;
  const found = (list as readonly Json[]).filter(isObject).find((one) => one['name'] === name);
  return found?.['resource'] ?? found?.['valueUri'] ?? found?.['valueCanonical'];
}
