/**
 * MLLP framing: `VT message FS CR`. It never parses; it takes bytes in whatever pieces they come and
 * any chunking gives the same frames. Where senders deviate, this is what was decided:
 *
 * - FS right after CR or LF (every well-formed message ends so) ends the frame at once: a sender that
 *   leaves the last CR away is answered without waiting for it.
 * - FS after anything else ends the frame if CR, LF, VT or FS follows; else it is a byte of the message.
 *   If nothing follows, {@link Framer.settle} ends it after a silence.
 * - VT right after the VT that began the frame is nothing. VT after CR or LF inside a frame starts a new one: the frame before
 *   was never ended, and is reported and not answered. VT anywhere else is a byte of the message.
 * - Between frames, CR, LF, FS, NUL and space are nothing; `MSH` at the start of a line begins a frame
 *   whose VT was forgotten; anything else is counted as junk.
 * - VT FS is nothing (some senders keep the connection alive with it).
 */
export interface Framer {
  push(chunk: Uint8Array): FrameEvent[];
  /** Ends a frame whose FS may have been a byte of the message; call it when nothing follows. */
  settle(): FrameEvent[];
  /** `ending`: see {@link Framer.settle}. `foreign`: it is another protocol, and nothing more is read. */
  readonly state: FramerState;
  /** Of the frame that is not yet complete. */
  readonly heldByteCount: number;
}

export type FramerState = 'between' | 'inside' | 'ending' | 'discarding' | 'foreign';

export type FrameEvent =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  /** The frame is longer than the limit; the rest of it is thrown away. `head` is its beginning. */
  | { readonly kind: 'oversized'; readonly head: Uint8Array }
  /** A new frame began before this one was ended. */
  | { readonly kind: 'unended'; readonly head: Uint8Array }
  | { readonly kind: 'junk'; readonly byteCount: number }
  | { readonly kind: 'tls-hello' }
  | { readonly kind: 'http' };

export function createFramer(bounds: { readonly frameBytesMax: number }): Framer {
  return new FrameMachine(bounds.frameBytesMax);
}

/** `VT bytes FS CR`. */
export function frameBytes(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + 3);
  framed[0] = VT;
  framed.set(bytes, 1);
  framed[bytes.length + 1] = FS;
  framed[bytes.length + 2] = CR;
  return framed;
}

const NUL = 0x00;
const LF = 0x0a;
const VT = 0x0b;
const CR = 0x0d;
const FS = 0x1c;
const SPACE = 0x20;
const msh = [0x4d, 0x53, 0x48];
const httpMethods = new Set([
  'GET ',
  'POST',
  'PUT ',
  'HEAD',
  'OPTI',
  'DELE',
  'PATC',
  'CONN',
  'PRI ',
]);

/** What a fault keeps of a frame: enough for any MSH. */
const headBytesMax = 4096;

class FrameMachine implements Framer {
  readonly #max: number;
  readonly #content = new Content();
  #state: Exclude<FramerState, 'discarding'> = 'between';
  /** The frame is over the limit: its bytes are not kept, but its end is looked for. */
  #discarding = false;
  /** The last byte of the frame; VT where there is none yet. */
  #last = VT;
  #junk = 0;
  /** How much of a `MSH` without VT was seen. */
  #matched = 0;
  #lineStart = true;
  /** The first bytes of the connection, until they show another protocol or a frame. */
  #opening: number[] | undefined = [];
  #events: FrameEvent[] = [];

  constructor(frameBytesMax: number) {
    this.#max = frameBytesMax;
  }

  get state(): FramerState {
    return this.#discarding ? 'discarding' : this.#state;
  }

  get heldByteCount(): number {
    return this.#content.length;
  }

  push(chunk: Uint8Array): FrameEvent[] {
    const stops = new Stops(chunk);
    let at = 0;
    while (at < chunk.length && this.#state !== 'foreign') {
      if (this.#state === 'between') this.#between(chunk[at++] as number);
      else if (this.#state === 'ending') at += this.#afterFs(chunk[at] as number);
      else at = this.#inside(chunk, at, stops.after(at));
    }
    this.#flushJunk();
    return this.#take();
  }

  settle(): FrameEvent[] {
    if (this.#state === 'ending') this.#endFrame();
    return this.#take();
  }

  #take(): FrameEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #between(byte: number): void {
    if (this.#opening && this.#isForeign(byte)) return;
    if (byte === VT) {
      this.#junk += this.#matched;
      this.#startFrame();
    } else if (byte === msh[this.#matched] && (this.#matched > 0 || this.#lineStart)) {
      this.#matched += 1;
      this.#lineStart = false;
      if (this.#matched < msh.length) return;
      this.#startFrame();
      this.#append(Uint8Array.from(msh));
      this.#last = byte;
    } else {
      this.#skip(byte);
    }
  }

  #skip(byte: number): void {
    this.#junk += this.#matched;
    this.#matched = 0;
    const lineEnd = byte === CR || byte === LF || byte === FS;
    const blank = byte === NUL || byte === SPACE;
    this.#lineStart = lineEnd || (this.#lineStart && blank);
    if (!lineEnd && !blank) this.#junk += 1;
  }

  #isForeign(byte: number): boolean {
    const opening = this.#opening ?? [];
    opening.push(byte);
    const tls = opening.length === 2 && opening[0] === 0x16 && opening[1] === 0x03;
    const http = opening.length === 4 && httpMethods.has(String.fromCharCode(...opening));
    if (opening.length === 4) this.#opening = undefined;
    if (!tls && !http) return false;
    this.#state = 'foreign';
    this.#junk = 0;
    this.#events.push({ kind: tls ? 'tls-hello' : 'http' });
    return true;
  }

  /** Takes bytes up to a VT or FS at `stop` and that one too; gives the place after them. */
  #inside(chunk: Uint8Array, at: number, stop: number): number {
    if (stop > at) {
      this.#last = chunk[stop - 1] as number;
      this.#append(chunk.subarray(at, stop));
    }
    if (stop === chunk.length) return stop;
    const afterLine = this.#last === CR || this.#last === LF;
    if (chunk[stop] === FS) {
      if (this.#last === VT || afterLine) this.#endFrame();
      else this.#state = 'ending';
    } else if (afterLine) {
      if (!this.#discarding) this.#events.push({ kind: 'unended', head: this.#content.head() });
      this.#startFrame();
    } else if (this.#last !== VT) {
      this.#append(Uint8Array.of(VT));
    }
    return stop + 1;
  }

  /** The byte after a FS that came in the middle of a line; gives how many bytes were used. */
  #afterFs(byte: number): 0 | 1 {
    if (byte === CR || byte === LF || byte === VT || byte === FS) {
      this.#endFrame();
      return byte === VT ? 0 : 1;
    }
    this.#state = 'inside';
    this.#append(Uint8Array.of(FS));
    return 0;
  }

  #startFrame(): void {
    this.#flushJunk();
    this.#opening = undefined;
    this.#matched = 0;
    this.#discarding = false;
    this.#content.clear();
    this.#last = VT;
    this.#state = 'inside';
  }

  #endFrame(): void {
    if (this.#content.length > 0) {
      this.#events.push({ kind: 'frame', bytes: this.#content.copy() });
    }
    this.#content.clear();
    this.#discarding = false;
    this.#lineStart = true;
    this.#state = 'between';
  }

  #append(bytes: Uint8Array): void {
    if (this.#discarding) return;
    if (this.#content.length + bytes.length <= this.#max) {
      this.#content.append(bytes);
      return;
    }
    this.#content.append(bytes.subarray(0, Math.max(0, headBytesMax - this.#content.length)));
    this.#events.push({ kind: 'oversized', head: this.#content.head() });
    this.#content.clear();
    this.#discarding = true;
  }

  #flushJunk(): void {
    if (this.#junk > 0) this.#events.push({ kind: 'junk', byteCount: this.#junk });
    this.#junk = 0;
  }
}

/** Where the next VT or FS of a chunk is; each byte is looked at twice at most. */
class Stops {
  readonly #chunk: Uint8Array;
  #vt = -1;
  #fs = -1;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
  }

  after(at: number): number {
    if (this.#vt < at) this.#vt = this.#find(VT, at);
    if (this.#fs < at) this.#fs = this.#find(FS, at);
    return Math.min(this.#vt, this.#fs);
  }

  #find(byte: number, at: number): number {
    const found = this.#chunk.indexOf(byte, at);
    return found < 0 ? this.#chunk.length : found;
  }
}

const smallBytes = 4096;

/** Bytes in one buffer that doubles: linear in time, at most twice the frame in memory. */
class Content {
  length = 0;
  #buffer = new Uint8Array(smallBytes);

  append(bytes: Uint8Array): void {
    const needed = this.length + bytes.length;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.length);
    this.length = needed;
  }

  copy(): Uint8Array {
    return this.#buffer.slice(0, this.length);
  }

  head(): Uint8Array {
    return this.#buffer.slice(0, Math.min(this.length, headBytesMax));
  }

  /** A big buffer is not kept for a connection that may never need it again. */
  clear(): void {
    this.length = 0;
    if (this.#buffer.length > 16 * smallBytes) this.#buffer = new Uint8Array(smallBytes);
  }
}
