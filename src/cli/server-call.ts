import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import { loadKeys } from '../security/keys.ts';
import { tokenFor } from '../security/sign-in.ts';
import { audience } from '../security/token.ts';
import type { CliIo } from './io.ts';

/** How long the server may take to answer. */
const timeoutMs = 30_000;

/**
 * Asks the running server, to which the data file belongs, with a token that the data folder's key makes good for one
 * minute. Undefined where no server answers or it says no; stderr then has the reason.
 */
export async function callServer(
  config: Config,
  io: CliIo,
  call: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly body?: object;
    /** Who the audit says that asked. */
    readonly display: string;
  },
): Promise<unknown> {
  const response = await fetch(`http://${config.http}${call.path}`, {
    method: call.method,
    headers: {
      authorization: `Bearer ${await shortToken(config, call.display)}`,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => undefined);
  if (response === undefined) {
    io.stderr.write(`No server answers at ${config.http}; start it or name it with --http\n`);
    return undefined;
  }
  if (response.ok) return await response.json();
  const { message = '' } = (await response.json().catch(() => ({}))) as { message?: string };
  const hint = response.status === 401 ? '; is --data its data folder?' : '';
  io.stderr.write(`The server answered ${response.status}: ${message}${hint}\n`);
  return undefined;
}

async function shortToken(config: Config, display: string): Promise<string> {
  const id = randomUUID();
  return tokenFor(
    { keys: loadKeys(config.data), clock: () => new Date(), newId: () => id },
    { id: `token:${id}`, display, role: 'admin' },
    { audience: audience.api, ttlSeconds: 60 },
  );
}
