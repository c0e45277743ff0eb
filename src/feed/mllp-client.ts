import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fail, OutcomeError } from '../fhir/issue.ts';
import { present } from '../hl7v2/present.ts';
import { limits } from '../limits.ts';
import { createFramer, frameBytes, type FrameEvent } from './mllp-frame.ts';

export interface MllpClient {
  /**
   * Sends one message and gives its answer, both without frame. Rejects with an {@link OutcomeError}
   * (`timeout`, `transient`) where no answer came: the outcome is then unknown. Whether the answer is
   * to this message (MSA-2) is for the caller to see. Where `isLast` says no, the next answer is waited for.
   */
  send(bytes: Uint8Array, isLast?: IsLast): Promise<Uint8Array>;
  /** False once it is closed by either side. */
  readonly isOpen: boolean;
  close(): void;
}

type IsLast = (answer: Uint8Array) => boolean;

export interface MllpClientOptions {
  readonly host: string;
  readonly port: number;
  /** For each answer; for the connection too where that has none of its own. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs?: number;
  /** Absent: plain MLLP. PEM texts; the receiver's certificate must be of a known authority, and of that name. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
}

/**
 * Connects to an MLLP receiver. At most one message is unanswered, and the socket is dropped with the
 * first message that gets no answer or an answer that nobody asked for, so that a late answer can
 * never be taken for that of the next message.
 */
export async function connectMllp(options: MllpClientOptions): Promise<MllpClient> {
  const socket = await open(options);
  return new Connection(socket, options.timeoutMs);
}

class Connection implements MllpClient {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #framer = createFramer(limits);
  #pending: (PromiseWithResolvers<Uint8Array> & { readonly isLast: IsLast }) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #settleTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('error', (error) => this.#drop(away('The connection failed', error)));
    socket.on('close', () => this.#drop(away('The receiver closed the connection')));
  }

  async send(bytes: Uint8Array, isLast: IsLast = () => true): Promise<Uint8Array> {
    if (this.#pending) fail('transient', 'A message on this connection is not answered yet');
    if (this.#socket.destroyed) throw away('The connection is closed');
    const pending = { ...Promise.withResolvers<Uint8Array>(), isLast };
    this.#pending = pending;
    const late = (): void => this.#drop(timeout(`No answer in ${String(this.#timeoutMs)} ms`));
    this.#timer = setTimeout(late, this.#timeoutMs);
    this.#socket.write(frameBytes(bytes));
    return await pending.promise;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  close(): void {
    this.#drop(away('The connection is closed'));
  }

  #read(chunk: Uint8Array): void {
    clearTimeout(this.#settleTimer);
    this.#take(this.#framer.push(chunk));
    if (this.#framer.state !== 'ending') return;
    const settle = (): void => this.#take(this.#framer.settle());
    this.#settleTimer = setTimeout(settle, limits.mllpSettleMs);
  }

  #take(events: readonly FrameEvent[]): void {
    for (const event of events) {
      if (event.kind === 'junk') continue;
      if (event.kind !== 'frame')
        this.#drop(away(`The receiver sent no MLLP answer: ${event.kind}`));
      else if (this.#pending) this.#answer(event.bytes);
      else this.#drop(away('The receiver sent an answer to nothing'));
    }
  }

  #answer(bytes: Uint8Array): void {
    if (this.#pending?.isLast(bytes) === false) return;
    clearTimeout(this.#timer);
    this.#pending?.resolve(bytes);
    this.#pending = undefined;
  }

  #drop(reason: OutcomeError): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settleTimer);
    this.#socket.destroy();
    this.#pending?.reject(reason);
    this.#pending = undefined;
  }
}

function open(options: MllpClientOptions): Promise<Socket> {
  const { host, port, connectTimeoutMs: timeoutMs = options.timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const socket = dial(options);
    const place = `${host}:${String(port)}`;
    const timer = setTimeout(() => {
      socket.destroy();
      reject(timeout(`No connection to ${place} in ${String(timeoutMs)} ms`));
    }, timeoutMs);
    const failed = (error?: Error): void => {
      clearTimeout(timer);
      reject(away(`No connection to ${place}`, error));
    };
    const closed = (): void => failed();
    socket.once('error', failed).once('close', closed);
    socket.once(options.tls === undefined ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed).off('close', closed);
      resolve(socket);
    });
  });
}

function dial({ host, port, tls }: MllpClientOptions): Socket {
  if (tls === undefined) return connect({ host, port });
  const { serverName: servername, ...pem } = tls;
  return connectTls({ host, port, ...pem, ...present({ servername }), minVersion: 'TLSv1.2' });
}

function away(text: string, cause?: Error): OutcomeError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const diagnostics = code === undefined ? text : `${text} (${code})`;
  return new OutcomeError([{ code: 'transient', severity: 'error', diagnostics }], { cause });
}

function timeout(diagnostics: string): OutcomeError {
  return new OutcomeError([{ code: 'timeout', severity: 'error', diagnostics }]);
}
