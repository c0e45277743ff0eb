import { readFile } from 'node:fs/promises';
import { ByteBudget } from './byte-budget.ts';
import type { Feed, FeedPort } from './feed.ts';
import type { ConnectionOptions, MllpFrame } from './mllp-connection.ts';
import { startMllpServer, type MllpServer, type MllpTls } from './mllp-server.ts';
import type { OnFrame } from './pipeline.ts';

export interface MllpPortsOptions extends Omit<ConnectionOptions, 'onFrame' | 'budget'> {
  readonly onFrame: OnFrame;
  readonly feeds: readonly Feed[];
  /** For every sender: which feed it is, the message says. */
  readonly main: FeedPort;
  /** Splits `HOST:PORT`. */
  readonly parseAddress: (text: string) => { readonly host: string; readonly port: number };
  /** Opens a port, or says which cannot be had. */
  readonly listening: (address: string, open: () => Promise<MllpServer>) => Promise<MllpServer>;
}

export interface MllpPorts {
  /** `host:port` of the port for every sender, as it listens. */
  readonly main: string;
  /** The same of the ports of feeds, by name. */
  readonly ofFeeds: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** Opens the port for every sender, and one more for each feed that asks for it; they share one bound of memory. */
export async function openMllpPorts(options: MllpPortsOptions): Promise<MllpPorts> {
  const budget = new ByteBudget(options.limits.mllpHeldBytesMax);
  const servers: MllpServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    const open = async (port: FeedPort, feed?: string): Promise<string> => {
      const server = await openPort(port, {
        ...options,
        budget,
        ...(feed === undefined ? {} : { feed }),
      });
      servers.push(server);
      return server.address;
    };
    const ofFeeds = new Map<string, string>();
    for (const { name, mllp } of options.feeds) {
      if (mllp !== undefined) ofFeeds.set(name, await open(mllp, name));
    }
    return { main: await open(options.main), ofFeeds, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPort(
  port: FeedPort,
  options: MllpPortsOptions & { readonly budget: ByteBudget; readonly feed?: string },
): Promise<MllpServer> {
  const { feed, onFrame, ...rest } = options;
  const tls = await tlsOf(port);
  const server = {
    ...rest,
    ...options.parseAddress(port.listen),
    ...(tls === undefined ? {} : { tls }),
    onFrame: (
      { bytes, peer, certificateFingerprint }: MllpFrame,
      accepted: Parameters<OnFrame>[1],
    ) =>
      onFrame(
        {
          bytes,
          peer,
          certificate: certificateFingerprint ?? '',
          ...(feed === undefined ? {} : { feed }),
        },
        accepted,
      ),
  };
  return options.listening(port.listen, () => startMllpServer(server));
}

async function tlsOf({ keyFile, certFile, caFile }: FeedPort): Promise<MllpTls | undefined> {
  if (keyFile === undefined || certFile === undefined) return undefined;
  const [key, cert, ca] = await Promise.all([
    readPem(keyFile),
    readPem(certFile),
    caFile === undefined ? undefined : readPem(caFile),
  ]);
  return { key, cert, ...(ca === undefined ? {} : { ca, requestCert: true }) };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new Error(`The TLS file ${file} cannot be read (${code})`, { cause: error });
  }
}
