import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../fhir/issue.ts';
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
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
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
      const principal = await readerOf(request, options);
      const { count, ...asked } = request.query;
      const { entries, next } = await options.store.journal.list({
        ...filterOf(asked),
        count: Math.min(Math.max(Math.trunc(Number(count)) || 50, 1), pageMax),
      });
      const patients = new Set(entries.flatMap(({ patient }) => patient ?? []));
      await options.recordAccess({
        ...accessBy(principal, request, options),
        interaction: 'search-type',
        patients: [...patients],
        query: request.url.slice(1),
      });
      void reply.header('cache-control', 'no-store');
      return { entries: entries.map(messageRow), ...(next === undefined ? {} : { next }) };
    },
  );

  app.get<{ Params: { id: string } }>('/api/messages/:id', async (request, reply) => {
    const principal = await readerOf(request, options);
    const view = await options.describe(request.params.id);
    if (view === undefined) fail('not-found', 'There is no such message');
    const { entry } = view;
    await options.recordAccess({
      ...accessBy(principal, request, options),
      interaction: 'read',
      patients: entry.patient === undefined ? [] : [entry.patient],
      query: `api/messages/${entry.id}`,
    });
    void reply.header('cache-control', 'no-store');
    return view;
  });
}

/** Who asks. Throws `login` or `forbidden`. */
async function readerOf(
  request: FastifyRequest,
  { authenticate }: MessageRoutesOptions,
): Promise<Principal> {
  const principal = await authenticate(request);
  if (principal === undefined) fail('login', 'Sign in first');
  if (principal.patient !== undefined || !readers.has(principal.role)) {
    fail('forbidden', `The role ${principal.role} does not read messages`);
  }
  return principal;
}

function accessBy(principal: Principal, request: FastifyRequest, { clock }: MessageRoutesOptions) {
  return { at: clock(), principal, requestId: request.id, resources: [], status: 200 };
}

function filterOf(asked: Readonly<Record<string, string | undefined>>): {
  feed?: string;
  state?: JournalState;
  controlId?: string;
  messageType?: string;
  cursor?: string;
} {
  const { state, feed, controlId, messageType, cursor } = asked;
  if (state && !states.has(state)) fail('value', `state is one of ${[...states].join(', ')}`);
  return {
    ...(state ? { state: state as JournalState } : {}),
    ...(feed ? { feed } : {}),
    ...(controlId ? { controlId } : {}),
    ...(messageType ? { messageType } : {}),
    ...(cursor ? { cursor } : {}),
  };
}
