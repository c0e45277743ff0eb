import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { expect } from 'vitest';
import { startSubscriptions } from '../../src/engage/subscription/start.ts';
import type { Subscriptions } from '../../src/engage/subscription/start.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { createOutbound } from '../../src/ops/outbound.ts';
import type { Store } from '../../src/store/store.ts';
import { baseUrl, openFhirApp } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that keeps what it is sent. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers from now on. */
  status: number;
  /** Resolves when it has received so many. */
  until(count: number): Promise<readonly Received[]>;
  close(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      if (receiver.status < 300)
        received.push({ url: request.url ?? '', headers: request.headers, body });
      response.writeHead(receiver.status, { location: 'http://127.0.0.1:1/' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    status: 200,
    until: async (count) => {
      await eventually(() => expect(received.length).toBeGreaterThanOrEqual(count));
      return received;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

export interface SubscriptionApp {
  readonly fhir: FhirApp;
  readonly subscriptions: Subscriptions;
  /** `host:port` where it listens. */
  readonly address: string;
  put(resource: object): Promise<CallAnswer>;
  close(): Promise<void>;
}

/** The REST interface with the process that serves subscriptions beside it; 127.0.0.1 may be called. */
export async function openSubscriptionApp(
  open: () => Promise<Store>,
  pauses: readonly number[] = [5, 5, 5],
  conformance: readonly Resource[] = [],
): Promise<SubscriptionApp> {
  const outbound = createOutbound('127.0.0.1');
  const fhir = await openFhirApp(open, { outbound, newId: randomUUID, conformance });
  const subscriptions = startSubscriptions({
    store: fhir.store,
    clock: () => new Date(),
    newId: randomUUID,
    log: pino({ level: 'silent' }),
    outbound,
    conformance,
    baseUrl,
    pauses,
  });
  await fhir.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = fhir.app.server.address() as AddressInfo;
  return {
    fhir,
    subscriptions,
    address: `127.0.0.1:${port}`,
    put: (resource) => {
      const { resourceType, id } = resource as { resourceType: string; id: string };
      return fhir.call('PUT', `/${resourceType}/${id}`, { body: resource });
    },
    close: async () => {
      await subscriptions.stop();
      await fhir.close();
    },
  };
}

export const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
export const topics = 'https://weir.dev/fhir/SubscriptionTopic/';

export function subscriptionOf(id: string, criteria: string, channel: object): object {
  const base = { resourceType: 'Subscription', id, status: 'requested', reason: 'test' };
  return { ...base, criteria, channel };
}

/** The `_payload` that asks for so much content. */
export function payloadOf(content: string): object {
  const extension = [{ url: `${backport}backport-payload-content`, valueCode: content }];
  return { payload: 'application/fhir+json', _payload: { extension } };
}

export interface Told {
  readonly type: string;
  readonly entry: readonly {
    readonly fullUrl: string;
    readonly resource?: Record<string, unknown> & {
      readonly parameter?: readonly { name: string; part?: readonly Part[] }[];
    };
    readonly request: { readonly method: string; readonly url: string };
  }[];
}
interface Part {
  readonly name: string;
  readonly [value: string]: unknown;
}

/** The values of the SubscriptionStatus of a notification, by name. */
export function statusOf(text: string): Record<string, unknown> {
  const { entry } = JSON.parse(text) as Told;
  return valuesOf(entry[0]?.resource?.parameter ?? []);
}

export function valuesOf(parameter: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(
    parameter.map((one) => {
      const [, name] = Object.entries(one).find(([key]) => key === 'name') ?? [];
      const [, value] = Object.entries(one).find(([key]) => key !== 'name') ?? [];
      return [String(name), value];
    }),
  );
}

export async function eventually(check: () => unknown): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      await check();
      return;
    } catch (error) {
      if (i > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
