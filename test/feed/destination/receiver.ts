import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createFramer, frameBytes } from '../../../src/feed/mllp-frame.ts';

/** What a receiver does with one message. */
export type Turn = (message: string, socket: Socket) => void;

/** A receiver of MLLP that plays a script: one turn for each message, the last for all that follow. */
export class Receiver {
  readonly received: string[] = [];
  /** Which connection brought each, from 1. */
  readonly connections: number[] = [];
  connectionCount = 0;
  #script: Turn[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(script: readonly Turn[], tls?: TlsOptions) {
    this.#script = [...script];
    const serve = (socket: Socket): void => this.#serve(socket);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  play(...script: readonly Turn[]): void {
    this.#script = [...script];
  }

  /** MSH-10 of what came, in its order. */
  get controlIds(): readonly string[] {
    return this.received.map(controlIdOf);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    const framer = createFramer({ frameBytesMax: 64 * 1024 * 1024 });
    this.connectionCount += 1;
    const connection = this.connectionCount;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const event of framer.push(chunk)) {
        if (event.kind !== 'frame') continue;
        const message = Buffer.from(event.bytes).toString('latin1');
        this.received.push(message);
        this.connections.push(connection);
        const turn = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
        turn?.(message, socket);
      }
    });
  }
}

export function controlIdOf(message: string): string {
  return message.split('\r')[0]?.split('|')[9] ?? '';
}

export function ack(code: string, controlId: string): Uint8Array {
  const header = 'MSH|^~\\&|RIS|HOSP|WEIR|HUB|20260501||ACK|a1|P|2.5.1';
  return frameBytes(Buffer.from(`${header}\rMSA|${code}|${controlId}\r`));
}

export const says =
  (...codes: readonly string[]): Turn =>
  (message, socket) => {
    for (const code of codes) socket.write(ack(code, controlIdOf(message)));
  };
export const answersOther: Turn = (_, socket) => void socket.write(ack('AA', 'another'));
export const garbage: Turn = (_, socket) => void socket.write(frameBytes(Buffer.from('what?\r')));
export const noFrame: Turn = (_, socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
export const closes: Turn = (_, socket) => void socket.end();
export const resets: Turn = (_, socket) => void socket.resetAndDestroy();
export const silent: Turn = () => undefined;
export const halfFrame: Turn = (message, socket) => {
  socket.end(ack('AA', controlIdOf(message)).subarray(0, 20));
};
/** Answers when the sender has long given up. */
export const lateBy =
  (ms: number): Turn =>
  (message, socket) =>
    void setTimeout(() => socket.writable && socket.write(ack('AA', controlIdOf(message))), ms);
