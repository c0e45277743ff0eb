import { maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { errorIssue, OutcomeError } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import type { IssueCode } from '../fhir/issue-table.ts';
import { stringify } from '../fhir/json.ts';
import { toOperationOutcome } from '../fhir/outcome.ts';
import { endForGood } from '../ops/last-words.ts';
import { CommitRefused } from '../store/store.ts';
import { fhirJson } from './negotiate.ts';
import { refuse } from './respond.ts';

/**
 * What a caller is told about an error. An OutcomeError says it itself; Fastify's own refusals have their
 * codes; anything else is a fault of ours: the log gets it, the caller gets the id to ask for.
 */
export function issuesOf(
  error: unknown,
  log: FastifyBaseLogger,
  requestId: string,
): readonly [Issue, ...Issue[]] {
  if (error instanceof OutcomeError) {
    const internal = error.issues.flatMap((issue) => issue.internal ?? []);
    if (internal.length > 0) log.warn({ requestId, internal }, 'A FHIR call was refused');
    return error.issues;
  }
  if (error instanceof CommitRefused) {
    return [errorIssue('write-conflict', 'Another write came first; read again and retry')];
  }
  const refusal = fastifyRefusal(error);
  if (refusal !== undefined) return [refusal];
  log.error({ err: error, requestId }, 'A FHIR call failed');
  const where = `X-Request-Id ${requestId}`;
  return [errorIssue('exception', `A fault of the server; its log has it under ${where}`)];
}

const refusals: Readonly<Record<string, readonly [IssueCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'The body is longer than restBodyBytesMax'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'media-type',
    'Send application/fhir+json, application/json, or application/json-patch+json for PATCH',
  ],
  FST_ERR_BAD_URL: [
    'value',
    'The address holds a percent sign that is not followed by UTF-8 in hex',
  ],
};

/**
 * For `frameworkErrors` of the root instance: what Fastify refuses before any plugin sees it (broken
 * percent-encoding in the address) is answered as an OperationOutcome too.
 */
export function badUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void refuse(reply, issuesOf(error, request.log, request.id));
}

/**
 * For requests that Node itself cannot read: a head that is too large, two lengths, what is no HTTP at all. Nothing but
 * the socket is known, so the answer is written to it as text.
 */
export function badHead(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const [status, issue] = headFault(error.code);
  const body = stringify(toOperationOutcome([issue]));
  const head = [
    `HTTP/1.1 ${status}`,
    `Content-Type: ${fhirJson}`,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    'Connection: close',
  ];
  endForGood(socket, `${head.join('\r\n')}\r\n\r\n${body}`);
}

function headFault(code: string | undefined): readonly [status: string, issue: Issue] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const most = String(maxHeaderSize);
    const issue = errorIssue('head-too-large', `Address and headers may have ${most} bytes`);
    return ['431 Request Header Fields Too Large', issue];
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return [
      '408 Request Timeout',
      errorIssue('request-timeout', 'The request did not come in time'),
    ];
  }
  return ['400 Bad Request', errorIssue('request-unreadable', 'This is not an HTTP request')];
}

function fastifyRefusal(error: unknown): Issue | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode = 500 } = error as FastifyError;
  if (/^(Z_|ZSTD_|ERR_?_?BROTLI|ERR__?[A-Z_]*(ERROR|FORMAT))/.test(code)) {
    return errorIssue('structure', 'The body is not in the coding that Content-Encoding names');
  }
  const refusal = refusals[code];
  if (refusal !== undefined) return errorIssue(...refusal);
  return statusCode < 500 ? errorIssue('structure', 'The request cannot be read') : undefined;
}
