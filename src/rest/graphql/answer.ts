import { GraphQLError } from 'graphql';
import { errorIssue } from '../../fhir/issue.ts';
import { stringify, toPlain } from '../../fhir/json.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { Json, JsonObject } from '../../fhir/resource.ts';
import { isObject, jsonBody } from '../body.ts';
import type { Answer, Call, Params, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { checkQuery } from './check.ts';
import { readQuery } from './document.ts';
import type { GraphqlRequest } from './document.ts';
import { execute } from './execute.ts';
import type { Spot } from './execute.ts';
import { introspect, isIntrospection } from './introspect.ts';
import { resourcePlace } from './place.ts';
import { Source } from './source.ts';

/**
 * Runs the query of a call. One that cannot be read or does not fit the definitions is 400; what cannot be read of
 * the data is null, with an error beside the data that carries its OperationOutcome. Without the resource of
 * the address it is 404 as a read is.
 */
export async function answerQuery(context: RestContext, call: Call): Promise<Answer> {
  const source = new Source(context, call);
  try {
    const request = requestOf(call);
    const query = readQuery(request);
    if (call.at.type === undefined && isIntrospection(query)) {
      return answer(200, { data: introspect(query, request.query) });
    }
    checkQuery(query, placeOfCall(call));
    const spot = await rootOf(source, call);
    const { data, errors } = await execute(source, query, spot);
    return answer(200, { ...(errors.length === 0 ? {} : { errors }), data });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const resource = toOperationOutcome([errorIssue('value', error.message)]);
    return answer(400, { errors: [{ ...error.toJSON(), extensions: { resource } }] });
  }
}

function answer(status: number, body: object): Answer {
  const bytes = Buffer.from(stringify(body));
  return { status, raw: { contentType: 'application/json; charset=utf-8', bytes } };
}

function placeOfCall({ at }: Call): Spot['place'] {
  return at.type === undefined ? { kind: 'system' } : resourcePlace(at.type);
}

/** Where the query begins. */
async function rootOf(source: Source, call: Call): Promise<Spot> {
  const { type, id } = call.at;
  const place = placeOfCall(call);
  const fresh = { place, path: [], inList: false, suffix: '' };
  if (type === undefined || id === undefined) return { ...fresh, value: {}, owner: undefined };
  const value = await source.read(`${type}/${id}`);
  return { ...fresh, value, owner: value };
}

/** The query of a call: in the address, as the body itself, or as JSON. Throws GraphQLError where there is none. */
function requestOf(call: Call): GraphqlRequest {
  const { query, operationName, variables } = { ...addressOf(call.params), ...bodyOf(call) };
  if (typeof query !== 'string' || query.trim() === '') {
    throw new GraphQLError('There is no query: send ?query=, or {"query": ...}');
  }
  if (variables !== undefined && variables !== null && !isPlainObject(variables)) {
    throw new GraphQLError('variables must be a JSON object');
  }
  return {
    query,
    variables: (variables ?? {}) as GraphqlRequest['variables'],
    ...(typeof operationName === 'string' && operationName !== '' ? { operationName } : {}),
  };
}

function bodyOf(call: Call): Readonly<Record<string, unknown>> {
  if (call.method !== 'POST' || call.body === undefined || call.body === '') return {};
  const isQuery = /^\s*application\/graphql\b/i.test(call.headers['content-type'] ?? '');
  if (isQuery && typeof call.body === 'string') return { query: call.body };
  const json = toPlain(jsonBody(call));
  if (!isObject(json)) throw new GraphQLError('The body is no JSON object');
  return json['resourceType'] === 'Parameters' ? inParameters(json) : json;
}

/** As an entry of a Bundle, or in XML, a query comes in Parameters. */
function inParameters({ parameter }: JsonObject): Readonly<Record<string, unknown>> {
  const list = Array.isArray(parameter) ? (parameter as readonly Json[]) : [];
  const query = list.filter(isObject).find(({ name }) => name === 'query')?.['valueString'];
  return query === undefined ? {} : { query };
}

function addressOf(params: Params): Readonly<Record<string, unknown>> {
  const [query, operationName, variables] = ['query', 'operationName', 'variables'].map((name) =>
    paramOf(params, name),
  );
  return {
    ...(query === undefined ? {} : { query }),
    ...(operationName === undefined ? {} : { operationName }),
    ...(variables === undefined ? {} : { variables: parsedVariables(variables) }),
  };
}

function parsedVariables(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new GraphQLError('variables must be a JSON object');
  }
}

function isPlainObject(value: unknown): boolean {
  return isObject(value as Json);
}
