import { parsePath, type SourcePath } from './path-syntax.ts';

/** A parsed condition; `and` binds tighter than `or`. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  /** `=` and `in`; their negations stand in a `not`. */
  | { readonly kind: 'in'; readonly path: SourcePath; readonly values: readonly string[] }
  | { readonly kind: 'exists'; readonly path: SourcePath };

export type ConditionResult =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string };

const form = 'write `PATH = value`, `!=`, `in (a, b)`, `not in (a, b)`, `exists` or `not exists`';
const tokenForm = /\s*(?:'((?:[^']|'')*)'|(!=|=|\(|\)|,)|([^\s'(),=!]+))/y;

interface Token {
  readonly kind: 'quoted' | 'sign' | 'word' | 'end';
  readonly text: string;
}

const nestingMax = 20;

/** Reads a condition such as `OBX-11 not in (O, I) and PID-8 exists`. */
export function parseCondition(text: string): ConditionResult {
  const tokens = tokenize(text);
  if (typeof tokens === 'string') return { ok: false, message: tokens };
  try {
    return { ok: true, condition: new ConditionReader(tokens).read() };
  } catch (error) {
    if (error instanceof ConditionError) return { ok: false, message: error.message };
    throw error;
  }
}

class ConditionError extends Error {}

function tokenize(text: string): Token[] | string {
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.trimEnd().length) {
    tokenForm.lastIndex = index;
    const match = tokenForm.exec(text);
    if (!match) return `Cannot read the condition at \`${text.slice(index).trim()}\`; ${form}`;
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.replaceAll("''", "'") });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'word', text: word ?? '' });
    index = tokenForm.lastIndex;
  }
  return tokens;
}

class ConditionReader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Condition {
    const condition = this.#or();
    if (this.#peek().kind !== 'end') {
      throw new ConditionError(
        `\`${this.#peek().text}\` is left over in the condition; join parts with \`and\` or \`or\``,
      );
    }
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#takeWord('or')) parts.push(this.#and());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'or', parts };
  }

  #and(): Condition {
    const parts = [this.#unary()];
    while (this.#takeWord('and')) parts.push(this.#unary());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'and', parts };
  }

  #unary(): Condition {
    this.#depth += 1;
    if (this.#depth > nestingMax) throw new ConditionError('The condition is nested too deep');
    try {
      if (this.#takeWord('not')) return { kind: 'not', part: this.#unary() };
      if (!this.#takeSign('(')) return this.#comparison();
      const inner = this.#or();
      if (!this.#takeSign(')')) throw new ConditionError('A `)` is missing in the condition');
      return inner;
    } finally {
      this.#depth -= 1;
    }
  }

  #comparison(): Condition {
    const name = this.#take();
    const path = name.kind === 'word' ? parsePath(name.text) : undefined;
    if (!path) throw new ConditionError(`\`${name.text}\` is not a path; ${form}`);
    const negated = this.#takeWord('not');
    if (this.#takeWord('exists')) return negate({ kind: 'exists', path }, negated);
    if (this.#takeWord('in')) return negate({ kind: 'in', path, values: this.#list() }, negated);
    if (!negated && this.#takeSign('=')) return { kind: 'in', path, values: [this.#value()] };
    if (!negated && this.#takeSign('!=')) {
      return negate({ kind: 'in', path, values: [this.#value()] }, true);
    }
    throw new ConditionError(`No comparison after \`${path.text}\`; ${form}`);
  }

  #list(): string[] {
    if (!this.#takeSign('(')) throw new ConditionError('`in` needs a list: `in (a, b)`');
    const values = [this.#value()];
    while (this.#takeSign(',')) values.push(this.#value());
    if (!this.#takeSign(')')) throw new ConditionError('A `)` is missing in the condition');
    return values;
  }

  #value(): string {
    const token = this.#take();
    if (token.kind === 'word' || token.kind === 'quoted') return token.text;
    throw new ConditionError(`A value is missing in the condition; ${form}`);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: 'the end' };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #takeWord(word: string): boolean {
    return this.#takeToken('word', word);
  }

  #takeSign(sign: string): boolean {
    return this.#takeToken('sign', sign);
  }

  #takeToken(kind: Token['kind'], text: string): boolean {
    const token = this.#peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.#next += 1;
    return true;
  }
}

function negate(part: Condition, negated: boolean): Condition {
  return negated ? { kind: 'not', part } : part;
}
