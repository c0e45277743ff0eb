import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/feed/log.ts';
import { createFramer, frameBytes } from '../../src/feed/mllp-frame.ts';
import {
  startMllpServer,
  type MllpServer,
  type MllpServerOptions,
} from '../../src/feed/mllp-server.ts';

/** Small bounds, so that a test need not wait. */
export const testLimits = {
  frameBytesMax: 4096,
  frameTimeoutMs: 10_000,
  mllpIdleTimeoutMs: 10_000,
  mllpConnectionsMax: 50,
  mllpUnansweredMax: 4,
  mllpHeldBytesMax: 16 * 1024 * 1024,
  mllpJunkBytesMax: 100,
  mllpSettleMs: 20,
  mllpCloseTimeoutMs: 1_000,
};

/** A log that keeps what was said. */
export function keepLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (_fields: object, message: string): void => {
    lines.push(message);
  };
  return { lines, info: keep, warn: keep, error: keep };
}

/** A server that answers `ack <message>`, unless told otherwise. */
export async function start(
  given: Partial<MllpServerOptions> = {},
): Promise<MllpServer & { readonly port: number }> {
  const server = await startMllpServer({
    host: '127.0.0.1',
    port: 0,
    limits: testLimits,
    log: keepLog(),
    onFrame: async ({ bytes }) => Buffer.concat([Buffer.from('ack '), bytes]),
    ...given,
  });
  return { ...server, port: Number(server.address.split(':').at(-1)) };
}

/** A sender that does what a test tells it, right or wrong. */
export class Peer {
  readonly socket: Socket;
  readonly answers: string[] = [];
  /** Everything that came, also outside frames. */
  received = '';
  closed = false;
  readonly #framer = createFramer({ frameBytesMax: 1024 * 1024 });

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      for (const event of this.#framer.push(chunk)) {
        if (event.kind === 'frame')
          this.answers.push(Buffer.from(event.bytes).toString().replace(/\r+$/, ''));
      }
    });
    this.socket.on('error', () => undefined);
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  static async open(port: number): Promise<Peer> {
    const peer = new Peer(port);
    await once(peer.socket, 'connect');
    return peer;
  }

  send(...messages: string[]): void {
    this.socket.write(Buffer.concat(messages.map((text) => frameBytes(Buffer.from(`${text}\r`)))));
  }

  /** Waits for an answer that fits, after the first `from`. */
  async hears(form: RegExp, from = 0): Promise<void> {
    await until(() => this.closed || this.answers.slice(from).some((answer) => form.test(answer)));
  }

  async gets(count: number): Promise<string[]> {
    await until(() => this.answers.length >= count || this.closed);
    return this.answers;
  }
}

/** Waits until something is so; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
