import { fastify } from 'fastify';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { authenticate, credentialsOf } from '../../src/security/authenticate.ts';
import { rememberTokens } from '../../src/security/known-tokens.ts';
import type { AccessEvent } from '../../src/security/audit-event.ts';
import type { Principal } from '../../src/security/principal.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import type { Audience } from '../../src/security/token.ts';
import { describeMessage } from '../../src/feed/describe.ts';
import { explainMessage } from '../../src/feed/explain.ts';
import { positionsOf } from '../../src/feed/message-fields.ts';
import { startMessageRuns } from '../../src/feed/message-run.ts';
import type { MessageRuns } from '../../src/feed/message-run.ts';
import { createRework } from '../../src/feed/rework.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { authRoutes } from '../../src/web/auth-routes.ts';
import type { Destination } from '../../src/feed/destination/destination.ts';
import { destinationRoutes } from '../../src/web/destination-routes.ts';
import { answerFailure } from '../../src/web/failure.ts';
import { messageRoutes } from '../../src/web/message-routes.ts';
import { messageWorkRoutes } from '../../src/web/message-work-routes.ts';
import { processorOn, type Said } from '../feed/pipeline-fixture.ts';

export interface WebApp {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly accesses: readonly AccessEvent[];
  readonly runs: MessageRuns;
  /** Sends a message; its answer. */
  send(said: Said): Promise<string>;
  /** Moves the clock. */
  wait(ms: number): void;
  token(principal: Principal, kind: Audience, ttlSeconds?: number): Promise<string>;
}

/** The addresses of the pages on a store in memory, with a clock that the test moves. */
export async function openWebApp(
  options: { secureCookie?: boolean; destinations?: readonly Destination[] } = {},
): Promise<WebApp> {
  const store = openMemoryStore();
  const keys = { signing: new Uint8Array(48).fill(7) };
  const tokens = rememberTokens(keys);
  const accesses: AccessEvent[] = [];
  let now = Date.parse('2026-05-01T12:00:00Z');
  let lastId = 0;
  const clock = (): Date => new Date(now);
  const newId = (): string => `id-${String((lastId += 1))}`;
  const app = fastify();
  app.setErrorHandler(answerFailure);
  const shared = {
    store,
    clock,
    authenticate: (request: Parameters<typeof credentialsOf>[0]) =>
      authenticate(tokens, credentialsOf(request), clock()),
  };
  const { secureCookie = false, destinations = [] } = options;
  authRoutes(app, { ...shared, keys, newId, sessionHours: 12, secureCookie });
  const { send, processor, pipeline } = processorOn(store, { newId, clock });
  const messages = {
    ...shared,
    recordAccess: (event: AccessEvent) => void accesses.push(event),
    positions: () => positionsOf(pipeline.feeds()),
  };
  messageRoutes(app, {
    ...messages,
    describe: (id, unmasking) => describeMessage(store, id, unmasking),
    explain: (id) => explainMessage(pipeline, id),
    retention: async () => ({
      ...{ keepDays: { processed: 365, failed: 0 }, removed: { processed: 3, failed: 0 } },
    }),
  });
  const rework = createRework({ ...pipeline, clock }, processor);
  const runs = startMessageRuns({ ...pipeline, clock, newId, rework });
  messageWorkRoutes(app, { ...messages, rework, runs });
  destinationRoutes(app, { ...messages, destinations, wake: () => undefined });
  await app.ready();
  return {
    app,
    store,
    accesses,
    runs,
    send,
    wait: (ms) => {
      now += ms;
    },
    token: (principal, kind, ttlSeconds = 600) =>
      tokenFor({ keys, clock, newId }, principal, { audience: kind, ttlSeconds }),
  };
}

export const nurse: Principal = { id: 'ann', display: 'Ann', role: 'nurse' };

/** `Authorization` of an API client. */
export async function bearer(
  web: WebApp,
  role: Principal['role'],
  patient?: string,
): Promise<Record<string, string>> {
  const who = { id: role, display: role, role, ...(patient === undefined ? {} : { patient }) };
  return { authorization: `Bearer ${await web.token(who, audience.api)}` };
}

/** The session cookie that an answer sets, as a browser sends it back; empty where it ends the session. */
export function cookieOf(response: LightMyRequestResponse): string {
  const set = String(response.headers['set-cookie'] ?? '');
  return /^(weir_session=[^;]+)/.exec(set)?.[1] ?? '';
}
