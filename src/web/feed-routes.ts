import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fail } from '../fhir/issue.ts';
import type { FeedStatus } from '../feed/feed-status.ts';
import type { FeedStop } from '../feed/feed-stop.ts';
import { answerMisuse, optionalReason } from './message-caller.ts';
import type { Doing } from '../feed/doing.ts';
import type { Principal } from '../security/principal.ts';

export interface FeedRoutesOptions {
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  readonly feeds: () => Promise<readonly FeedStatus[]>;
  /** Lets a stopped feed go on; undefined where it was not stopped. */
  readonly resume: (feed: string, doing: Doing) => Promise<FeedStop | undefined>;
}

/** Who may see how feeds stand, and who may let one go on. */
const readers = new Set(['admin', 'analyst', 'clinician', 'nurse', 'integration']);
const operators = new Set(['admin', 'analyst', 'integration']);

interface Resuming {
  readonly Params: { readonly name: string };
  readonly Body: { readonly reason?: unknown } | undefined;
}

const answering = { errorHandler: answerMisuse };

/** `GET /api/feeds` and `POST /api/feeds/{name}/resume` (`{"reason"?}`), for pages and the command line. */
export function feedRoutes(app: FastifyInstance, options: FeedRoutesOptions): void {
  app.get('/api/feeds', async (request, reply) => {
    await require(request, options, readers);
    void reply.header('cache-control', 'no-store');
    return { feeds: await options.feeds() };
  });

  app.post<Resuming>('/api/feeds/:name/resume', answering, async (request) => {
    const principal = await require(request, options, operators);
    const { name } = request.params;
    const known = (await options.feeds()).find(({ feed }) => feed === name);
    if (known === undefined) fail('not-found', 'There is no feed of this name');
    const reason = optionalReason(request.body?.reason);
    const doing = { principal, requestId: request.id, ...(reason === undefined ? {} : { reason }) };
    const stop = await options.resume(name, doing);
    return stop === undefined
      ? { feed: name, state: 'running' }
      : { feed: name, state: 'resuming', ...stop };
  });
}

async function require(
  request: FastifyRequest,
  { authenticate }: FeedRoutesOptions,
  roles: ReadonlySet<string>,
): Promise<Principal> {
  const principal = await authenticate(request);
  if (principal === undefined) fail('login', 'Sign in first');
  if (principal.patient !== undefined || !roles.has(principal.role)) {
    fail('forbidden', `The role ${principal.role} does not do this with feeds`);
  }
  return principal;
}
