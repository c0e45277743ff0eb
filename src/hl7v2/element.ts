import { decodeEscapes } from './escape.ts';
import type { Element, EncodingCharacters, Position, Segment, ValueState } from './message.ts';

/** What the places of one message share. */
export interface ElementContext {
  readonly encoding: EncodingCharacters;
  /** iconv name for `\X..\`; asked only when such an escape is met. */
  readonly charset: () => string | undefined;
}

type Level = 'field' | 'repetition' | 'component' | 'subcomponent';

/** Where an element was taken from. */
interface Origin {
  readonly position: Position;
  readonly context: ElementContext;
  /** Absent: a segment. */
  readonly level?: Level;
}

/** MSH, FHS and BHS count their separator as field 1. */
const headerNames: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);

/**
 * A segment split when first asked. A class, as is the element below: they are made by the hundred per
 * message, and a shared prototype is several times cheaper than closures.
 */
export class LazySegment implements Segment, Origin {
  readonly name: string;
  readonly index: number;
  readonly raw: string;
  readonly context: ElementContext;
  #fields: readonly string[] | undefined;
  /** By number: a field is asked for again and again. */
  readonly #elements: Element[] = [];

  constructor(raw: string, index: number, context: ElementContext) {
    this.raw = raw;
    this.index = index;
    this.name = segmentName(raw, context.encoding.field);
    this.context = context;
  }

  get position(): Position {
    return { segment: this.name, segmentIndex: this.index };
  }

  get fieldCount(): number {
    const count = this.#split().length - 1;
    return headerNames.has(this.name) ? count + 1 : count;
  }

  field(number: number): Element {
    return (this.#elements[number] ??= this.#element(number));
  }

  hasText(number: number): boolean {
    const text = this.#split()[headerNames.has(this.name) ? number - 1 : number];
    return number > 0 && text !== undefined && text !== '';
  }

  #element(number: number): Element {
    if (!headerNames.has(this.name)) {
      return new LazyElement(this.#raw(number), 'field', this, number);
    }
    if (number > 2) return new LazyElement(this.#raw(number - 1), 'field', this, number);
    // The two fields that define the separators are neither split nor decoded.
    const raw = number === 1 ? this.context.encoding.field : this.#raw(number - 1);
    return new LazyElement(raw, 'field', { position: this.position, context: literal }, number);
  }

  #raw(index: number): string {
    return index < 1 ? '' : (this.#split()[index] ?? '');
  }

  #split(): readonly string[] {
    return (this.#fields ??= this.raw.split(this.context.encoding.field));
  }
}

/** A repetition that a field does not have, at the place where it would be. */
export function absentRepetition(field: Element, repetition: number): Element {
  const origin = { position: field.position, context: literal };
  return new LazyElement('', 'repetition', origin, repetition);
}

/** A field, repetition, component or subcomponent, split when touched. */
class LazyElement implements Element, Origin {
  readonly raw: string;
  readonly context: ElementContext;
  readonly level: Level;
  readonly #origin: Origin;
  readonly #number: number;
  #position: Position | undefined;
  #repetitions: readonly Element[] | undefined;

  constructor(raw: string, level: Level, origin: Origin, number: number) {
    this.raw = raw;
    this.context = origin.context;
    this.level = level;
    this.#origin = origin;
    this.#number = number;
  }

  get position(): Position {
    return (this.#position ??= this.#place());
  }

  /** A component of a field is one of its first repetition, for which nothing is made. */
  #place(): Position {
    const { position, level } = this.#origin;
    const isOfField = level === 'field' && this.level === 'component';
    const outer = isOfField ? inner(position, 'repetition', 0) : position;
    return inner(outer, this.level, this.#number);
  }

  get state(): ValueState {
    if (this.raw === '') return 'absent';
    if (this.raw === '""') return 'null';
    return this.level === 'subcomponent' ? 'value' : this.#composedState();
  }

  get text(): string {
    if (this.raw === '') return '';
    const leaf = this.#firstLeaf();
    if (leaf === '' || leaf === '""') return '';
    const { encoding, charset } = this.context;
    if (encoding.escape === '' || !leaf.includes(encoding.escape)) return leaf;
    const known = charset();
    return decodeEscapes(leaf, encoding, known === undefined ? {} : { charset: known });
  }

  repetitions(): readonly Element[] {
    return (this.#repetitions ??= this.#splitRepetitions());
  }

  #splitRepetitions(): readonly Element[] {
    if (this.state === 'absent') return [];
    if (this.level !== 'field') return [this];
    const { repetition } = this.context.encoding;
    const parts = repetition === '' ? [this.raw] : this.raw.split(repetition);
    const all = parts.map((raw, index) => new LazyElement(raw, 'repetition', this, index));
    while (all.at(-1)?.state === 'absent') all.pop();
    return all;
  }

  component(number: number): Element {
    const { component, repetition } = this.context.encoding;
    if (this.level === 'field') {
      const raw = part(part(this.raw, repetition, 1), component, number);
      return new LazyElement(raw, 'component', this, number);
    }
    if (this.level !== 'repetition') {
      return number === 1 ? this : new LazyElement('', 'component', this, number);
    }
    return new LazyElement(part(this.raw, component, number), 'component', this, number);
  }

  subcomponent(number: number): Element {
    if (this.level === 'field' || this.level === 'repetition') {
      return this.component(1).subcomponent(number);
    }
    if (this.level === 'subcomponent') {
      return number === 1 ? this : new LazyElement('', 'subcomponent', this, number);
    }
    const raw = part(this.raw, this.context.encoding.subcomponent, number);
    return new LazyElement(raw, 'subcomponent', this, number);
  }

  #firstLeaf(): string {
    const { repetition, component, subcomponent } = this.context.encoding;
    let leaf = this.raw;
    if (this.level === 'field') leaf = part(leaf, repetition, 1);
    if (this.level === 'field' || this.level === 'repetition') leaf = part(leaf, component, 1);
    return this.level === 'subcomponent' ? leaf : part(leaf, subcomponent, 1);
  }

  /** `^^` says nothing; `""^""` deletes, as `""` does; anything else has a value somewhere. */
  #composedState(): ValueState {
    const { repetition, component, subcomponent } = this.context.encoding;
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

/** The part of that number, from 1; `''` where there is none. An absent separator separates nothing. */
function part(text: string, separator: string, number: number): string {
  if (text === '') return '';
  if (separator === '') return number === 1 ? text : '';
  let start = 0;
  for (let skip = number; skip > 1; skip -= 1) {
    const end = text.indexOf(separator, start);
    if (end < 0) return '';
    start = end + 1;
  }
  const end = text.indexOf(separator, start);
  if (end < 0 && start === 0 && number === 1) return text;
  return number < 1 ? '' : text.slice(start, end < 0 ? text.length : end);
}

/** The position of a part. Asked for every value that is mapped, so the usual ones are written out. */
function inner(outer: Position, level: Level, number: number): Position {
  const { segment, segmentIndex, field, repetition } = outer;
  if (level === 'field') return { segment, segmentIndex, field: number };
  if (field !== undefined && level === 'repetition') {
    return { segment, segmentIndex, field, repetition: number };
  }
  if (field !== undefined && repetition !== undefined && level === 'component') {
    return { segment, segmentIndex, field, repetition, component: number };
  }
  return { ...outer, [level]: number };
}
