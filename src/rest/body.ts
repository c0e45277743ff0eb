import { isRawNumber } from '../fhir/decimal.ts';
import { fail, OutcomeError } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import { parseJson } from '../fhir/json.ts';
import type { Json, JsonObject, Resource } from '../fhir/resource.ts';
import { validateResource } from '../fhir/validate.ts';
import type { Call } from './call.ts';

/** The body of a call as JSON, decimals kept. Throws `syntax-json`, or `structure` where there is none. */
export function jsonBody(call: Call): Json {
  if (call.body === undefined || call.body === '') fail('structure', 'The request has no body');
  return typeof call.body === 'string' ? jsonOf(call.body) : call.body;
}

/** JSON text as a value, decimals kept. Throws what the reader finds. */
export function jsonOf(text: string): Json {
  const { value, issues } = parseJson(text);
  const [first, ...more] = issues;
  if (first !== undefined) throw new OutcomeError([first, ...more]);
  return value === undefined ? fail('exception', 'The JSON reader answered nothing') : value;
}

/**
 * The resource of a write: parsed, of the type in the address, valid. Throws `structure`, `id-mismatch`
 * or whatever validation finds; warnings do not stop it.
 */
export function acceptedResource(call: Call): Resource {
  const resource = resourceOf(jsonBody(call));
  const { type } = call.at;
  if (type !== undefined && resource.resourceType !== type) {
    fail('id-mismatch', `The body is a ${resource.resourceType}, the address says ${type}`);
  }
  requireWhole(resource);
  requireValid(resource);
  return resource;
}

/** Any JSON as a resource. Throws `structure`. */
export function resourceOf(json: Json): Resource {
  if (!isObject(json) || typeof json['resourceType'] !== 'string') {
    fail('structure', 'The body is not a FHIR resource: it needs "resourceType"');
  }
  return json as unknown as Resource;
}

/** Throws the errors that validation finds; `prefix` is put before each place. */
export function requireValid(resource: Resource, prefix?: string): void {
  const errors = errorsOf(resource, prefix);
  const [first, ...more] = errors;
  if (first !== undefined) throw new OutcomeError([first, ...more]);
}

/** The errors of a resource; `prefix` such as `Bundle.entry[2].resource` takes the place of its type. */
function errorsOf(resource: Resource, prefix?: string): readonly Issue[] {
  const errors = validateResource(resource).filter(
    ({ severity }) => severity === 'error' || severity === 'fatal',
  );
  return prefix === undefined ? errors : errors.map((issue) => placed(issue, prefix));
}

/** A resource that was answered in part must not come back as the whole. */
function requireWhole(resource: Resource): void {
  const subsetted = resource.meta?.tag?.some((tag) => tag.code === 'SUBSETTED') === true;
  if (!subsetted) return;
  fail('invariant', 'A resource tagged SUBSETTED is not whole and cannot be written', {
    expression: [`${resource.resourceType}.meta.tag`],
  });
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !isRawNumber(json);
}

function placed(issue: Issue, prefix: string): Issue {
  const expression = issue.expression?.map((path) => path.replace(/^[A-Za-z]+/, prefix));
  return { ...issue, expression: expression ?? [prefix] };
}
