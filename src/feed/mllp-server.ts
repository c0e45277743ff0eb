import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import { ByteBudget } from './byte-budget.ts';
import { MllpConnection, type ConnectionOptions, type MllpFrame } from './mllp-connection.ts';

export interface MllpServerOptions extends ConnectionOptions {
  readonly host: string;
  /** 0 for one that is free. */
  readonly port: number;
  readonly tls?: MllpTls;
}

/** PEM texts. With `requestCert` a client without a certificate of `ca` is refused. */
export interface MllpTls {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
  readonly requestCert?: boolean;
}

export interface MllpServer {
  /** `host:port` as it listens. */
  readonly address: string;
  /** Takes no more connections or frames, answers what was taken, and closes. */
  close(): Promise<void>;
}

/** Listens for MLLP senders; see {@link MllpConnection} for what it promises to each. */
export async function startMllpServer(options: MllpServerOptions): Promise<MllpServer> {
  const { host, port, log, limits } = options;
  const connections = new Set<MllpConnection>();
  let connectionCount = 0;
  const budget = options.budget ?? new ByteBudget(limits.mllpHeldBytesMax);
  const server = createListener(options, (socket) => {
    connectionCount += 1;
    const peer = peerOf(socket, connectionCount);
    const connection = new MllpConnection(socket, peer, { ...options, budget });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  server.maxConnections = limits.mllpConnectionsMax;
  server.on('drop', (drop) => {
    log.warn({ peer: drop?.remoteAddress }, 'Too many MLLP connections; one was closed');
  });
  server.on('tlsClientError', (error: Error) => {
    log.warn({ reason: error.message }, 'A TLS handshake failed on an MLLP port');
  });
  await listen(server, host, port);
  // Such as running out of file descriptors: the server goes on.
  server.on('error', (error) => log.error({ err: error }, 'The MLLP listener failed'));
  const address = server.address() as AddressInfo;
  return {
    address: hostPort(address.address, address.port),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...connections].map((connection) => connection.stop()));
      await closed;
    },
  };
}

function createListener(options: MllpServerOptions, accept: (socket: Socket) => void): Server {
  const { tls, limits } = options;
  if (!tls) return createServer({ allowHalfOpen: true }, accept);
  const { key, cert, ca, requestCert = false } = tls;
  const settings: TlsOptions & { allowHalfOpen: true } = {
    allowHalfOpen: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.mllpCloseTimeoutMs,
    key,
    cert,
    requestCert,
    rejectUnauthorized: requestCert,
    ...(ca === undefined ? {} : { ca }),
  };
  return createTlsServer(settings, accept);
}

function peerOf(socket: Socket, connectionId: number): Omit<MllpFrame, 'bytes'> {
  const peer = hostPort(socket.remoteAddress ?? '', socket.remotePort ?? 0);
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { peer, connectionId };
  const certificateFingerprint = socket.getPeerCertificate().fingerprint256;
  return { peer, connectionId, certificateFingerprint };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}
