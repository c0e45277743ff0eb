/** A field of a segment (`PID-11.9`), a component of a data type (`CWE.3`), or a segment alone. */
export interface GuideReference {
  readonly name: string;
  /** Field, component, subcomponent; of a data type component, subcomponent. Empty: the segment. */
  readonly path: readonly number[];
}

/** A condition of the guide, read. */
export type GuideCondition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly GuideCondition[] }
  | { readonly kind: 'test'; readonly of: GuideReference; readonly test: GuideTest };

export type GuideTest =
  | { readonly kind: 'valued' | 'empty' }
  | { readonly kind: 'in' | 'not in'; readonly values: readonly string[] }
  | { readonly kind: 'count' | 'length'; readonly compare: Comparison; readonly number: number };

type Comparison = 'EQ' | 'GT' | 'GE' | 'LT' | 'LE';

/**
 * The guide's own words as one spelling. Its published grammar covers 70 of its 246 distinct conditions; the rest
 * write IF in the middle, `IS NOT EMPTY`, `EQUALS`, `=`, `LST.count`, single quotes and more. The result is for
 * {@link readCondition}; the original is what people are shown.
 */
export function normalizeCondition(text: string): string {
  const quoted: string[] = [];
  const bare = text
    .replace(/[\u2018\u2019\u201C\u201D']/g, '"')
    .replace(/"[^"]*"/g, (literal) => `"${String(quoted.push(literal) - 1)}"`)
    .replace(/\b(?:if|and|or|not|in|is|valued|count)\b/gi, (word) => word.toUpperCase());
  return spellings
    .reduce((before, [pattern, spelling]) => before.replace(pattern, spelling), bare)
    .replace(/"(\d+)"/g, (_, index: string) => quoted[Number(index)] ?? '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** In their order: a later one counts on the earlier. Literals are numbers in quotes here. */
const spellings: readonly (readonly [pattern: RegExp, spelling: string])[] = [
  [/\bIF\b/g, ' '],
  [/\b(PL)(\d)\.NOT\b/g, '$1.$2 NOT'],
  [/\b(?:IS|ARE|AREA) NOT\b/g, 'NOT'],
  [/\b(?:IS|ARE) (VALUED|IN|EMPTY)\b/g, '$1'],
  [/\bVALUE\b/g, 'VALUED'],
  [/\b(?:EMPTY|DOES NOT EXIST)\b/g, 'NOT VALUED'],
  [/\bLST\.COUNT\b/g, 'COUNT'],
  [/\bGREATER THAN OR EQUALS?\b/g, 'GE'],
  [/\bLESS THAN OR EQUALS?\b/g, 'LE'],
  [/\bGREATER THAN\b|>/g, ' GT '],
  [/\bLESS THAN\b/g, 'LT'],
  [/\bNOT EQUALS?(?: TO)?\b/g, 'NE'],
  [/\bEQUALS?(?: TO)?\b|=/g, ' EQ '],
  [/\bIS (?=")/g, 'EQ '],
  [/\bNOT (?=")/g, 'NE '],
];

type Token =
  | { readonly kind: 'reference'; readonly of: GuideReference }
  | { readonly kind: 'text' | 'word'; readonly text: string };

const tokenPattern =
  /"([^"]*)"|(https?:\S+)|([A-Z][A-Z0-9]{1,2})((?:[-.]\d+)+)|(\d+|[(),])|([A-Za-z][A-Za-z0-9]*)|(\S)/g;

const words: ReadonlySet<string> = new Set([
  'AND', 'OR', 'NOT', 'VALUED', 'IN', 'EQ', 'NE', 'GT', 'GE', 'LT', 'LE', 'COUNT', 'LENGTH', 'ERROR',
]);

function tokensOf(text: string): readonly Token[] | undefined {
  const tokens = [...text.matchAll(tokenPattern)].map(tokenOf);
  return tokens.every((token) => token !== undefined) ? tokens : undefined;
}

function tokenOf([, quoted, url, name, path, plain, word, other]: RegExpExecArray): Token | undefined {
  const literal = quoted ?? url;
  if (literal !== undefined) return { kind: 'text', text: literal };
  if (name !== undefined) {
    const numbers = (path ?? '').split(/[-.]/).slice(1).map(Number);
    return { kind: 'reference', of: { name, path: numbers } };
  }
  if (other !== undefined) return undefined;
  return word === undefined ? { kind: 'word', text: plain ?? '' } : wordToken(word);
}

/** A word of the language, else a segment. */
function wordToken(word: string): Token | undefined {
  if (words.has(word.toUpperCase())) return { kind: 'word', text: word.toUpperCase() };
  const isSegment = /^[A-Z][A-Z0-9]{2}$/.test(word);
  return isSegment ? { kind: 'reference', of: { name: word, path: [] } } : undefined;
}

/**
 * Reads a condition of the guide; undefined where it cannot be read. `subject` is what the row maps: a condition may
 * leave it out (`IF NOT VALUED`). A reference without a test of its own (`PID-33 AND PID-34 VALUED`) takes the next
 * one's. AND binds tighter than OR: the guide does not say, and mixes them.
 */
export function readCondition(
  text: string,
  subject?: GuideReference,
): { readonly condition: GuideCondition; readonly isError: boolean } | undefined {
  const tokens = tokensOf(normalizeCondition(text));
  if (!tokens || tokens.length === 0) return undefined;
  const last = tokens.at(-1);
  const isError = last?.kind === 'word' && last.text === 'ERROR';
  const reader = new ConditionReader(isError ? tokens.slice(0, -1) : tokens, subject);
  const condition = reader.read();
  return condition && { condition, isError };
}

class ConditionReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #last: GuideReference | undefined;
  #failed = false;

  constructor(tokens: readonly Token[], subject: GuideReference | undefined) {
    this.#tokens = tokens;
    this.#last = subject;
  }

  read(): GuideCondition | undefined {
    const found = this.#either();
    return this.#failed || this.#at < this.#tokens.length ? undefined : found;
  }

  #either(): GuideCondition {
    return this.#joined('or', 'OR', () => this.#all());
  }

  #all(): GuideCondition {
    return this.#joined('and', 'AND', () => this.#one());
  }

  #joined(kind: 'and' | 'or', word: string, part: () => GuideCondition): GuideCondition {
    const parts = [part()];
    while (this.#take(word)) parts.push(part());
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind, parts };
  }

  #one(): GuideCondition {
    if (this.#take('(')) {
      const inner = this.#either();
      if (!this.#take(')')) this.#failed = true;
      return inner;
    }
    const token = this.#tokens[this.#at];
    const of = token?.kind === 'reference' ? token.of : this.#last;
    if (token?.kind === 'reference') this.#at += 1;
    const test = of && (this.#test() ?? this.#nextTest());
    if (!of || !test) {
      this.#failed = true;
      return { kind: 'and', parts: [] };
    }
    this.#last = of;
    return { kind: 'test', of, test };
  }

  /** The test of the reference that follows, for one that has none. */
  #nextTest(): GuideTest | undefined {
    const begun = this.#at;
    let test: GuideTest | undefined;
    while (!test && (this.#take('AND') || this.#take('OR'))) {
      if (this.#tokens[this.#at]?.kind !== 'reference') break;
      this.#at += 1;
      test = this.#test();
    }
    this.#at = begun;
    return test;
  }

  #test(): GuideTest | undefined {
    if (this.#take('VALUED')) return { kind: 'valued' };
    if (this.#take('EQ')) return { kind: 'in', values: this.#values() };
    if (this.#take('NE')) return { kind: 'not in', values: this.#values() };
    if (this.#take('IN')) return { kind: 'in', values: this.#values() };
    if (this.#take('COUNT')) return this.#compared('count');
    if (this.#take('LENGTH')) return this.#compared('length');
    if (!this.#take('NOT')) return undefined;
    if (this.#take('VALUED')) return { kind: 'empty' };
    if (this.#take('IN')) return { kind: 'not in', values: this.#values() };
    this.#failed = true;
    return undefined;
  }

  #compared(kind: 'count' | 'length'): GuideTest | undefined {
    const compare = (['EQ', 'GT', 'GE', 'LT', 'LE'] as const).find((word) => this.#take(word));
    const token = this.#tokens[this.#at];
    if (!compare || token?.kind !== 'word' || !/^\d+$/.test(token.text)) return undefined;
    this.#at += 1;
    return { kind, compare, number: Number(token.text) };
  }

  #values(): readonly string[] {
    const values: string[] = [];
    const list = this.#take('(');
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token?.kind !== 'text') break;
      values.push(token.text);
      this.#at += 1;
      if (!list || !this.#take(',')) break;
    }
    if (values.length === 0 || (list && !this.#take(')'))) this.#failed = true;
    return values;
  }

  #take(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text !== word) return false;
    this.#at += 1;
    return true;
  }
}
