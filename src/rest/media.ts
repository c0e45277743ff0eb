import type { FastifyRequest } from 'fastify';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { stringify } from '../fhir/json.ts';
import { parseXml } from '../fhir/xml/read.ts';
import { limits } from '../limits.ts';
import { fhirVersionOf, isOurVersion } from './negotiate.ts';

const jsonTypes = ['application/fhir+json', 'application/json', 'text/json'];
const xmlTypes = ['application/fhir+xml', 'application/xml', 'text/xml'];

/** Newline-delimited JSON, a resource on each line; `$import` takes it. */
export const ndjson = 'application/fhir+ndjson';

/**
 * Reads a body as text: JSON, JSON Patch for PATCH, a form for POST _search, a query for $graphql; XML is made JSON
 * here, so that whatever comes after knows JSON only. Always UTF-8. Throws `media-type`, `syntax-json` or
 * `syntax-xml` where the bytes are no UTF-8, and what is wrong with the XML. An empty body has no type.
 */
export async function readBody(request: FastifyRequest, bytes: Buffer): Promise<string> {
  if (bytes.length === 0) return '';
  const header = request.headers['content-type'] ?? '';
  const [first = '', ...parameters] = header.split(';');
  const type = first.trim().toLowerCase();
  requireType(type, request);
  if (!isOurVersion(fhirVersionOf(header))) {
    fail('media-type', 'Weir speaks FHIR R4 only: fhirVersion=4.0');
  }
  requireUtf8(parameters);
  const isXml = xmlTypes.includes(type);
  const text = decoded(bytes, isXml);
  return isXml ? jsonOfXml(text) : text;
}

function decoded(bytes: Buffer, isXml: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    return fail(isXml ? 'syntax-xml' : 'syntax-json', 'The body is not UTF-8', { cause });
  }
}

function jsonOfXml(text: string): string {
  if (text.length > limits.xmlBodyCharsMax) {
    fail('body-too-large', 'The XML is longer than xmlBodyCharsMax');
  }
  const { value, issues } = parseXml(text);
  const [first, ...more] = issues;
  if (first !== undefined) throw new OutcomeError([first, ...more]);
  return stringify(value);
}

function requireType(type: string, request: FastifyRequest): void {
  const url = request.routeOptions.url ?? '';
  if (url.endsWith('/_search')) {
    if (type === 'application/x-www-form-urlencoded') return;
    fail('media-type', 'Send application/x-www-form-urlencoded');
  }
  if (url.endsWith('/$graphql') && type === 'application/graphql') return;
  if (request.method === 'PATCH' && type === 'application/json-patch+json') return;
  if (url.endsWith('/$import') && type === ndjson) return;
  if (jsonTypes.includes(type) || xmlTypes.includes(type)) return;
  fail('media-type', 'Send application/fhir+json or application/fhir+xml');
}

function requireUtf8(parameters: readonly string[]): void {
  for (const parameter of parameters) {
    const charset = /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(parameter)?.[1];
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
      fail('media-type', 'FHIR is UTF-8');
    }
  }
}
