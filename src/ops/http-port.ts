import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpPort {
  /** `http://host:port` as it listens. */
  readonly url: string;
  readonly server: Server;
  /** Requests that came before this wait for it. */
  attach(handler: RequestListener): void;
  /** Takes no more connections; resolves when the last request is answered. */
  close(): Promise<void>;
}

/**
 * Listens before the server behind it is built: its own address, which may be a port that the system
 * chose, goes into links.
 */
export async function openHttpPort(host: string, port: number): Promise<HttpPort> {
  const attached = Promise.withResolvers<RequestListener>();
  const server = createServer((request, response) => {
    void attached.promise.then((handler) => handler(request, response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const { address, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${actual}`,
    server,
    attach: attached.resolve,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}
