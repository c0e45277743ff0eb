import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  bytesOf,
  deliveriesOf,
  readDelivery,
  type Delivery,
  type DeliveryList,
  type KeptDelivery,
} from '../feed/destination/delivery.ts';
import type { DestinationDesk } from '../feed/destination/desk.ts';
import { pause, resume, retry, skip, type Intervention } from '../feed/destination/intervene.ts';
import { linesOf, maskedLines } from '../feed/destination/masked.ts';
import { standings } from '../feed/destination/standing.ts';
import { fail } from '../fhir/issue.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Principal, Role } from '../security/principal.ts';

export interface DestinationRoutesOptions extends Pick<
  DestinationDesk,
  'store' | 'clock' | 'destinations'
> {
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
  /** Whoever sends is to look at the queues anew. */
  readonly wake: () => void;
}

const watchers: readonly Role[] = ['admin', 'analyst', 'integration'];
const workers: readonly Role[] = ['admin', 'analyst'];
const lists = ['queue', 'aside', 'done'] as const;
const pageMax = 200;
const reasonCharsMax = 500;

type Place = { Params: { name: string; id: string } };
type Asked = { Querystring: Record<string, string | undefined> };
type Told = { Body: { reason?: unknown } | undefined };

/**
 * `GET /api/destinations`, `/{name}/deliveries?list=queue|aside|done&count`, `/{name}/deliveries/{id}?reason`;
 * `POST .../{name}/pause|resume` and `.../{name}/deliveries/{id}/retry|skip` with `{"reason": "..."}`.
 */
export function destinationRoutes(app: FastifyInstance, options: DestinationRoutesOptions): void {
  const { store } = options;

  app.get('/api/destinations', async (request, reply) => {
    await requireRole(request, watchers, options);
    void reply.header('cache-control', 'no-store');
    return { destinations: await standings(options) };
  });

  app.get<Place & Asked>('/api/destinations/:name/deliveries', async (request, reply) => {
    await requireRole(request, watchers, options);
    const { list = 'queue', count } = request.query;
    if (!isList(list)) fail('value', `list is one of ${lists.join(', ')}`);
    const most = Math.min(Math.max(Math.trunc(Number(count)) || 50, 1), pageMax);
    const all = (await deliveriesOf(store, request.params.name, list)).map(rowOf);
    void reply.header('cache-control', 'no-store');
    // What was settled last comes first.
    return { deliveries: list === 'done' ? all.toReversed().slice(0, most) : all.slice(0, most) };
  });

  app.get<Place & Asked>('/api/destinations/:name/deliveries/:id', async (request, reply) => {
    const principal = await requireRole(request, watchers, options);
    const delivery = await found(request.params, options);
    const { reason = '' } = request.query;
    if (reason !== '' && !workers.includes(principal.role)) {
      fail('forbidden', `The role ${principal.role} sees messages masked`);
    }
    await options.recordAccess({
      at: options.clock(),
      principal,
      requestId: request.id,
      resources: [],
      status: 200,
      interaction: 'read',
      patients: delivery.patient === undefined ? [] : [delivery.patient],
      query: request.url.slice(1),
    });
    void reply.header('cache-control', 'no-store');
    const isSettled = delivery.settledAt !== undefined && delivery.state !== 'held';
    const bytes = isSettled ? new Uint8Array() : await bytesOf(store, delivery);
    const isMasked = reason === '';
    return { delivery, isMasked, raw: isMasked ? maskedLines(bytes) : linesOf(bytes) };
  });

  for (const [word, act] of Object.entries({ pause, resume })) {
    app.post<Place & Told>(`/api/destinations/:name/${word}`, async (request) => {
      await act(await interventionOf(request, options));
      options.wake();
      return { done: true };
    });
  }
  for (const [word, act] of Object.entries({ retry, skip })) {
    const url = `/api/destinations/:name/deliveries/:id/${word}`;
    app.post<Place & Told>(url, async (request) => {
      await act(await interventionOf(request, options), request.params.id);
      options.wake();
      return { done: true };
    });
  }
}

async function requireRole(
  request: FastifyRequest,
  roles: readonly Role[],
  { authenticate }: DestinationRoutesOptions,
): Promise<Principal> {
  const principal = await authenticate(request);
  if (principal === undefined) fail('login', 'Sign in first');
  if (principal.patient !== undefined || !roles.includes(principal.role)) {
    fail('forbidden', `The role ${principal.role} does not work on destinations`);
  }
  return principal;
}

/** Who wants it and why; the destination must be one that is, or was. */
async function interventionOf(
  request: FastifyRequest<Place & Told>,
  options: DestinationRoutesOptions,
): Promise<Intervention> {
  const principal = await requireRole(request, workers, options);
  const { name: destination } = request.params;
  const all = await standings(options);
  if (!all.some(({ name }) => name === destination)) fail('not-found', 'No such destination');
  const reason = request.body?.reason;
  if (typeof reason !== 'string' || reason.trim() === '') {
    fail('required', 'Say why: {"reason": "..."}');
  }
  if (reason.length > reasonCharsMax) fail('limit', 'The reason is longer than 500 characters');
  const { store, clock } = options;
  return { store, now: clock(), principal, destination, reason: reason.trim() };
}

async function found(
  { name, id }: { readonly name: string; readonly id: string },
  { store }: DestinationRoutesOptions,
): Promise<Delivery> {
  for (const list of lists) {
    const kept = await readDelivery(store, { destination: name, id }, list);
    if (kept !== undefined) return kept.delivery;
  }
  return fail('not-found', 'There is no such delivery');
}

function isList(text: string): text is DeliveryList {
  return (lists as readonly string[]).includes(text);
}

function rowOf({ delivery: { parts: _, ...row } }: KeptDelivery): Omit<Delivery, 'parts'> {
  return row;
}
