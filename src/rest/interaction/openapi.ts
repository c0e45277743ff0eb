import { stringify } from '../../fhir/json.ts';
import { isResourceType } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { apiPage } from '../openapi/page.ts';
import { components } from '../openapi/component.ts';
import { operation, templateOf, typesOf } from '../openapi/operation.ts';
import { statement, statementKnown } from './statement.ts';

/**
 * `GET openapi.json`: the interface as OpenAPI 3.1 (http://spec.openapis.org/oas/v3.1.0), made from the route table and
 * the search parameters as the CapabilityStatement is.
 */
export async function openApi(context: RestContext, call: Call): Promise<Answer> {
  const made = statement(context, 'openapi', () => stringify(document(context)));
  const known = statementKnown(call, made);
  if (known !== undefined) return known;
  const contentType = 'application/json; charset=utf-8';
  return { status: 200, etag: made.etag, raw: { contentType, bytes: made.bytes } };
}

/** `GET openapi.html[?type=Patient]`: the same to read. */
export async function openApiPage(context: RestContext, call: Call): Promise<Answer> {
  const type = paramOf(call.params, 'type');
  if (type !== undefined && !isResourceType(type)) {
    fail('unknown-type', 'type is a resource type of FHIR R4');
  }
  const made = statement(context, `page ${type ?? ''}`, () => apiPage(context, type));
  const known = statementKnown(call, made);
  if (known !== undefined) return known;
  const headers = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" };
  const contentType = 'text/html; charset=utf-8';
  return { status: 200, etag: made.etag, headers, raw: { contentType, bytes: made.bytes } };
}

function document({ routes, baseUrl }: RestContext): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    for (const type of typesOf(route)) {
      const path = (paths[templateOf(route, type)] ??= {});
      path[route.method.toLowerCase()] = operation(route, type);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir FHIR R4 interface',
      version: '4.0.1',
      summary: 'FHIR R4 (4.0.1) REST',
      description: 'The words of the interface are those of http://hl7.org/fhir/R4/http.html.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: baseUrl }],
    security: [{ bearer: [] }],
    paths,
    components: components(),
  };
}
