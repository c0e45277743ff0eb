import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorIssue } from '../fhir/issue.ts';
import type { Issue } from '../fhir/issue.ts';
import { statusOf, toOperationOutcome } from '../fhir/outcome.ts';

/**
 * Answers what the HTTP parser gave up on, as an OperationOutcome like all other faults, and ends the connection:
 * where the next request begins nobody can say (RFC 9112, 11.2). For `clientError` of a server.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const issue = issueOf(error);
  const status = statusOf([issue]);
  const body = JSON.stringify(toOperationOutcome([issue]));
  const head = [
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/fhir+json; charset=utf-8',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function issueOf({ code }: NodeJS.ErrnoException): Issue {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return errorIssue('header-too-large', 'The head of the request is too long');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return errorIssue('request-timeout', 'The request did not come to its end in time');
    default:
      return errorIssue('request-unreadable', 'This is no HTTP request that can be read');
  }
}
