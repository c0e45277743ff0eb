import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { root } from '../../src/cli/root.ts';
import { buildConfig } from '../../src/config.ts';
import type { ConfigSource } from '../../src/config.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { openLog } from '../../src/ops/log.ts';
import type { Role } from '../../src/security/principal.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';

export interface RunningApp {
  readonly app: App;
  /** Its data folder. */
  readonly data: string;
  /** What the log said, a JSON line each. */
  readonly logged: readonly string[];
  token(role: Role): Promise<string>;
  /** A call with a token of that role. */
  call(path: string, options?: RequestInit & { readonly role?: Role }): Promise<Response>;
  /** Sends messages over one MLLP connection; the acknowledgment codes. */
  send(...messages: readonly (string | Uint8Array)[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The whole server in this process: real sockets, a folder of its own, its log kept at its most talkative. */
export async function runApp(given: ConfigSource = {}): Promise<RunningApp> {
  const data = mkdtempSync(join(tmpdir(), 'weir-app-'));
  const logged: string[] = [];
  const free = { data, http: '127.0.0.1:0', mllp: '127.0.0.1:0', logLevel: 'trace' };
  const config = buildConfig([given, free]);
  const log = openLog(config.logLevel, { write: (line: string) => void logged.push(line) });
  const app = await startApp({ config, log, clock: () => new Date(), root });
  const issuing = { keys: app.keys, clock: () => new Date(), newId: () => crypto.randomUUID() };
  const token = (role: Role): Promise<string> => {
    const principal = { id: `test-${role}`, display: role, role };
    return tokenFor(issuing, principal, { audience: audience.api, ttlSeconds: 600 });
  };
  return {
    app,
    data,
    logged,
    token,
    call: async (path, { role = 'admin', headers, ...options } = {}) => {
      const authorization = `Bearer ${await token(role)}`;
      return fetch(`${app.http}${path}`, { ...options, headers: { authorization, ...headers } });
    },
    send: (...messages) => send(app.mllp, messages),
    close: async () => {
      await app.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Sends messages over one MLLP connection, each after the answer to the one before. */
export async function send(
  address: string,
  messages: readonly (string | Uint8Array)[],
): Promise<readonly string[]> {
  const client = await connectMllp({ ...parseAddress(address), timeoutMs: 25_000 });
  const codes: string[] = [];
  try {
    for (const message of messages) {
      codes.push(acknowledgmentCode(await client.send(Buffer.from(message))));
    }
  } finally {
    client.close();
  }
  return codes;
}
