import { isResourceType } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { accepted } from '../background/status.ts';
import { cutText } from '../background/text-parts.ts';
import { isObject, jsonBody } from '../body.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { ndjson } from '../media.ts';
import type { ImportInput, ImportTask } from './import-task.ts';

/**
 * `POST $import`: newline-delimited resources in the body, or Parameters (or plain JSON of the same names) with
 * `inputFormat`, `inputSource` and `input` of `type` and `url`, as SMART's bulk import has it. Always asynchronous.
 */
export async function importData(context: RestContext, call: Call): Promise<Answer> {
  const type = (call.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type === ndjson) {
    const parts = cutText('body', typeof call.body === 'string' ? call.body : '');
    if (parts.length === 0) fail('structure', 'The request has no body');
    return begin(context, call, { source: 'body', parts: parts.length }, parts);
  }
  const inputs = inputsOf(context, jsonBody(call));
  return begin(context, call, { source: 'urls', inputs }, []);
}

async function begin(
  context: RestContext,
  call: Call,
  task: ImportTask,
  parts: ReturnType<typeof cutText>,
): Promise<Answer> {
  const work = { kind: 'import', interaction: 'import', task, parts } as const;
  return accepted(context, await context.background.take(call, work));
}

function inputsOf(context: RestContext, body: Json): readonly ImportInput[] {
  if (!isObject(body)) fail('structure', 'The body of an import is Parameters, or NDJSON');
  const isParameters = body['resourceType'] === 'Parameters';
  const format = isParameters ? valuesOf(body, 'inputFormat')[0] : body['inputFormat'];
  if (format !== ndjson && format !== 'application/ndjson') {
    fail('not-supported', `inputFormat is ${ndjson}`, { expression: ['Parameters.parameter'] });
  }
  const given = isParameters ? parameters(body, 'input').map(partsOf) : listed(body['input']);
  if (given.length === 0) fail('required', 'An import needs at least one input');
  if (given.length > limits.importFilesMax) {
    fail('limit', `An import takes at most ${limits.importFilesMax} files (importFilesMax)`);
  }
  return given.map((one, i) => inputOf(context, one, i));
}

function inputOf(context: RestContext, { type, url }: JsonObject, i: number): ImportInput {
  const expression = [`input[${i}]`];
  if (typeof url !== 'string') fail('required', 'An input needs a url', { expression });
  const objection = context.outbound.objection(url);
  if (objection !== undefined) fail('outbound-refused', objection, { expression });
  if (type === undefined) return { url };
  if (typeof type !== 'string' || !isResourceType(type)) {
    fail('value', 'FHIR R4 has no resource type of that name', { expression });
  }
  return { type, url };
}

function listed(input: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(input) || !input.every((one) => isObject(one as Json))) {
    fail('structure', 'input is a list of objects with type and url');
  }
  return input as readonly JsonObject[];
}

function parameters(body: JsonObject, name: string): readonly JsonObject[] {
  const { parameter = [] } = body;
  if (!Array.isArray(parameter)) fail('structure', 'Parameters.parameter is not an array');
  return (parameter as readonly Json[]).filter(isObject).filter((one) => one['name'] === name);
}

function valuesOf(body: JsonObject, name: string): readonly (Json | undefined)[] {
  return parameters(body, name).map(valueOf);
}

/** The parts of an `input` as one object. */
function partsOf(input: JsonObject): JsonObject {
  const { part = [] } = input;
  if (!Array.isArray(part)) fail('structure', 'An input has parts: type and url');
  const parts = (part as readonly Json[]).filter(isObject);
  const named = parts.filter((one) => typeof one['name'] === 'string');
  return Object.fromEntries(named.map((one) => [one['name'] as string, valueOf(one)]));
}

function valueOf(parameter: JsonObject): Json | undefined {
  return Object.entries(parameter).find(([key]) => key.startsWith('value'))?.[1];
}
