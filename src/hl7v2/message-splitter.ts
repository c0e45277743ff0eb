import { endOnce, type BatchSegment } from './batch.ts';

/** A message, header or trailer of a stream; `text` of one that is longer than may be is its beginning. */
export interface StreamPart extends BatchSegment {
  readonly isOversized?: boolean;
}

/** A header or trailer at the start of a line, or right after MLLP's characters; the first character is that before. */
const boundary = /[\r\n\v\x1c](?:MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9\s]/g;
const boundaryLength = 5;

/** What is kept of a message that is too long: its header. */
const headLength = 512;

/**
 * Splits a file like `splitBatch`, from pieces of text of any length, and holds one message at a time. A part without a name is what
 * stands before the first.
 */
export class MessageSplitter {
  readonly #lengthMax: number;
  /** What may be the beginning of a boundary. The first line begins one. */
  #held = '\n';
  #isFirst = true;
  #pieces: string[] = [];
  #length = 0;

  /** @param lengthMax of one message, in characters */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** The parts that are complete now. */
  push(text: string): readonly StreamPart[] {
    const window = this.#held + text;
    const parts: StreamPart[] = [];
    let from = 0;
    for (const { index } of window.matchAll(boundary)) {
      this.#add(window.slice(from, index + 1));
      parts.push(...this.#take());
      from = index + 1;
    }
    const until = Math.max(from, window.length - boundaryLength + 1);
    this.#add(window.slice(from, until));
    this.#held = window.slice(until);
    return parts;
  }

  /** The last part. */
  end(): readonly StreamPart[] {
    this.#add(this.#held);
    this.#held = '';
    return this.#take();
  }

  #add(text: string): void {
    this.#length += text.length;
    if (this.#length <= this.#lengthMax) this.#pieces.push(text);
    else this.#pieces = [this.#pieces.join('').slice(0, headLength)];
  }

  #take(): readonly StreamPart[] {
    const text = this.#pieces.join('').slice(this.#isFirst ? 1 : 0);
    this.#isFirst = false;
    const isOversized = this.#length > this.#lengthMax;
    this.#pieces = [];
    this.#length = 0;
    const name = /^(?:MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s])/.exec(text)?.[0] ?? '';
    if (name === '' && !isOversized && !/[^\s\v\x1c\u00ef\u00bb\u00bf]/.test(text)) return [];
    return [{ name, text: endOnce(text), ...(isOversized ? { isOversized } : {}) }];
  }
}
