import { connect, createServer, type Socket } from 'node:net';
import { parseAddress } from '../../src/ops/address.ts';

export interface CuttingProxy {
  readonly address: string;
  readonly cuts: () => number;
  close(): void;
}

/**
 * Stands between senders and server and cuts each connection after some bytes: in the midst of a frame, before an
 * answer, in the midst of it. From `quiet` on it only passes on.
 */
export async function startCuttingProxy(
  addresses: () => readonly string[],
  random: () => number,
): Promise<CuttingProxy> {
  let cuts = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const all = addresses();
    const address = all[Math.floor(random() * all.length)];
    if (address === undefined) return void near.destroy();
    const { host, port } = parseAddress(address);
    const far = connect({ host, port, noDelay: true });
    const ends = [near, far];
    const end = (): void => {
      for (const socket of ends) open.delete(socket.destroy());
    };
    const cut = (): void => {
      cuts += 1;
      end();
    };
    for (const socket of ends) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    // A message is some 500 bytes and an answer some 100: after a few of them.
    pass(near, far, Math.floor(random() * 6_000), cut);
    pass(far, near, Math.floor(random() * 1_200), cut);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    address: `127.0.0.1:${String(port)}`,
    cuts: () => cuts,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** Passes bytes on until their number is used up, the last ones in part. */
function pass(from: Socket, to: Socket, bytes: number, cut: () => void): void {
  let left = bytes;
  from.on('data', (chunk: Buffer) => {
    if (chunk.length < left) {
      left -= chunk.length;
      to.write(chunk);
      return;
    }
    from.pause();
    to.write(chunk.subarray(0, left), cut);
  });
}
