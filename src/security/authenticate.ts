import type { TokenReader } from './known-tokens.ts';
import type { Principal } from './principal.ts';
import { audience } from './token.ts';

export const sessionCookie = 'weir_session';

/** The parts of an HTTP request that say who calls. */
export interface Credentials {
  readonly method: string;
  readonly authorization?: string | undefined;
  /** The Cookie header. */
  readonly cookie?: string | undefined;
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  /** Sec-Fetch-Site, which browsers set and scripts cannot. */
  readonly fetchSite?: string | undefined;
}

/** The credentials of a request as Node and Fastify have it. */
export function credentialsOf(request: {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}): Credentials {
  const { headers, method } = request;
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    method,
    authorization: header('authorization'),
    cookie: header('cookie'),
    origin: header('origin'),
    host: header('host'),
    fetchSite: header('sec-fetch-site'),
  };
}

/**
 * Bearer token first, then the session cookie. A cookie is sent by browsers unasked, so it counts for a
 * changing method only when the request comes from our own pages.
 */
export async function authenticate(
  read: TokenReader,
  credentials: Credentials,
  now: Date,
): Promise<Principal | undefined> {
  const bearer = /^Bearer +(\S+)$/i.exec(credentials.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    return (await read(bearer, audience.api, now))?.principal;
  }
  const session = cookieValue(credentials.cookie, sessionCookie);
  if (session === undefined || !mayUseCookie(credentials)) return undefined;
  return (await read(session, audience.session, now))?.principal;
}

function mayUseCookie(credentials: Credentials): boolean {
  if (credentials.method === 'GET' || credentials.method === 'HEAD') return true;
  if (credentials.fetchSite !== undefined) return credentials.fetchSite === 'same-origin';
  if (credentials.origin === undefined) return false;
  return URL.parse(credentials.origin)?.host === credentials.host;
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
