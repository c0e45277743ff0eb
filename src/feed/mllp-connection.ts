import type { Socket } from 'node:net';
import { ByteBudget } from './byte-budget.ts';
import type { Log } from './log.ts';
import { createFramer, frameBytes, type FrameEvent, type Framer } from './mllp-frame.ts';

/** One message as it came, without its frame. */
export interface MllpFrame {
  readonly bytes: Uint8Array;
  /** Whether an answer could still be written. */
  readonly isOpen?: () => boolean;
  /** `host:port` of the other side. */
  readonly peer: string;
  /** Of this server since its start, from 1. */
  readonly connectionId: number;
  /** SHA-256 of the client's certificate, as `AB:CD:..`, where it showed one that was verified. */
  readonly certificateFingerprint?: string;
}

/** Something that is no message; `head` is the beginning of what there was, for its MSH. */
export interface MllpFault extends Omit<MllpFrame, 'bytes' | 'isOpen'> {
  readonly kind: 'oversized' | 'unended' | 'frame-timeout' | 'junk' | 'busy' | 'exception';
  readonly head: Uint8Array;
}

/** The bounds of a server, in `limits.ts` with their reasons; a test gives smaller ones. */
export interface MllpLimits {
  readonly frameBytesMax: number;
  readonly frameTimeoutMs: number;
  readonly mllpIdleTimeoutMs: number;
  readonly mllpConnectionsMax: number;
  readonly mllpUnansweredMax: number;
  readonly mllpHeldBytesMax: number;
  readonly mllpJunkBytesMax: number;
  readonly mllpSettleMs: number;
  readonly mllpCloseTimeoutMs: number;
}

export interface ConnectionOptions {
  readonly limits: MllpLimits;
  readonly log: Log;
  /**
   * The answer, without frame; undefined where none is to be sent. Where it says `accepted` first, that
   * answer (or none) takes the frame's place in the order, and the last one goes out when it is there.
   */
  readonly onFrame: (frame: MllpFrame, accepted: Accepted) => Promise<Uint8Array | undefined>;
  /** What all connections hold together; absent: this one alone counts. */
  readonly budget?: ByteBudget;
  /** An answer to a fault, where one makes sense. */
  readonly onFault?: (fault: MllpFault) => Uint8Array | undefined;
}

type Peer = Omit<MllpFrame, 'bytes' | 'isOpen'>;

type Accepted = (answer: Uint8Array | undefined) => void;

/** Makes an answer, when its turn comes to be worked on. */
type Work = (accepted: Accepted) => Promise<Uint8Array | undefined>;

/**
 * One sender's connection. Frames are handed on in the order of their arrival, several at a time, and
 * answered in that order. While `mllpUnansweredMax` frames are unanswered (also because the peer does
 * not read its answers) the socket is not read. Nothing that a peer does is fatal to others.
 */
export class MllpConnection {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #options: ConnectionOptions;
  readonly #framer: Framer;
  /** What was read and waits for its turn: at most what one chunk had. */
  readonly #waiting: Work[] = [];
  /** Settles when the answers to all work so far were written. */
  #answered: Promise<void> = Promise.resolve();
  #unanswered = 0;
  /** Of frames that were read and are not answered. */
  #unansweredByteCount = 0;
  /** What the budget knows of us. */
  #heldByteCount = 0;
  readonly #budget: ByteBudget;
  readonly #wake = (): void => this.#startWork();
  #junkByteCount = 0;
  #frameTimer: NodeJS.Timeout | undefined;
  #settleTimer: NodeJS.Timeout | undefined;
  #closeTimer: NodeJS.Timeout | undefined;
  /** Nothing more is taken: the peer ended or is refused, or we stop. The last answer ends it. */
  #ending = false;

  /** The socket must allow half-open: a peer may end its side and still want its answers. */
  constructor(socket: Socket, peer: Peer, options: ConnectionOptions) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
    this.#framer = createFramer(options.limits);
    this.#budget = options.budget ?? new ByteBudget(options.limits.mllpHeldBytesMax);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setTimeout(options.limits.mllpIdleTimeoutMs);
    socket.on('timeout', () => this.#idle());
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('end', () => this.#peerEnded());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#warn('MLLP connection failed', { code: error.code });
    });
    socket.on('close', () => {
      for (const timer of [this.#frameTimer, this.#settleTimer, this.#closeTimer]) {
        clearTimeout(timer);
      }
      this.#budget.forget(this.#wake);
      this.#budget.change(-this.#heldByteCount);
      this.#heldByteCount = 0;
    });
  }

  /** Answers what was taken, then closes; settles when the socket is closed, in bounded time. */
  async stop(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#end();
    await closed;
  }

  /** When ending, what still comes is read and thrown away: unread bytes would reset the connection. */
  #read(chunk: Uint8Array): void {
    if (this.#ending) return;
    clearTimeout(this.#settleTimer);
    this.#act(this.#framer.push(chunk));
    if (this.#framer.state !== 'ending') return;
    const settle = (): void => this.#act(this.#framer.settle());
    this.#settleTimer = setTimeout(settle, this.#options.limits.mllpSettleMs);
  }

  #peerEnded(): void {
    if (!this.#ending) this.#act(this.#framer.settle());
    if (this.#framer.state === 'inside') this.#warn('The peer ended within a frame');
    this.#end();
  }

  #act(events: readonly FrameEvent[]): void {
    for (const event of events) {
      if (!this.#ending) this.#take(event);
    }
    this.#holds();
    // Nobody is stopped within a frame, whose end would then never come: who passes the bound there is refused.
    if (this.#budget.isSpent && this.#framer.state === 'inside' && !this.#ending)
      this.#refuse('busy');
    this.#startWork();
    this.#watchFrame(events.length > 0);
  }

  /** Tells the budget. */
  #holds(): void {
    if (this.#socket.closed) return;
    const held = this.#framer.heldByteCount + this.#unansweredByteCount;
    const change = held - this.#heldByteCount;
    this.#heldByteCount = held;
    this.#budget.change(change);
  }

  #take(event: FrameEvent): void {
    switch (event.kind) {
      case 'frame':
        this.#unansweredByteCount += event.bytes.length;
        this.#waiting.push((accepted) => this.#handle(event.bytes, accepted));
        return;
      case 'unended':
        this.#queueFault('unended', event.head);
        return;
      case 'oversized':
        this.#refuse('oversized', event.head);
        return;
      case 'junk':
        this.#junkByteCount += event.byteCount;
        this.#warn('Bytes between MLLP frames', { byteCount: event.byteCount });
        if (this.#junkByteCount > this.#options.limits.mllpJunkBytesMax) this.#refuse('junk');
        return;
      case 'http':
        this.#warn('HTTP on an MLLP port');
        this.#socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThis is MLLP\n');
        this.#end();
        return;
      case 'tls-hello':
        this.#warn('TLS on a plain MLLP port');
        this.#end();
    }
  }

  /** Begins what waits while there is room, and reads on where there is room left. */
  #startWork(): void {
    const { mllpUnansweredMax } = this.#options.limits;
    while (this.#unanswered < mllpUnansweredMax) {
      const work = this.#waiting.shift();
      if (!work) break;
      this.#answerInTurn(work);
    }
    const spent = this.#budget.isSpent;
    if (spent && !this.#ending) this.#budget.whenFree(this.#wake);
    const full = (spent || this.#unanswered >= mllpUnansweredMax) && !this.#ending;
    if (full && !this.#socket.isPaused()) this.#socket.pause();
    if (!full && this.#socket.isPaused()) this.#socket.resume();
  }

  async #handle(bytes: Uint8Array, accepted: Accepted): Promise<Uint8Array | undefined> {
    try {
      const isOpen = (): boolean => this.#socket.writable;
      return await this.#options.onFrame({ ...this.#peer, bytes, isOpen }, accepted);
    } catch (error) {
      const { connectionId } = this.#peer;
      this.#options.log.error({ err: error, connectionId }, 'A frame could not be processed');
      const answer = this.#fault('exception', bytes);
      if (!answer) this.#end();
      return answer;
    } finally {
      this.#unansweredByteCount -= bytes.length;
      this.#holds();
    }
  }

  #answerInTurn(work: Work): void {
    this.#unanswered += 1;
    const first = Promise.withResolvers<Uint8Array | undefined>();
    let last: Promise<Uint8Array | undefined> | undefined;
    const answer = work((accept) => {
      last = answer;
      first.resolve(accept);
    });
    void answer.then(first.resolve, first.reject);
    this.#write(first.promise, () => {
      if (last === undefined) this.#answeredOne();
      else void last.then((later) => this.#write(later, () => this.#answeredOne()));
    });
  }

  /** After everything that was to be written before. */
  #write(answer: Promise<Uint8Array | undefined> | Uint8Array | undefined, done: () => void): void {
    this.#answered = this.#answered.then(async () => {
      const bytes = await answer;
      if (bytes) await this.#send(frameBytes(bytes));
      done();
    });
  }

  #answeredOne(): void {
    this.#unanswered -= 1;
    this.#startWork();
    this.#watchFrame(false);
    this.#finish();
  }

  /** Settles when the peer took the bytes, or is gone. */
  async #send(bytes: Uint8Array): Promise<void> {
    if (!this.#socket.writable) {
      this.#warn('An answer was not delivered: the peer is gone');
      return;
    }
    if (this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#warn('The peer does not read its answers');
        this.#socket.destroy();
      }, this.#options.limits.frameTimeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.once('drain', done).once('close', done);
    });
  }

  /** Answers where the hook knows how, after all that came before, and takes nothing more. */
  #refuse(kind: MllpFault['kind'], head: Uint8Array = new Uint8Array()): void {
    this.#queueFault(kind, head);
    this.#end();
  }

  #queueFault(kind: MllpFault['kind'], head: Uint8Array): void {
    this.#warn('Faulty MLLP frame', { kind });
    this.#waiting.push(async () => this.#fault(kind, head));
  }

  #fault(kind: MllpFault['kind'], head: Uint8Array): Uint8Array | undefined {
    try {
      return this.#options.onFault?.({ ...this.#peer, kind, head });
    } catch (error) {
      this.#options.log.error({ err: error, ...this.#peer }, 'A fault could not be answered');
      return undefined;
    }
  }

  /** A frame must be complete some time after its start; while we do not read, the time stands still. */
  #watchFrame(restart: boolean): void {
    const inside = this.#framer.state === 'inside' && !this.#socket.isPaused() && !this.#ending;
    if (restart || !inside) {
      clearTimeout(this.#frameTimer);
      this.#frameTimer = undefined;
    }
    if (!inside) return;
    const expired = (): void => this.#refuse('frame-timeout');
    this.#frameTimer ??= setTimeout(expired, this.#options.limits.frameTimeoutMs);
  }

  #idle(): void {
    if (this.#unanswered > 0) {
      this.#socket.setTimeout(this.#options.limits.mllpIdleTimeoutMs);
      return;
    }
    this.#warn('MLLP connection was idle for too long');
    this.#end();
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    clearTimeout(this.#settleTimer);
    const { mllpCloseTimeoutMs } = this.#options.limits;
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), mllpCloseTimeoutMs);
    this.#watchFrame(true);
    this.#startWork();
    this.#finish();
  }

  /** Ends our side after the last answer; the peer's end, or the close timer, does the rest. */
  #finish(): void {
    const busy = this.#unanswered > 0 || this.#waiting.length > 0;
    if (this.#ending && !busy && !this.#socket.writableEnded) this.#socket.end();
  }

  #warn(text: string, fields: object = {}): void {
    const { peer, connectionId } = this.#peer;
    this.#options.log.warn({ peer, connectionId, ...fields }, text);
  }
}

/** A peer that vanished without a word is found by probes that begin after this silence. */
const keepAliveMs = 30_000;
