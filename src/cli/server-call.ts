import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { loadKeys } from '../security/keys.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import type { CliIo } from './io.ts';

/** How long the server may take to answer. */
const timeoutMs = 30_000;

/** One call of the running server. */
export interface ServerCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Who the audit says that asked: an id, where one is known, and a name. */
  readonly who?: string;
  readonly display: string;
}

/**
 * Calls the running server, to which the data file belongs, with a token that the data folder's key makes good for one
 * minute. Undefined where no server answers.
 */
export async function requestServer(
  config: Config,
  { method, path, body, who, display }: ServerCall,
): Promise<Response | undefined> {
  const token = await shortToken(config, { who, display });
  return fetch(`http://${config.http}${path}`, {
    method,
    headers: {
      ...{ authorization: `Bearer ${token}`, accept: 'application/json' },
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
}

/** What to do where no server answers. */
export function noServer({ http }: Config): string {
  return `No server answers at ${http}; start it or name it with --http`;
}

/** What the server answers; undefined where none does or it says no: stderr then has the reason. */
export async function callServer(config: Config, io: CliIo, call: ServerCall): Promise<unknown> {
  const response = await requestServer(config, call);
  if (response === undefined) {
    io.stderr.write(`${noServer(config)}\n`);
    return undefined;
  }
  if (response.ok) return await response.json();
  const { message = '' } = (await response.json().catch(() => ({}))) as { message?: string };
  const hint = response.status === 401 ? '; is --data its data folder?' : '';
  io.stderr.write(`The server answered ${response.status}: ${message}${hint}\n`);
  return undefined;
}

async function shortToken(
  config: Config,
  { who, display }: { readonly who: string | undefined; readonly display: string },
): Promise<string> {
  const id = randomUUID();
  return tokenFor(
    { keys: loadKeys(config.data), clock: () => new Date(), newId: () => id },
    { id: who ?? `token:${id}`, display, role: 'admin' },
    { audience: audience.api, ttlSeconds: 60 },
  );
}
