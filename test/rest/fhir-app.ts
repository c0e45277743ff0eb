import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { fhirRest } from '../../src/rest/plugin.ts';
import type { FhirRestOptions } from '../../src/rest/plugin.ts';
import { badUrl } from '../../src/rest/failure.ts';
import type { AccessEvent } from '../../src/security/audit-event.ts';
import type { Principal, Role } from '../../src/security/principal.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';
import { openEmptyMongoStore } from '../mongo/emptied-database.ts';
import { mongoUrl } from '../mongo/mongo.ts';
import type { Shown } from './shown.ts';

export const baseUrl = 'http://weir.test/fhir';

/** The stores that the black-box tests run on. */
export const stores: readonly (readonly [name: string, open: () => Promise<Store>])[] = [
  ['memory', async () => openMemoryStore()],
  ['sqlite', openSqliteForOnce],
  ...mongoStores(),
];

/** Where there is no server, test/store/mongodb.test.ts says so. */
function mongoStores(): readonly (readonly [string, () => Promise<Store>])[] {
  const server = mongoUrl();
  if (server === undefined) return [];
  return [['mongodb', () => openEmptyMongoStore(server)]];
}

/** In a folder of its own, which goes when it is closed. */
async function openSqliteForOnce(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-rest-'));
  const store = await openSqliteStore({ file: join(folder, 'weir.db') });
  return {
    ...store,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export interface FhirApp {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly accesses: readonly AccessEvent[];
  readonly logged: readonly string[];
  /** Moves the clock on. */
  wait(ms: number): void;
  /** A call below /fhir as an administrator, or with another token. */
  call(method: string, url: string, options?: CallOptions): Promise<CallAnswer>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `role`, `role:patientId`, or empty for none. */
  readonly token?: string;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly json: Shown;
}

export async function openFhirApp(
  open: () => Promise<Store>,
  more: Partial<FhirRestOptions> = {},
): Promise<FhirApp> {
  const store = await open();
  const accesses: AccessEvent[] = [];
  const logged: string[] = [];
  let now = Date.parse('2026-03-01T12:00:00Z');
  let lastId = 0;
  const app = fastify({ frameworkErrors: badUrl, genReqId: () => `request-${String(++lastId)}` });
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  await app.register(fhirRest, {
    prefix: '/fhir',
    store,
    clock: () => new Date((now += 1000)),
    newId: () => `id-${String(++lastId)}`,
    authenticate: async (request) => principalOf(request.headers.authorization),
    baseUrl,
    secret: new Uint8Array(32).fill(1),
    log,
    recordAccess: (event) => void accesses.push(event),
    ...more,
  });
  return {
    app,
    store,
    accesses,
    logged,
    wait: (ms) => {
      now += ms;
    },
    call: (method, url, options) => callApp(app, method, url, options),
    close: async () => {
      await app.close();
      await store.close();
    },
  };
}

async function callApp(
  app: FastifyInstance,
  method: string,
  url: string,
  { body, headers = {}, token = 'admin' }: CallOptions = {},
): Promise<CallAnswer> {
  const payload = body === undefined ? {} : { payload: asText(body) };
  const response = await app.inject({
    method: method as 'GET',
    url: `/fhir${url}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...payload,
  });
  const text = response.body;
  return {
    status: response.statusCode,
    headers: response.headers as CallAnswer['headers'],
    text,
    get json() {
      return JSON.parse(text) as Shown;
    },
  };
}

function asText(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** In these tests a token says in clear who it is: `nurse`, or `app:patient-id`. */
function principalOf(authorization: string | undefined): Principal | undefined {
  const [role = '', patient] = (authorization ?? '').replace('Bearer ', '').split(':');
  if (role === '') return undefined;
  const who = { id: `test-${role}`, display: role, role: role as Role };
  return patient === undefined ? who : { ...who, patient };
}
