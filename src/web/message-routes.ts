import type { FastifyInstance, FastifyRequest } from 'fastify';
import { messageRow } from '../feed/describe.ts';
import type { MessageDescription } from '../feed/describe.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Principal } from '../security/principal.ts';
import type { JournalState, Store } from '../store/store.ts';

export interface MessageRoutesOptions {
  readonly store: Store;
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  /** A message by its id or control id; undefined where there is none. */
  readonly describe: (id: string) => Promise<MessageDescription | undefined>;
  readonly clock: () => Date;
  /** Takes the audit event of a look at a message. */
  readonly recordAccess: (event: AccessEvent) => void;
}

/** Who may look at messages: they hold everything about a person. */
const readers = new Set(['admin', 'analyst', 'clinician', 'nurse', 'integration']);
const states = new Set<string>(['received', 'processed', 'failed', 'parked', 'ignored']);
const pageMax = 200;

/** `GET /api/messages?state&controlId&feed&cursor&count` and `GET /api/messages/{id}`, for pages and the command line. */
export function messageRoutes(app: FastifyInstance, options: MessageRoutesOptions): void {
  app.get<{ Querystring: Record<string, string | undefined> }>(
    '/api/messages',
    async (request, reply) => {
      const refusal = await refusalOf(request, options);
      if (refusal !== undefined) return reply.status(refusal.status).send(refusal);
      const { count, ...asked } = request.query;
      const { entries, next } = await options.store.journal.list({
        ...filterOf(asked),
        count: Math.min(Math.max(Number(count) || 50, 1), pageMax),
      });
      return { entries: entries.map(messageRow), ...(next === undefined ? {} : { next }) };
    },
  );

  app.get<{ Params: { id: string } }>('/api/messages/:id', async (request, reply) => {
    const refusal = await refusalOf(request, options);
    if (refusal !== undefined) return reply.status(refusal.status).send(refusal);
    const view = await options.describe(request.params.id);
    if (view === undefined) return reply.status(404).send({ message: 'There is no such message' });
    const { entry } = view;
    const principal = await options.authenticate(request);
    if (principal !== undefined) {
      options.recordAccess({
        at: options.clock(),
        interaction: 'read',
        principal,
        requestId: request.id,
        resources: [],
        patients: entry.patient === undefined ? [] : [entry.patient],
        query: `message=${entry.id}`,
        status: 200,
      });
    }
    return view;
  });
}

async function refusalOf(
  request: FastifyRequest,
  options: MessageRoutesOptions,
): Promise<{ status: number; message: string } | undefined> {
  const principal = await options.authenticate(request);
  if (principal === undefined) return { status: 401, message: 'Sign in first' };
  if (principal.patient !== undefined || !readers.has(principal.role)) {
    return { status: 403, message: `The role ${principal.role} does not read messages` };
  }
  return undefined;
}

function filterOf(asked: Readonly<Record<string, string | undefined>>): {
  feed?: string;
  state?: JournalState;
  controlId?: string;
  messageType?: string;
  cursor?: string;
} {
  const { state, feed, controlId, messageType, cursor } = asked;
  return {
    ...(state !== undefined && states.has(state) ? { state: state as JournalState } : {}),
    ...(feed ? { feed } : {}),
    ...(controlId ? { controlId } : {}),
    ...(messageType ? { messageType } : {}),
    ...(cursor ? { cursor } : {}),
  };
}
