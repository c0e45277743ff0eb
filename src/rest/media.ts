import type { FastifyRequest } from 'fastify';
import { fail } from '../fhir/issue.ts';

const jsonTypes = ['application/fhir+json', 'application/json', 'text/json'];

/** Newline-delimited JSON, a resource on each line; `$import` takes it. */
export const ndjson = 'application/fhir+ndjson';

/**
 * Reads a body as text. JSON, JSON Patch for PATCH, and a form for POST _search; always UTF-8. Throws
 * `media-type`, and `syntax-json` where the bytes are no UTF-8. An empty body has no type.
 */
export async function readBody(request: FastifyRequest, bytes: Buffer): Promise<string> {
  if (bytes.length === 0) return '';
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';');
  requireType(type.trim().toLowerCase(), request);
  requireUtf8(parameters);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    return fail('syntax-json', 'The body is not UTF-8', { cause });
  }
}

function requireType(type: string, request: FastifyRequest): void {
  const isSearch = /\/_search$/.test(request.routeOptions.url ?? '');
  if (isSearch && type === 'application/x-www-form-urlencoded') return;
  if (request.method === 'PATCH' && type === 'application/json-patch+json') return;
  if (type === ndjson && /\/\$import$/.test(request.routeOptions.url ?? '')) return;
  if (!isSearch && jsonTypes.includes(type)) return;
  fail('media-type', `Send ${isSearch ? 'application/x-www-form-urlencoded' : jsonTypes[0]}`);
}

function requireUtf8(parameters: readonly string[]): void {
  for (const parameter of parameters) {
    const charset = /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(parameter)?.[1];
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
      fail('media-type', 'FHIR JSON is UTF-8');
    }
  }
}
