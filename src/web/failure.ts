import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { OutcomeError } from '../fhir/issue.ts';
import { issueRow } from '../fhir/issue-table.ts';

/**
 * What callers of the addresses beside /fhir are told about an error, as `{message}`: an OutcomeError says
 * it itself, what Fastify refuses has its status, and of a fault of ours the log alone has more.
 */
export async function answerFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (error instanceof OutcomeError) {
    const [issue] = error.issues;
    const { status } = issueRow(issue.code);
    if (status >= 500) request.log.error({ id: request.id, err: error }, 'A request failed');
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.status(status).send({ message: issue.diagnostics });
  }
  const { statusCode: status = 500 } = error as Partial<FastifyError>;
  if (status < 500) {
    return reply.status(status).send({ message: STATUS_CODES[status] ?? 'Not understood' });
  }
  request.log.error({ id: request.id, err: error }, 'A request failed');
  const message = `A fault of the server; its log has it under X-Request-Id ${request.id}`;
  return reply.status(500).send({ message });
}
