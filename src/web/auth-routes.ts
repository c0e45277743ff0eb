import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { checkPassword, createFirstAccount, hasAccounts } from '../security/account.ts';
import { sessionCookie } from '../security/authenticate.ts';
import type { Principal } from '../security/principal.ts';
import { redeemSignInToken, tokenFor } from '../security/sign-in.ts';
import type { SignInContext } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';

export interface AuthOptions extends SignInContext {
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  readonly sessionHours: number;
  /** Whether cookies may only travel over TLS. */
  readonly secureCookie: boolean;
}

/** The subject of the link that makes the first administrator. */
export const firstAdministrator: Principal = {
  id: 'first-administrator',
  display: 'First administrator',
  role: 'admin',
};

const failuresPerMinuteMax = 20;

/**
 * Signing in to the pages:
 * - `GET /auth/link?token=` opens a one-time link and goes on to `to` (a path of ours)
 * - `POST /auth/sign-in {name, password}`, `POST /auth/sign-out`, `GET /auth/me`
 * - `POST /auth/administrator {name, display, password}` once, from the first administrator's link
 */
export function authRoutes(app: FastifyInstance, options: AuthOptions): void {
  const throttle = createThrottle(options.clock);

  app.get<{ Querystring: { token?: string; to?: string } }>(
    '/auth/link',
    async (request, reply) => {
      const { token = '', to = '/' } = request.query;
      const principal = await redeemSignInToken(options, token);
      const first = principal?.id === firstAdministrator.id;
      // The first link says "admin" to nobody once there is an administrator.
      const over = first && (await hasAccounts(options.store));
      if (principal === undefined || over) return reply.redirect('/sign-in?link=used');
      await startSession(reply, principal, options);
      return reply.redirect(first ? '/administrator' : localPath(to));
    },
  );

  app.post<{ Body: Record<string, unknown> }>('/auth/sign-in', async (request, reply) => {
    if (!throttle.enter()) return refuse(reply, 429, 'Too many attempts; try again in a minute');
    const principal = await checkPassword(
      options.store,
      textOf(request.body, 'name'),
      textOf(request.body, 'password'),
    );
    if (principal === undefined) {
      return refuse(reply, 401, 'The name or the password is not right');
    }
    throttle.succeeded();
    await startSession(reply, principal, options);
    return principal;
  });

  app.post('/auth/sign-out', async (request, reply) => {
    // Another site's page cannot end a session: its request does not authenticate.
    if ((await options.authenticate(request)) !== undefined) setCookie(reply, '', 0, options);
    return reply.status(204).send();
  });

  app.get('/auth/me', async (request, reply) => {
    const principal = await options.authenticate(request);
    void reply.header('cache-control', 'no-store');
    return principal ?? refuse(reply, 401, 'Not signed in');
  });

  app.post<{ Body: Record<string, unknown> }>('/auth/administrator', async (request, reply) => {
    const principal = await options.authenticate(request);
    if (principal?.id !== firstAdministrator.id) return refuse(reply, 401, 'Open the first link');
    return createFirst(request.body, reply, options);
  });
}

async function createFirst(
  body: Record<string, unknown>,
  reply: FastifyReply,
  options: AuthOptions,
): Promise<unknown> {
  const name = textOf(body, 'name');
  const display = textOf(body, 'display') || name;
  const account = { name, display, role: 'admin', password: textOf(body, 'password') } as const;
  await createFirstAccount(options.store, account, options.clock());
  const principal: Principal = { id: name.trim().toLowerCase(), display, role: 'admin' };
  await startSession(reply, principal, options);
  return reply.status(201).send(principal);
}

async function startSession(
  reply: FastifyReply,
  principal: Principal,
  options: AuthOptions,
): Promise<void> {
  const ttlSeconds = options.sessionHours * 3600;
  const token = await tokenFor(options, principal, { audience: audience.session, ttlSeconds });
  setCookie(reply, token, ttlSeconds, options);
}

function setCookie(reply: FastifyReply, value: string, maxAge: number, options: AuthOptions): void {
  const secure = options.secureCookie ? '; Secure' : '';
  void reply.header(
    'set-cookie',
    `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure}`,
  );
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.status(status).send({ message });
}

function textOf(body: unknown, name: string): string {
  const value = (body as Record<string, unknown> | null)?.[name];
  return typeof value === 'string' ? value : '';
}

/** Only a path of this server, as a browser reads it: never `//host`, `/\host` or a scheme. */
function localPath(to: string): string {
  const base = 'http://weir.invalid';
  const url = to.startsWith('/') ? URL.parse(to, base) : null;
  return url?.origin === base ? `${url.pathname}${url.search}` : '/';
}

/**
 * Slows guessing: a bound on failed attempts per minute for the whole server, as names can be guessed too.
 * An attempt counts from its beginning, so that many at once are not checked before the first has failed.
 */
function createThrottle(clock: () => Date): { enter(): boolean; succeeded(): void } {
  let windowStart = 0;
  let failures = 0;
  return {
    enter: () => {
      const now = clock().getTime();
      // A clock that was set back begins anew too.
      if (now < windowStart || now - windowStart >= 60_000) {
        windowStart = now;
        failures = 0;
      }
      if (failures >= failuresPerMinuteMax) return false;
      failures += 1;
      return true;
    },
    succeeded: () => {
      failures = Math.max(0, failures - 1);
    },
  };
}
