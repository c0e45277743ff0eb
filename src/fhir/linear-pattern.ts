/**
 * Regular expressions of strangers, matched in time that grows with pattern times text: no backtracking. Taken are
 * literals, `.`, classes, `\d \w \s` and their opposites, escapes, groups, `|`, `* + ? {m,n}`; a match is of the whole
 * text, so that `^` and `$` say nothing more. Back references and looking around are refused.
 */
import { limits } from '../limits.ts';

/** A pattern ready to run; a run takes at most `states` steps for each character. */
export interface Pattern {
  readonly states: number;
  matches(text: string): boolean;
}

/** Undefined where the pattern is none of these, or needs more than limits.patternStatesMax states. */
export function compilePattern(pattern: string): Pattern | undefined {
  if (pattern.length > limits.patternCharsMax) return undefined;
  try {
    const reader = new PatternReader(pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, ''));
    const start = reader.read();
    return { states: reader.states, matches: (text) => run(start, text) };
  } catch (error) {
    if (error instanceof PatternRefused) return undefined;
    throw error;
  }
}

class PatternRefused extends Error {}

type Test = (char: string) => boolean;

/** `test` consumes a character; without it the state is passed through. The accepting state has no way on. */
interface State {
  test?: Test;
  next: State[];
  accepting: boolean;
}

/** A part of the machine: from `start`, to whatever follows `end`. */
interface Part {
  readonly start: State;
  readonly end: State;
}

function run(start: State, text: string): boolean {
  let current = closure([start]);
  for (const char of text) {
    const reached: State[] = [];
    for (const state of current) if (state.test?.(char)) reached.push(...state.next);
    current = closure(reached);
    if (current.size === 0) return false;
  }
  return [...current].some(({ accepting }) => accepting);
}

function closure(states: readonly State[]): ReadonlySet<State> {
  const found = new Set<State>();
  const open = [...states];
  for (let state = open.pop(); state; state = open.pop()) {
    if (found.has(state)) continue;
    found.add(state);
    if (!state.test) open.push(...state.next);
  }
  return found;
}

class PatternReader {
  readonly #source: string;
  #at = 0;
  states = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): State {
    const { start, end } = this.#alternatives();
    if (this.#at < this.#source.length) throw new PatternRefused();
    end.accepting = true;
    return start;
  }

  #state(test?: Test): State {
    if (++this.states > limits.patternStatesMax) throw new PatternRefused();
    return { next: [], accepting: false, ...(test ? { test } : {}) };
  }

  #alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    const [only] = parts;
    if (only && parts.length === 1) return only;
    const [start, end] = [this.#state(), this.#state()];
    for (const part of parts) {
      start.next.push(part.start);
      part.end.next.push(end);
    }
    return { start, end };
  }

  #sequence(): Part {
    const start = this.#state();
    let end = start;
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) {
      const part = this.#repeated();
      end.next.push(part.start);
      end = part.end;
    }
    return { start, end };
  }

  #repeated(): Part {
    const from = this.#at;
    const part = this.#atom();
    const to = this.#at;
    const [least, most] = this.#bounds();
    if (least === 1 && most === 1) return part;
    if (most !== Infinity && (most > 1_000 || most < least)) throw new PatternRefused();
    // Each time is a machine of its own, read again from the same text.
    const after = this.#at;
    const [start, end] = [this.#state(), this.#state()];
    let last = start;
    const copies = most === Infinity ? Math.max(least, 1) : most;
    for (let i = 0; i < copies; i++) {
      if (i >= least) last.next.push(end);
      this.#at = from;
      const copy = this.#atom();
      if (this.#at !== to) throw new PatternRefused();
      last.next.push(copy.start);
      last = copy.end;
      if (most === Infinity && i === copies - 1) last.next.push(copy.start);
    }
    this.#at = after;
    last.next.push(end);
    return { start, end };
  }

  #bounds(): readonly [least: number, most: number] {
    const found = /^(?:([*+?])|\{(\d{1,4})(,(\d{0,4}))?\})/.exec(
      this.#source.slice(this.#at, this.#at + 12),
    );
    if (!found) return [1, 1];
    this.#at += found[0].length;
    const [, mark, least = '', list, most = ''] = found;
    if (mark !== undefined) return mark === '?' ? [0, 1] : [mark === '+' ? 1 : 0, Infinity];
    if (list === undefined) return [Number(least), Number(least)];
    return [Number(least), most === '' ? Infinity : Number(most)];
  }

  #atom(): Part {
    const char = this.#take();
    if (char === '(') return this.#group();
    if (char === '[') return this.#single(this.#class());
    if (char === '\\') return this.#single(this.#escape());
    if ('*+?{^$)'.includes(char)) throw new PatternRefused();
    return this.#single(char === '.' ? () => true : (given) => given === char);
  }

  #single(test: Test): Part {
    const [start, end] = [this.#state(test), this.#state()];
    start.next.push(end);
    return { start, end };
  }

  #group(): Part {
    if (this.#source[this.#at] === '?') {
      if (!this.#source.startsWith('?:', this.#at)) throw new PatternRefused();
      this.#at += 2;
    }
    const part = this.#alternatives();
    if (this.#take() !== ')') throw new PatternRefused();
    return part;
  }

  #escape(): Test {
    const char = this.#take();
    const kind = kinds[char.toLowerCase()];
    if (kind) return char === char.toLowerCase() ? kind : (given) => !kind(given);
    if (/[A-Za-z0-9]/.test(char)) throw new PatternRefused();
    return (given) => given === char;
  }

  #class(): Test {
    const negated = this.#source[this.#at] === '^';
    if (negated) this.#at++;
    const tests: Test[] = [];
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      tests.push(this.#classMember());
    }
    this.#at++;
    return (given) => tests.some((test) => test(given)) !== negated;
  }

  #classMember(): Test {
    const low = this.#take();
    if (low === '\\') return this.#escape();
    const isRange = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']';
    if (!isRange) return (given) => given === low;
    this.#at++;
    const high = this.#take();
    if (high === '\\' || high < low) throw new PatternRefused();
    return (given) => low <= given && given <= high;
  }

  #take(): string {
    const char = this.#source[this.#at];
    if (char === undefined) throw new PatternRefused();
    this.#at++;
    return char;
  }
}

const kinds: Readonly<Record<string, Test>> = {
  d: (char) => /\d/.test(char),
  w: (char) => /\w/.test(char),
  s: (char) => /\s/.test(char),
};
