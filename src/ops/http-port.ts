import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '../limits.ts';
import { clientTimes, cutOffSlowReaders } from './slow-clients.ts';
import type { ClientTimes } from './slow-clients.ts';

export interface HttpPort {
  /** `http://host:port` as it listens. */
  readonly url: string;
  readonly server: Server;
  /** Requests that came before this wait for it. */
  attach(handler: RequestListener): void;
  /** Takes no more connections; resolves when the last request is answered. */
  close(): Promise<void>;
}

/** Other upgrades (Java's client asks for h2c) are declined by answering as if they were not there. */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Listens before the server behind it is built: its own address, which may be a port that the system
 * chose, goes into links.
 */
export async function openHttpPort(
  host: string,
  port: number,
  times: ClientTimes = clientTimes,
): Promise<HttpPort> {
  const attached = Promise.withResolvers<RequestListener>();
  let handler: RequestListener | undefined;
  let closing = false;
  const options = {
    shouldUpgradeCallback: isWebSocket,
    headersTimeout: times.headTimeoutMs,
    requestTimeout: times.requestTimeoutMs,
    connectionsCheckingInterval: times.checkMs,
  };
  const server = createServer(options, (request, response) => {
    if (!slowReaders.takes(request, response)) return;
    // A kept connection would otherwise hold the stop up until its client lets go of it.
    response.once('close', () => closing && setImmediate(() => server.closeIdleConnections()));
    if (handler === undefined) void attached.promise.then((late) => late(request, response));
    else handler(request, response);
  });
  server.maxConnections = limits.httpConnectionsMax;
  const slowReaders = cutOffSlowReaders(server, times);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const { address, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${actual}`,
    server,
    attach: (attaching) => {
      handler = attaching;
      attached.resolve(attaching);
    },
    close: async () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (handler !== undefined) server.closeIdleConnections();
      else server.closeAllConnections();
      await closed;
    },
  };
}
