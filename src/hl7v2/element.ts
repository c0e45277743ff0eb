import { decodeEscapes } from './escape.ts';
import type { Element, EncodingCharacters, Position, Segment, ValueState } from './message.ts';

/** What the places of one message share. */
export interface ElementContext {
  readonly encoding: EncodingCharacters;
  /** iconv name for `\X..\`; asked only when such an escape is met. */
  readonly charset: () => string | undefined;
}

type Level = 'field' | 'repetition' | 'component' | 'subcomponent';

/** MSH, FHS and BHS count their separator as field 1. */
const headerNames: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);

/**
 * A segment split when first asked. A class, as is the element below: they are made by the hundred per
 * message, and a shared prototype is several times cheaper than closures.
 */
export class LazySegment implements Segment {
  readonly name: string;
  readonly index: number;
  readonly raw: string;
  readonly #context: ElementContext;
  #fields: readonly string[] | undefined;

  constructor(raw: string, index: number, context: ElementContext) {
    this.raw = raw;
    this.index = index;
    this.name = segmentName(raw, context.encoding.field);
    this.#context = context;
  }

  get fieldCount(): number {
    const count = this.#split().length - 1;
    return headerNames.has(this.name) ? count + 1 : count;
  }

  field(number: number): Element {
    const position = { segment: this.name, segmentIndex: this.index, field: number };
    if (!headerNames.has(this.name)) {
      return new LazyElement(this.#raw(number), 'field', position, this.#context);
    }
    if (number > 2) return new LazyElement(this.#raw(number - 1), 'field', position, this.#context);
    // The two fields that define the separators are neither split nor decoded.
    const raw = number === 1 ? this.#context.encoding.field : this.#raw(number - 1);
    return new LazyElement(raw, 'subcomponent', position, literal);
  }

  #raw(index: number): string {
    return index < 1 ? '' : (this.#split()[index] ?? '');
  }

  #split(): readonly string[] {
    return (this.#fields ??= this.raw.split(this.#context.encoding.field));
  }
}

/** What is not there, at the place where it would be. */
export function absentElement(position: Position): Element {
  return new LazyElement('', 'subcomponent', position, literal);
}

/** A field, repetition, component or subcomponent, split when touched. */
class LazyElement implements Element {
  readonly raw: string;
  readonly position: Position;
  readonly #level: Level;
  readonly #context: ElementContext;

  constructor(raw: string, level: Level, position: Position, context: ElementContext) {
    this.raw = raw;
    this.position = position;
    this.#level = level;
    this.#context = context;
  }

  get state(): ValueState {
    if (this.raw === '') return 'absent';
    if (this.raw === '""') return 'null';
    return this.#level === 'subcomponent' ? 'value' : this.#composedState();
  }

  get text(): string {
    const leaf = this.#firstLeaf();
    if (leaf === '' || leaf === '""') return '';
    const { encoding, charset } = this.#context;
    if (encoding.escape === '' || !leaf.includes(encoding.escape)) return leaf;
    const known = charset();
    return decodeEscapes(leaf, encoding, known === undefined ? {} : { charset: known });
  }

  repetitions(): readonly Element[] {
    if (this.state === 'absent') return [];
    if (this.#level !== 'field') return [this];
    const parts = split(this.raw, this.#context.encoding.repetition);
    const all = parts.map((_, index) => this.#repetition(parts, index));
    while (all.at(-1)?.state === 'absent') all.pop();
    return all;
  }

  component(number: number): Element {
    const { component, repetition } = this.#context.encoding;
    if (this.#level === 'field') {
      return this.#repetition(split(this.raw, repetition), 0).component(number);
    }
    if (this.#level !== 'repetition')
      return number === 1 ? this : this.#absent({ component: number });
    const raw = split(this.raw, component)[number - 1] ?? '';
    return this.#inner(raw, 'component', { component: number });
  }

  subcomponent(number: number): Element {
    if (this.#level === 'field' || this.#level === 'repetition') {
      return this.component(1).subcomponent(number);
    }
    if (this.#level === 'subcomponent') {
      return number === 1 ? this : this.#absent({ subcomponent: number });
    }
    const raw = split(this.raw, this.#context.encoding.subcomponent)[number - 1] ?? '';
    return this.#inner(raw, 'subcomponent', { subcomponent: number });
  }

  #repetition(parts: readonly string[], index: number): Element {
    return this.#inner(parts[index] ?? '', 'repetition', { repetition: index });
  }

  #absent(where: Partial<Position>): Element {
    return this.#inner('', 'subcomponent', where);
  }

  #inner(raw: string, level: Level, where: Partial<Position>): Element {
    return new LazyElement(raw, level, { ...this.position, ...where }, this.#context);
  }

  #firstLeaf(): string {
    const { repetition, component, subcomponent } = this.#context.encoding;
    let leaf = this.raw;
    if (this.#level === 'field') leaf = first(leaf, repetition);
    if (this.#level === 'field' || this.#level === 'repetition') leaf = first(leaf, component);
    return this.#level === 'subcomponent' ? leaf : first(leaf, subcomponent);
  }

  /** `^^` says nothing; `""^""` deletes, as `""` does; anything else has a value somewhere. */
  #composedState(): ValueState {
    const { repetition, component, subcomponent } = this.#context.encoding;
    let quotes = 0;
    for (const character of this.raw) {
      if (character === '"') quotes += 1;
      else if (character !== component && character !== subcomponent && character !== repetition) {
        return 'value';
      }
    }
    if (quotes === 0) return 'absent';
    const leaves = [...this.raw].map((c) => (c === '"' ? c : ' ')).join('');
    return /^""(?: +"")* *$/.test(leaves) ? 'null' : 'value';
  }
}

const literal: ElementContext = {
  encoding: {
    field: '',
    component: '',
    repetition: '',
    escape: '',
    subcomponent: '',
    truncation: '',
  },
  charset: () => undefined,
};

/** The name before the first separator; `???` for a line that is not a segment, whose text may say who. */
function segmentName(raw: string, separator: string): string {
  const name = raw.length > 3 && raw[3] !== separator ? '' : raw.slice(0, 3);
  return /^[A-Z][A-Z0-9]{2}$/.test(name) ? name : '???';
}

/** An absent separator separates nothing. */
function split(text: string, separator: string): readonly string[] {
  return separator === '' ? [text] : text.split(separator);
}

function first(text: string, separator: string): string {
  const end = separator === '' ? -1 : text.indexOf(separator);
  return end < 0 ? text : text.slice(0, end);
}
