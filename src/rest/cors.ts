/** Calls from pages of other origins: https://fetch.spec.whatwg.org/#http-cors-protocol. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The origins whose pages may call: `*` is any. Cookies never count for them: no answer allows credentials, so a
 * page must have a token.
 */
export type CorsOrigins = '*' | readonly string[];

/**
 * Reads the setting: `*`, `none`, or origins such as `https://app.example` with commas between. Undefined where one
 * is no origin.
 */
export function parseCorsOrigins(text: string): CorsOrigins | undefined {
  const origins = text.split(',').map((part) => part.trim());
  if (text.trim() === '*') return '*';
  if (text.trim() === 'none' || text.trim() === '') return [];
  return origins.every((origin) => URL.parse(origin)?.origin === origin) ? origins : undefined;
}

const exposed =
  'ETag, Location, Content-Location, Last-Modified, X-Request-Id, X-Progress, Retry-After';
const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
// `*` is any header but Authorization, which must be named.
const headers =
  'Accept, Authorization, Content-Encoding, Content-Type, If-Match, If-Modified-Since, If-None-Exist, ' +
  'If-None-Match, Prefer, X-Request-Id, *';

/** Says on every answer whose pages may read it. */
export function corsHeaders(
  request: FastifyRequest,
  reply: FastifyReply,
  origins: CorsOrigins,
): void {
  const { origin } = request.headers;
  if (origin === undefined) return;
  if (origins !== '*' && !origins.includes(origin)) return;
  void reply
    .header('access-control-allow-origin', origins === '*' ? '*' : origin)
    .header('access-control-expose-headers', exposed);
}

/** Whether a browser asks what it may send, before it sends it. */
export function isPreflight({ method, headers: given }: FastifyRequest): boolean {
  return (
    method === 'OPTIONS' &&
    given.origin !== undefined &&
    given['access-control-request-method'] !== undefined
  );
}

/** The answer to a preflight; without the first hook's headers it is a no. */
export function answerPreflight(reply: FastifyReply): FastifyReply {
  if (reply.hasHeader('access-control-allow-origin')) {
    void reply
      .header('access-control-allow-methods', methods)
      .header('access-control-allow-headers', headers)
      .header('access-control-max-age', '86400');
  }
  return reply.status(204).send();
}
