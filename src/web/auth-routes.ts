import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OutcomeError } from '../fhir/issue.ts';
import { issueRow } from '../fhir/issue-table.ts';
import { checkPassword, createAccount, hasAccounts } from '../security/account.ts';
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
      if (principal === undefined) return reply.redirect('/sign-in?link=used');
      await startSession(reply, principal, options);
      const first = principal.id === firstAdministrator.id;
      return reply.redirect(first ? '/administrator' : localPath(to));
    },
  );

  app.post<{ Body: Record<string, unknown> }>('/auth/sign-in', async (request, reply) => {
    if (throttle.isClosed()) return refuse(reply, 429, 'Too many attempts; try again in a minute');
    const principal = await checkPassword(
      options.store,
      textOf(request.body, 'name'),
      textOf(request.body, 'password'),
    );
    if (principal === undefined) {
      throttle.count();
      return refuse(reply, 401, 'The name or the password is not right');
    }
    await startSession(reply, principal, options);
    return principal;
  });

  app.post('/auth/sign-out', async (_request, reply) => {
    setCookie(reply, '', 0, options);
    return reply.status(204).send();
  });

  app.get('/auth/me', async (request, reply) => {
    const principal = await options.authenticate(request);
    return principal ?? refuse(reply, 401, 'Not signed in');
  });

  app.post<{ Body: Record<string, unknown> }>('/auth/administrator', async (request, reply) => {
    const principal = await options.authenticate(request);
    if (principal?.id !== firstAdministrator.id) return refuse(reply, 401, 'Open the first link');
    if (await hasAccounts(options.store)) return refuse(reply, 409, 'There is an administrator');
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
  try {
    const account = { name, display, role: 'admin', password: textOf(body, 'password') } as const;
    await createAccount(options.store, account, options.clock());
  } catch (error) {
    if (!(error instanceof OutcomeError)) throw error;
    const [issue] = error.issues;
    return refuse(reply, issueRow(issue.code).status, issue.diagnostics);
  }
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

/** Only a path of this server: never `//host` or a scheme. */
function localPath(to: string): string {
  return /^\/(?![/\\])/.test(to) ? to : '/';
}

/** Slows guessing: a bound on failed attempts per minute for the whole server, as names can be guessed too. */
function createThrottle(clock: () => Date): { isClosed(): boolean; count(): void } {
  let windowStart = 0;
  let failures = 0;
  const roll = (): void => {
    const now = clock().getTime();
    if (now - windowStart < 60_000) return;
    windowStart = now;
    failures = 0;
  };
  return {
    isClosed: () => {
      roll();
      return failures >= failuresPerMinuteMax;
    },
    count: () => {
      roll();
      failures += 1;
    },
  };
}
