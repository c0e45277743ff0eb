import type { FastifyInstance } from 'fastify';
import { deadLetters } from '../feed/dead-letters.ts';
import { messageRow } from '../feed/describe.ts';
import type { MessageDescription } from '../feed/describe.ts';
import type { MessageExplanation } from '../feed/explain.ts';
import { messageQuery, pageCount } from '../feed/message-query.ts';
import type { RetentionReport } from '../feed/retention.ts';
import { fail } from '../fhir/issue.ts';
import type { JournalEntry, Store } from '../store/store.ts';
import { accessBy, answerMisuse, callerOf, optionalReason, reasonOf } from './message-caller.ts';
import type { CallerOptions } from './message-caller.ts';

export interface MessageRoutesOptions extends CallerOptions {
  readonly store: Store;
  /** What messages are found by. */
  readonly positions: () => ReadonlySet<string>;
  /** A message by its id or control id; undefined where there is none. */
  readonly describe: (
    id: string,
    options: { readonly unmask: boolean },
  ) => Promise<MessageDescription | undefined>;
  readonly explain: (id: string) => Promise<MessageExplanation | undefined>;
  readonly retention: () => Promise<RetentionReport>;
}

/**
 * Looking at messages, for pages and the command line:
 * - `GET /api/messages?PID-3=&state=&feed=&type=&from=&to=&count=&cursor=`
 * - `GET /api/messages/dead-letters`
 * - `GET /api/messages/{id}?unmask=true&reason=` and `GET /api/messages/{id}/explain`
 * - `GET /api/retention`
 */
export function messageRoutes(app: FastifyInstance, options: MessageRoutesOptions): void {
  listRoutes(app, options);
  oneMessageRoutes(app, options);
  app.get('/api/retention', answering, async (request, reply) => {
    await callerOf(request, options);
    void reply.header('cache-control', 'no-store');
    return options.retention();
  });
}

const answering = { errorHandler: answerMisuse };

function listRoutes(app: FastifyInstance, options: MessageRoutesOptions): void {
  const { store, clock, recordAccess } = options;

  app.get('/api/messages', answering, async (request, reply) => {
    const principal = await callerOf(request, options);
    const asked = new URL(request.url, 'http://weir.invalid').searchParams;
    const cursor = asked.get('cursor') ?? '';
    const count = pageCount(asked.get('count') ?? undefined);
    const conditions = [...asked].filter(([name]) => name !== 'count' && name !== 'cursor');
    const given = { positions: options.positions(), now: clock() };
    const { entries, next } = await store.journal.list({
      ...messageQuery(conditions, given),
      ...{ count, bare: true },
      ...(cursor === '' ? {} : { cursor }),
    });
    const access = accessBy(principal, request, options);
    await recordAccess({ ...access, interaction: 'search-type', patients: patientsOf(entries) });
    void reply.header('cache-control', 'no-store');
    return { entries: entries.map(messageRow), ...(next === undefined ? {} : { next }) };
  });

  app.get('/api/messages/dead-letters', answering, async (request, reply) => {
    const principal = await callerOf(request, options);
    const found = await deadLetters(store);
    const access = accessBy(principal, request, options);
    await recordAccess({ ...access, interaction: 'search-type', patients: [] });
    void reply.header('cache-control', 'no-store');
    return found;
  });
}

function oneMessageRoutes(app: FastifyInstance, options: MessageRoutesOptions): void {
  const { recordAccess } = options;

  app.get<{ Params: { id: string }; Querystring: { unmask?: string; reason?: string } }>(
    '/api/messages/:id',
    answering,
    async (request, reply) => {
      const { unmask: asked = 'false', reason: given } = request.query;
      if (asked !== 'true' && asked !== 'false') fail('value', 'unmask is true or false');
      const unmask = asked === 'true';
      const principal = await callerOf(request, options, unmask ? 'unmask' : 'read');
      const reason = unmask ? reasonOf(given) : optionalReason(given);
      const view = await options.describe(request.params.id, { unmask });
      if (view === undefined) fail('not-found', 'There is no such message');
      const { id, patient } = view.entry;
      await recordAccess({
        ...accessBy(principal, request, options),
        ...{ interaction: 'read', patients: patient === undefined ? [] : [patient] },
        query: `api/messages/${id}${unmask ? '?unmask=true' : ''}`,
        ...(reason === undefined ? {} : { reason }),
      });
      void reply.header('cache-control', 'no-store');
      return view;
    },
  );

  app.get<{ Params: { id: string } }>(
    '/api/messages/:id/explain',
    answering,
    async (request, reply) => {
      const principal = await callerOf(request, options);
      const explained = await options.explain(request.params.id);
      if (explained === undefined) fail('not-found', 'There is no such message');
      const { id, patient } = explained.entry;
      await recordAccess({
        ...accessBy(principal, request, options),
        ...{ interaction: 'read', patients: patient === undefined ? [] : [patient] },
        query: `api/messages/${id}/explain`,
      });
      void reply.header('cache-control', 'no-store');
      return explained;
    },
  );
}

function patientsOf(entries: readonly JournalEntry[]): readonly string[] {
  return [...new Set(entries.flatMap(({ patient }) => patient ?? []))];
}
