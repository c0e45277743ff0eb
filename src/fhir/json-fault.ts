/** Finds where a JSON text is at fault; the slow reader, for texts that already failed or look suspicious. */
import { limits } from '../limits.ts';

export interface JsonFault {
  readonly kind: 'syntax' | 'duplicate-key' | 'prototype-key' | 'lone-surrogate' | 'depth';
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/**
 * The first fault of a JSON text in reading order; undefined where it has none. Stricter than the grammar of
 * RFC 8259 only in what {@link JsonFault} names.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    const reader = new JsonReader(text);
    reader.document();
    return undefined;
  } catch (fault) {
    if (!(fault instanceof FaultAt)) throw fault;
    const before = text.slice(0, fault.offset);
    const line = before.split('\n').length;
    return { kind: fault.kind, line, column: fault.offset - before.lastIndexOf('\n') };
  }
}

class FaultAt extends Error {
  readonly kind: JsonFault['kind'];
  readonly offset: number;

  constructor(kind: JsonFault['kind'], offset: number) {
    super(kind);
    this.kind = kind;
    this.offset = offset;
  }
}

const backslash = 0x5c;

const whiteSpace = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /true|false|null/y;
/** Recursive descent over the grammar; `at` is where it stands. */
class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#value();
    if (this.#at < this.#text.length) throw new FaultAt('syntax', this.#at);
  }

  #value(): void {
    this.#take(whiteSpace);
    const next = this.#text[this.#at];
    if (next === '{') this.#nested('}', () => this.#object());
    else if (next === '[') this.#nested(']', () => this.#array());
    else if (next === '"') this.#string();
    else if (this.#take(number) === '' && this.#take(literal) === '') {
      throw new FaultAt('syntax', this.#at);
    }
    this.#take(whiteSpace);
  }

  #nested(close: string, content: () => void): void {
    this.#depth++;
    if (this.#depth > limits.jsonDepthMax) throw new FaultAt('depth', this.#at);
    this.#at++;
    this.#take(whiteSpace);
    if (this.#text[this.#at] !== close) content();
    this.#expect(close);
    this.#depth--;
  }

  #object(): void {
    const keys = new Set<string>();
    do {
      this.#take(whiteSpace);
      const start = this.#at;
      const key = this.#string();
      if (keys.has(key)) throw new FaultAt('duplicate-key', start);
      if (key === '__proto__') throw new FaultAt('prototype-key', start);
      keys.add(key);
      this.#take(whiteSpace);
      this.#expect(':');
      this.#value();
    } while (this.#comma());
  }

  #array(): void {
    do this.#value();
    while (this.#comma());
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') throw new FaultAt('syntax', start);
    const end = endOfString(this.#text, start);
    if (end === this.#text.length) throw new FaultAt('syntax', end);
    this.#at = end + 1;
    const value = stringValue(this.#text.slice(start, this.#at));
    if (value === undefined) throw new FaultAt('syntax', start);
    if (!value.isWellFormed()) throw new FaultAt('lone-surrogate', start);
    return value;
  }

  #comma(): boolean {
    if (this.#text[this.#at] !== ',') return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (this.#text[this.#at] !== text) throw new FaultAt('syntax', this.#at);
    this.#at++;
  }

  /** What a sticky pattern matches here; the empty text where it does not. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [text = ''] = pattern.exec(this.#text) ?? [];
    this.#at += text.length;
    return text;
  }
}

/** The index of the quote that closes the string opened at `start`, or the length of the text. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && text.charCodeAt(end - 1) === backslash) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before--;
    if ((end - before) % 2 === 1) break;
    end = text.indexOf('"', end + 1);
  }
  return end === -1 ? text.length : end;
}

/** The text of a string literal; undefined where it has a control character or a wrong escape. */
function stringValue(literalText: string): string | undefined {
  try {
    return JSON.parse(literalText) as string;
  } catch {
    return undefined;
  }
}
