import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../fhir/issue.ts';
import { splitBatch } from '../hl7v2/batch.ts';
import { checkMessage, type MessageCheck } from '../hl7v2/check-message.ts';
import { limits } from '../limits.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Principal } from '../security/principal.ts';
import type { JournalEntry } from '../store/store.ts';

export interface CheckRoutesOptions {
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  /** A row of the journal with its frame. */
  readonly read: (id: string) => Promise<JournalEntry | undefined>;
  /** The charset that a feed reads everything in, where it says one. */
  readonly charsetOf: (feed: string) => string | undefined;
  readonly clock: () => Date;
  /** Takes the audit event of a look at a message. */
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
}

/** Who may look at messages: they hold everything about a person. */
const readers = new Set(['admin', 'analyst', 'clinician', 'nurse', 'integration']);
const mediaTypes = [
  'x-application/hl7-v2+er7',
  'application/hl7-v2+er7',
  'application/hl7-v2',
  'text/plain',
];

/**
 * `POST /api/messages/check` for the messages of a body, and `GET /api/messages/{id}/check` for one of the journal:
 * `{messages: [{controlId, messageType, version, faults}], conforming}`.
 */
export function checkRoutes(
  app: FastifyInstance,
  options: CheckRoutesOptions,
  done: (error?: Error) => void,
): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    mediaTypes,
    { parseAs: 'buffer', bodyLimit: limits.frameBytesMax },
    (_request, body, parsed) => parsed(null, body),
  );

  app.post<{ Body: Buffer | undefined }>('/api/messages/check', async (request) => {
    await readerOf(request, options);
    const body = request.body ?? Buffer.alloc(0);
    const { messages } = splitBatch(body.toString('latin1'));
    if (messages.length > limits.conformanceMessagesMax) {
      const most = `conformanceMessagesMax (${String(limits.conformanceMessagesMax)})`;
      fail('limit', `There are more messages than ${most}`);
    }
    const frames = messages.map((text) => Buffer.from(text, 'latin1'));
    return answer((frames.length === 0 ? [body] : frames).map((bytes) => checkMessage(bytes)));
  });

  app.get<{ Params: { id: string } }>('/api/messages/:id/check', async (request, reply) => {
    const principal = await readerOf(request, options);
    const entry = await options.read(request.params.id);
    if (entry === undefined) fail('not-found', 'There is no such message');
    await options.recordAccess({
      at: options.clock(),
      principal,
      requestId: request.id,
      resources: [],
      status: 200,
      interaction: 'read',
      patients: entry.patient === undefined ? [] : [entry.patient],
      query: `api/messages/${entry.id}/check`,
    });
    void reply.header('cache-control', 'no-store');
    const charset = options.charsetOf(entry.feed);
    return answer([checkMessage(entry.bytes, charset === undefined ? {} : { charset })]);
  });
  done();
}

function answer(messages: readonly MessageCheck[]) {
  return { messages, conforming: messages.filter(({ faults }) => faults.length === 0).length };
}

/** Who asks. Throws `login` or `forbidden`. */
async function readerOf(
  request: FastifyRequest,
  { authenticate }: CheckRoutesOptions,
): Promise<Principal> {
  const principal = await authenticate(request);
  if (principal === undefined) fail('login', 'Sign in first');
  if (principal.patient !== undefined || !readers.has(principal.role)) {
    fail('forbidden', `The role ${principal.role} does not read messages`);
  }
  return principal;
}
