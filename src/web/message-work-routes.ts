import type { FastifyInstance, FastifyRequest } from 'fastify';
import { findMessage, messageRow, reportOf, type MessageRow } from '../feed/describe.ts';
import { messageQuery, type MessageQuery } from '../feed/message-query.ts';
import type { MessageRun, MessageRuns, RunKind } from '../feed/message-run.ts';
import { notesOf, type Note } from '../feed/note.ts';
import type { Doing } from '../feed/doing.ts';
import type { Rework } from '../feed/rework.ts';
import { maskElement } from '../fhir/mask.ts';
import { fail } from '../fhir/issue.ts';
import { encodeText } from '../hl7v2/charset.ts';
import { limits } from '../limits.ts';
import type { Principal } from '../security/principal.ts';
import type { JournalEntry, JournalState, Store } from '../store/store.ts';
import { accessBy, answerMisuse, callerOf, optionalReason, reasonOf } from './message-caller.ts';
import type { CallerOptions } from './message-caller.ts';

export interface MessageWorkOptions extends CallerOptions {
  readonly store: Store;
  readonly positions: () => ReadonlySet<string>;
  readonly rework: Rework;
  readonly runs: MessageRuns;
}

/** What a message became, as JSON. */
interface Worked {
  readonly entry: MessageRow;
  readonly notes: readonly Note[];
}

type Body = Readonly<Record<string, unknown>>;
type OfMessage = { Params: { id: string }; Body: unknown };
type OfRun = { Params: { run: string }; Querystring: { unmask?: string; reason?: string } };

/**
 * Working on messages:
 * - `POST /api/messages/{id}/retry {reason?}`, `.../skip {reason}`, `.../edit {reason, text | base64}`
 * - `POST /api/messages/retry {query, reason?}` and `POST /api/messages/replay {query, shadow?, reason?}` begin a run
 * - `GET /api/messages/runs`, `GET /api/messages/runs/{run}`, `POST /api/messages/runs/{run}/cancel`
 */
export function messageWorkRoutes(app: FastifyInstance, options: MessageWorkOptions): void {
  oneMessageRoutes(app, options);
  manyMessagesRoutes(app, options);
  runRoutes(app, options);
}

const answering = { errorHandler: answerMisuse };

function oneMessageRoutes(app: FastifyInstance, options: MessageWorkOptions): void {
  const { rework, store } = options;
  const messageOf = async (id: string): Promise<JournalEntry> =>
    (await findMessage(store, id)) ?? fail('not-found', 'There is no such message');

  app.post<OfMessage>('/api/messages/:id/retry', answering, async (request) => {
    const principal = await callerOf(request, options, 'work');
    const reason = optionalReason(bodyOf(request)['reason']);
    const entry = await messageOf(request.params.id);
    return worked(await rework.retry(entry, doing(principal, request, reason)));
  });

  app.post<OfMessage>('/api/messages/:id/skip', answering, async (request) => {
    const principal = await callerOf(request, options, 'work');
    const reason = reasonOf(bodyOf(request)['reason']);
    const entry = await messageOf(request.params.id);
    return worked(await rework.skip(entry, doing(principal, request, reason)));
  });

  const editing = { ...answering, bodyLimit: limits.frameBytesMax * 2 };
  app.post<OfMessage>('/api/messages/:id/edit', editing, async (request) => {
    const principal = await callerOf(request, options, 'work');
    const body = bodyOf(request);
    const reason = reasonOf(body['reason']);
    const entry = await messageOf(request.params.id);
    const bytes = bytesOf(body, entry);
    return worked(await rework.edit(entry, bytes, doing(principal, request, reason)));
  });
}

function manyMessagesRoutes(app: FastifyInstance, options: MessageWorkOptions): void {
  const { runs } = options;

  app.post('/api/messages/retry', answering, async (request, reply) => {
    const principal = await callerOf(request, options, 'work');
    const { body, query } = runBody(request, options);
    const run = await runs.start({
      kind: 'retry',
      query: ofStates(query, { takes: ['failed', 'parked'], what: 'A retry' }),
      doing: doing(principal, request, optionalReason(body['reason'])),
    });
    return reply.status(202).send(run);
  });

  app.post('/api/messages/replay', answering, async (request, reply) => {
    const principal = await callerOf(request, options, 'work');
    const { body, query } = runBody(request, options);
    const { shadow = false } = body;
    if (typeof shadow !== 'boolean') fail('value', 'shadow is true or false');
    const kind: RunKind = shadow ? 'shadow' : 'replay';
    const takes = shadow ? (['processed', 'failed', 'parked'] as const) : (['processed'] as const);
    const run = await runs.start({
      kind,
      query: ofStates(query, { takes, byDefault: ['processed'], what: 'A replay' }),
      doing: doing(principal, request, optionalReason(body['reason'])),
    });
    return reply.status(202).send(run);
  });
}

function runRoutes(app: FastifyInstance, options: MessageWorkOptions): void {
  const { runs } = options;

  app.get('/api/messages/runs', answering, async (request) => {
    await callerOf(request, options);
    const all = await runs.list();
    return { runs: all.map(({ samples: _, ...run }) => run) };
  });

  app.get<OfRun>('/api/messages/runs/:run', answering, async (request, reply) => {
    const unmask = request.query.unmask === 'true';
    const principal = await callerOf(request, options, unmask ? 'unmask' : 'read');
    const reason = unmask ? reasonOf(request.query.reason) : undefined;
    const run = await runs.find(request.params.run);
    if (run === undefined) fail('not-found', 'There is no such run');
    await options.recordAccess({
      ...accessBy(principal, request, options),
      ...{ interaction: 'read', patients: [] },
      query: `api/messages/runs/${run.id}${unmask ? '?unmask=true' : ''}`,
      ...(reason === undefined ? {} : { reason }),
    });
    void reply.header('cache-control', 'no-store');
    return unmask ? run : maskedRun(run);
  });

  app.post<OfRun>('/api/messages/runs/:run/cancel', answering, async (request) => {
    await callerOf(request, options, 'work');
    const run = await runs.cancel(request.params.run);
    if (run === undefined) fail('not-found', 'There is no such run');
    return maskedRun(run);
  });
}

/** Which messages a run is over. Throws where that is not said. */
function runBody(
  request: FastifyRequest,
  options: MessageWorkOptions,
): { body: Body; query: MessageQuery } {
  const body = bodyOf(request);
  const { query = {} } = body;
  if (typeof query !== 'object' || query === null || Array.isArray(query)) {
    fail('value', 'query is an object such as {"PID-3": "123", "from": "24h"}');
  }
  const conditions = Object.entries(query);
  if (!conditions.every((pair): pair is [string, string] => typeof pair[1] === 'string')) {
    fail('value', 'Each condition of the query is a text');
  }
  const given = { positions: options.positions(), now: options.clock() };
  const read = messageQuery(conditions, given);
  if (Object.keys(read).every((name) => name === 'state')) {
    fail(
      'parameter-missing',
      'Say which messages: by feed, from, to, type, or a field such as PID-3',
    );
  }
  return { body, query: read };
}

/** The query with the states that are meant where it names none. Throws where it names others than are taken. */
function ofStates(
  query: MessageQuery,
  given: {
    readonly takes: readonly JournalState[];
    readonly byDefault?: readonly JournalState[];
    readonly what: string;
  },
): MessageQuery {
  const { takes, byDefault = takes, what } = given;
  const { state = byDefault } = query;
  const asked = typeof state === 'string' ? [state] : state;
  if (!asked.every((each) => takes.includes(each))) {
    fail('value', `${what} takes messages that are ${takes.join(' or ')}`);
  }
  return { ...query, state: asked };
}

function doing(principal: Principal, request: FastifyRequest, reason: string | undefined): Doing {
  const by = { principal, requestId: request.id };
  return reason === undefined ? by : { ...by, reason };
}

function bodyOf({ body = {} }: { readonly body?: unknown }): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    fail('value', 'The body is a JSON object');
  }
  return body as Body;
}

/** The text in the charset the original was read as, its lines ended as HL7 ends them; or bytes as they are. */
function bytesOf({ text, base64 }: Body, original: JournalEntry): Uint8Array {
  const bytes =
    typeof base64 === 'string'
      ? Buffer.from(base64, 'base64')
      : typeof text === 'string'
        ? encodeText(text.replace(/\r\n?|\n/g, '\r'), reportOf(original).charset ?? 'utf-8')
        : fail('parameter-missing', 'Give the new message as text, or its bytes as base64');
  if (bytes.byteLength === 0) fail('value', 'The new message is empty; skip the original instead');
  if (bytes.byteLength > limits.frameBytesMax) {
    fail('frame-too-large', 'The new message is longer than frameBytesMax');
  }
  return bytes;
}

function worked(entry: JournalEntry): Worked {
  return { entry: messageRow(entry), notes: notesOf(entry) };
}

/** What the differences say about people is hidden; which elements they are in is not. */
function maskedRun(run: MessageRun): MessageRun {
  const samples = run.samples.map(({ id, resources }) => ({
    id,
    resources: resources.map(({ differences, ...resource }) => ({
      ...resource,
      differences: differences.map(({ path, ...values }) => ({
        path,
        ...Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, maskElement(path, value)]),
        ),
      })),
    })),
  }));
  return { ...run, samples };
}
