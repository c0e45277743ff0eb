/**
 * The kick-off of an export (http://hl7.org/fhir/uv/bulkdata/STU2/export.html): parameters of the address or of a
 * Parameters body, checked before anything begins.
 */
import { isResourceType, patientCompartment, resourceTypes } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { SearchNode } from '../../fhir/search-ast.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { limits } from '../../limits.ts';
import { allowed } from '../../security/policy.ts';
import { rangesOf } from '../negotiate.ts';
import { authorize } from '../authorize.ts';
import { isObject, jsonBody } from '../body.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { accepted } from '../background/status.ts';
import { cutText } from '../background/text-parts.ts';
import { parseAlone } from '../criteria.ts';
import { sinceOf } from '../interaction/history.ts';
import { visible } from '../interaction/read.ts';
import { isAsync, isLenient } from '../prefer.ts';
import { parseQuery } from '../query-string.ts';
import type { ExportTask } from './export-task.ts';

type Level = ExportTask['level'];

export const exportSystem = kickOff('system');
export const exportPatients = kickOff('patient');
export const exportGroup = kickOff('group');

function kickOff(level: Level): (context: RestContext, call: Call) => Promise<Answer> {
  return async (context, call) => {
    requireAsync(call);
    const given: Given = call.method === 'POST' ? bodyParams(call) : { params: call.params };
    const parts = given.patients === undefined ? [] : cutText('patients', given.patients.join());
    const named = given.patients === undefined ? {} : { patientParts: parts.length };
    const task = { ...(await exportTask(context, call, { level, ...given })), ...named };
    const work = { kind: 'export', interaction: 'export', task, parts } as const;
    return accepted(context, await context.background.take(call, work));
  };
}

/** An export is only ever asynchronous. Throws `prefer-invalid`, `not-acceptable`. */
function requireAsync(call: Call): void {
  if (!isAsync(call.headers['prefer'])) {
    fail('prefer-invalid', 'An export needs Prefer: respond-async');
  }
  const ranges = rangesOf(call.headers['accept']);
  if (ranges.length > 0 && !ranges.some((range) => takesFhirJson.has(range))) {
    fail('not-acceptable', 'The kick-off of an export answers application/fhir+json');
  }
}

const takesFhirJson = new Set([
  'application/fhir+json',
  'application/json',
  'application/*',
  '*/*',
]);

interface Given {
  readonly params: Params;
  readonly patients?: readonly string[];
}

const valueByParameter: Readonly<Record<string, string>> = {
  _since: 'valueInstant',
  _type: 'valueString',
  _typeFilter: 'valueString',
  _elements: 'valueString',
  _outputFormat: 'valueString',
};

/** The parameters of a Parameters resource, as an address would have them. Throws `structure`, `value`. */
function bodyParams(call: Call): Given {
  if (call.body === undefined || call.body === '') return { params: call.params };
  const body = jsonBody(call);
  if (!isObject(body) || body['resourceType'] !== 'Parameters') {
    fail('structure', 'The body of an export is Parameters');
  }
  const { parameter = [] } = body;
  if (!Array.isArray(parameter)) fail('structure', 'Parameters.parameter is not an array');
  const params: [string, string][] = [];
  const patients: string[] = [];
  for (const [i, one] of (parameter as readonly Json[]).entries()) {
    const expression = [`Parameters.parameter[${i}]`];
    if (!isObject(one) || typeof one['name'] !== 'string') {
      fail('structure', 'It has no name', { expression });
    }
    if (one['name'] === 'patient') patients.push(patientOf(one, expression));
    else params.push([one['name'], textOf(one, one['name'], expression)]);
  }
  if (patients.length > limits.exportPatientsMax) {
    fail(
      'limit',
      `An export names at most ${limits.exportPatientsMax} patients (exportPatientsMax)`,
    );
  }
  return { params: [...call.params, ...params], ...(patients.length === 0 ? {} : { patients }) };
}

function patientOf({ valueReference }: JsonObject, expression: readonly string[]): string {
  const reference = isObject(valueReference) ? valueReference['reference'] : undefined;
  const text = typeof reference === 'string' ? reference : '';
  const id = /^Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(text)?.[1];
  return id ?? fail('value', 'patient is a reference such as Patient/1', { expression });
}

function textOf(one: JsonObject, name: string, expression: readonly string[]): string {
  const key = valueByParameter[name] ?? 'valueString';
  const value = one[key] ?? one['valueString'] ?? one['valueCode'] ?? one['valueDateTime'];
  return typeof value === 'string' ? value : fail('value', `${name} is ${key}`, { expression });
}

async function exportTask(
  context: RestContext,
  call: Call,
  given: Given & { readonly level: Level },
): Promise<ExportTask> {
  const { level, params, patients } = given;
  refuseUnknown(call, params);
  requireNdjson(paramOf(params, '_outputFormat'));
  if (patients !== undefined && level === 'system') {
    fail('search-parameter', 'patient is a parameter of Patient/$export and Group/id/$export');
  }
  const since = sinceOf(paramOf(params, '_since')).since?.getTime();
  const types = wantedTypes(call, level, params);
  const filters = typeFilters(context, listOf(params, '_typeFilter', /,(?=[A-Z][A-Za-z]*\?)/), {
    types,
    lenient: isLenient(call.headers['prefer']),
  });
  const group = level === 'group' ? await groupOf(context, call) : undefined;
  return {
    level,
    types,
    filters,
    elements: listOf(params, '_elements', ','),
    ...(since === undefined ? {} : { since }),
    ...(group === undefined ? {} : { group }),
  };
}

const known = new Set([
  ...['_since', '_type', '_typeFilter', '_elements', '_outputFormat', '_format', '_pretty'],
]);

function refuseUnknown(call: Call, params: Params): void {
  if (isLenient(call.headers['prefer'])) return;
  for (const [name] of params) {
    if (known.has(name)) continue;
    fail(
      'search-parameter',
      'An export has no such parameter; Prefer: handling=lenient ignores it',
    );
  }
}

const ndjsonNames = new Set(['application/fhir+ndjson', 'application/ndjson', 'ndjson']);

function requireNdjson(format: string | undefined): void {
  if (format === undefined || ndjsonNames.has(format.replace(' ', '+'))) return;
  fail('not-supported', '_outputFormat is application/fhir+ndjson');
}

/** The types asked for, or all that the caller may see. Throws `search-value`, `forbidden`. */
function wantedTypes(call: Call, level: Level, params: Params): readonly string[] {
  const asked = [...new Set(listOf(params, '_type', ','))];
  for (const type of asked) {
    if (!isResourceType(type)) fail('search-value', '_type names a type that FHIR R4 has not');
    authorize(call.principal, 'search-type', { type });
    if (!isOfLevel(level, type)) {
      fail('search-value', `${type} is not in the Patient compartment, which this export is of`);
    }
  }
  const all = asked.length > 0 ? asked : resourceTypes();
  return all.filter(
    (type) => isOfLevel(level, type) && allowed(call.principal, 'search-type', type),
  );
}

function isOfLevel(level: Level, type: string): boolean {
  return level === 'system' || type === 'Patient' || patientCompartment(type).length > 0;
}

/** Each `Type?query`, checked as a strict search. Throws what the search parser finds. */
function typeFilters(
  context: RestContext,
  texts: readonly string[],
  { types, lenient }: { readonly types: readonly string[]; readonly lenient: boolean },
): ExportTask['filters'] {
  return texts.flatMap((text) => {
    const [, type = '', query = ''] = /^([A-Za-z]+)\?(.+)$/s.exec(text) ?? [];
    if (!isResourceType(type))
      fail('search-value', '_typeFilter is a search such as Patient?active=true');
    if (!types.includes(type)) {
      if (lenient) return [];
      fail('search-value', '_typeFilter names a type that is not exported; see _type');
    }
    const filter = { type, params: parseQuery(query) };
    filterNode(context, filter, context.clock());
    return [filter];
  });
}

/**
 * The conditions of a type filter. They are judged on each version by itself, so that they hold for the data as it was
 * at the start; chains, which need the other resources, are refused.
 */
export function filterNode(
  context: RestContext,
  { type, params }: ExportTask['filters'][number],
  now: Date,
): SearchNode {
  for (const [name] of params) {
    if (resultParameters.test(name))
      fail('search-value', `${name} does not belong into _typeFilter`);
  }
  const { where } = parseAlone(context, { types: [type], params, strict: true }, { now }).query;
  if (needsOthers(where)) fail('not-supported', 'Chains and _has are not offered in _typeFilter');
  return where;
}

const resultParameters =
  /^(_sort|_count|_include|_revinclude|_summary|_elements|_total|_contained|_containedType|_page|_format|_pretty|_type)(:|$)/;

function needsOthers(node: SearchNode): boolean {
  if (node.op === 'chain' || node.op === 'has') return true;
  if (node.op === 'not') return needsOthers(node.node);
  return (node.op === 'and' || node.op === 'or') && node.nodes.some(needsOthers);
}

async function groupOf(context: RestContext, call: Call): Promise<ExportTask['group']> {
  authorize(call.principal, 'read', call.at);
  const { id, versionId } = visible(call, await context.store.read('Group', call.at.id ?? ''));
  return { id, versionId };
}

/** A parameter's values, which may be repeated or separated. Throws nothing. */
function listOf(params: Params, name: string, separator: string | RegExp): readonly string[] {
  return params
    .filter(([given]) => given === name)
    .flatMap(([, value]) => value.split(separator))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
