import { isRawNumber } from '../fhir/decimal.ts';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { parseJson } from '../fhir/json.ts';
import { isError } from '../fhir/outcome.ts';
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

/** Any JSON as a resource. Throws `structure`. */
export function resourceOf(json: Json): Resource {
  if (!isObject(json) || typeof json['resourceType'] !== 'string') {
    fail('structure', 'The body is not a FHIR resource: it needs "resourceType"');
  }
  return json as unknown as Resource;
}

/** Throws the errors that validation finds; warnings do not stop a write. */
export function requireValid(resource: Resource): void {
  const [first, ...more] = validateResource(resource).filter(isError);
  if (first !== undefined) throw new OutcomeError([first, ...more]);
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && !isRawNumber(json);
}
