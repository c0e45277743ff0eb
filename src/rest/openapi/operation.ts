import { compartmentNames, compartmentParameters, resourceTypes } from '../../fhir/definitions.ts';
import { anyMember } from '../authorize.ts';
import type { Route } from '../call.ts';
import { searchable } from '../interaction/capabilities.ts';
import { ref } from './component.ts';

type Part = Readonly<Record<string, unknown>>;

/** The operation of a route on a type; http://spec.openapis.org/oas/v3.1.0#operation-object. */
export function operation(route: Route, type: string | undefined): Part {
  const { method, url, interaction, open = false } = route;
  const body = bodyOf(route, type);
  return {
    operationId: operationId(method, url, type),
    summary: summaryOf(route, type),
    tags: [type ?? 'System'],
    parameters: [...pathParameters(route, type), ...otherParameters(route, type)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responsesOf(route, type),
    ...(open ? { security: [] } : {}),
    'x-fhir-interaction': interaction,
  };
}

function operationId(method: string, url: string, type: string | undefined): string {
  const words = url.replace(':type', type ?? '').match(/[A-Za-z0-9]+/g) ?? ['base'];
  const rest = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `${method.toLowerCase()}${rest}`;
}

function summaryOf({ url, interaction, method }: Route, type: string | undefined): string {
  const name = /\$[a-z-]+$/.exec(url)?.[0];
  const on = type === undefined ? '' : ` of ${type}`;
  const conditional = url === '/:type' && ['PUT', 'PATCH', 'DELETE'].includes(method);
  return `${conditional ? 'conditional ' : ''}${name ?? interaction}${on}`;
}

function pathParameters({ url }: Route, type: string | undefined): readonly Part[] {
  const names = ['id', 'versionId'].filter((name) => url.split('/').includes(`:${name}`));
  const fixed = names.map((name) => ref('parameters', name));
  if (!url.includes('/:member') || type === undefined) return fixed;
  const members = resourceTypes().filter((one) => compartmentParameters(type, one).length > 0);
  const schema = { type: 'string', enum: [...members, anyMember] };
  const description = `A type of the compartment of ${type}`;
  return [...fixed, { name: 'member', in: 'path', required: true, schema, description }];
}

const searchControls = ['count', 'sort', 'include', 'revinclude', 'summary', 'elements', 'total'];

/** By interaction: parameters of the address and headers. */
const parametersOf: Readonly<Record<string, readonly string[]>> = {
  capabilities: ['mode', 'ifNoneMatch'],
  read: ['ifNoneMatch', 'ifModifiedSince'],
  vread: ['ifNoneMatch', 'ifModifiedSince'],
  'history-instance': ['since', 'at', 'count'],
  'history-type': ['since', 'at', 'count'],
  'history-system': ['since', 'at', 'count'],
  'search-type': [...searchControls, 'prefer'],
  'search-system': ['types', ...searchControls, 'prefer'],
  create: ['ifNoneExist', 'prefer'],
  update: ['ifMatch', 'ifNoneMatch', 'prefer'],
  patch: ['ifMatch', 'prefer'],
  delete: ['ifMatch', 'prefer'],
  batch: ['prefer'],
  everything: ['types', 'since'],
};

function otherParameters(route: Route, type: string | undefined): readonly Part[] {
  const { method, url, interaction } = route;
  const listed = parametersOf[interaction] ?? [];
  const isForm = url.endsWith('/_search');
  const names = isForm ? ['prefer'] : listed;
  const own = method === 'GET' && url === '/:type' ? searchParametersOf(type) : [];
  const query = interaction === 'graphql' && method === 'GET' ? graphqlParameters : [];
  const format = interaction === 'graphql' ? [] : ['format', 'pretty'];
  return [...own, ...query, ...[...names, ...format].map((name) => ref('parameters', name))];
}

const graphqlParameters: readonly Part[] = [
  { name: 'query', in: 'query', required: true, schema: { type: 'string' } },
  { name: 'operationName', in: 'query', schema: { type: 'string' } },
  { name: 'variables', in: 'query', schema: { type: 'string' }, description: 'A JSON object' },
];

function searchParametersOf(type = ''): readonly Part[] {
  return searchable(type).map(({ code, type: kind, expression }) => ({
    name: code,
    in: 'query',
    description: expression === undefined ? kind : `${kind}: ${expression}`,
    // Repeated: all of them must hold.
    schema: { type: 'array', items: { type: 'string' } },
  }));
}

function bodyOf({ method, url, interaction }: Route, type: string | undefined): Part | undefined {
  if (method === 'GET' || method === 'DELETE') return undefined;
  if (url.endsWith('/_search')) {
    const schema = ref('schemas', `${type ?? ''}Search`);
    return { content: { 'application/x-www-form-urlencoded': { schema } } };
  }
  if (interaction === 'patch') return ref('requestBodies', 'Patch');
  if (interaction === 'graphql') return ref('requestBodies', 'Graphql');
  if (interaction === 'batch') return ref('requestBodies', 'Bundle');
  const isOperation = url.includes('$');
  return ref('requestBodies', isOperation || type === undefined ? 'Any' : type);
}

/** Statuses of success by interaction, and what they answer; the type itself where it is `*`. */
const successes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  capabilities: { 200: 'CapabilityStatement', 304: 'NotModified' },
  read: { 200: '*', 304: 'NotModified' },
  vread: { 200: '*', 304: 'NotModified' },
  create: { 200: 'Written', 201: 'Written' },
  update: { 200: 'Written', 201: 'Written' },
  patch: { 200: 'Written' },
  delete: { 204: 'Deleted', 200: 'Outcome' },
  validate: { 200: 'Outcome' },
  graphql: { 200: 'Json' },
  export: { 202: 'Accepted', 200: 'Json' },
  import: { 202: 'Accepted' },
  'async-status': { 200: 'Json', 202: 'Accepted' },
};

function responsesOf({ interaction, url }: Route, type: string | undefined): Part {
  const isPlain = /\$timeline$|\.json$/.test(url);
  const byDefault = { 200: /\$sources$/.test(url) ? 'Parameters' : 'Bundle' };
  const isPage = url.endsWith('.html');
  const found = isPage
    ? { 200: 'Page' }
    : isPlain
      ? { 200: 'Json' }
      : (successes[interaction] ?? byDefault);
  const named = Object.entries(found).map(([status, name]) => [
    status,
    ref('responses', name === '*' ? (type ?? 'Resource') : name),
  ]);
  // Every refusal is an OperationOutcome, whatever its status.
  return Object.fromEntries([...named, ['default', ref('responses', 'Outcome')]]) as Part;
}

/** The types that a route is told of: each, those with compartments, or none. */
export function typesOf({ url }: Route): readonly (string | undefined)[] {
  if (url.includes('/:member') || url === '/:type/:id/_search') {
    return compartmentNames();
  }
  if (url.startsWith('/:type')) return resourceTypes();
  const fixed = /^\/([A-Z][A-Za-z]+)/.exec(url)?.[1];
  return [fixed];
}

/** `/:type/:id` as `/Patient/{id}`. */
export function templateOf({ url }: Route, type: string | undefined): string {
  return url.replace(':type', type ?? '').replace(/:(\w+)/g, '{$1}');
}
