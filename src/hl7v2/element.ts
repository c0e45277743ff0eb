import { decodeEscapes } from './escape.ts';
import type { Element, EncodingCharacters, Position, Segment, ValueState } from './message.ts';

/** What the places of one message share. */
export class ElementContext {
  readonly encoding: EncodingCharacters;
  /** iconv name for `\X..\`; asked only when such an escape is met. */
  readonly charset: () => string | undefined;
  /** As UTF-16 units; -1 where the character is absent. */
  readonly field: number;
  readonly component: number;
  readonly repetition: number;
  readonly subcomponent: number;
  readonly escape: number;
  #long: Map<string, string> | undefined;

  constructor(encoding: EncodingCharacters, charset: () => string | undefined) {
    this.encoding = encoding;
    this.charset = charset;
    this.field = unitOf(encoding.field);
    this.component = unitOf(encoding.component);
    this.repetition = unitOf(encoding.repetition);
    this.subcomponent = unitOf(encoding.subcomponent);
    this.escape = unitOf(encoding.escape);
  }

  /** A leaf with its escapes decoded. A long one is decoded once: what is made of a message may ask for it a hundred times. */
  decoded(leaf: string): string {
    if (leaf.length < longLeaf) return this.#decode(leaf);
    const known = this.#long?.get(leaf);
    if (known !== undefined) return known;
    const text = this.#decode(leaf);
    (this.#long ??= new Map()).set(leaf, text);
    return text;
  }

  #decode(leaf: string): string {
    const charset = this.charset();
    return decodeEscapes(leaf, this.encoding, charset === undefined ? {} : { charset });
  }
}

/** Characters from which on a leaf is long; some microseconds to decode. */
const longLeaf = 1_024;

function unitOf(character: string): number {
  return character === '' ? -1 : character.charCodeAt(0);
}

type Level = 'field' | 'repetition' | 'component' | 'subcomponent';

/** Where an element was taken from. */
interface Origin {
  readonly position: Position;
  readonly context: ElementContext;
  /** Absent: a segment. */
  readonly level?: Level;
}

/**
 * A segment split when first asked. A class, as is the element below: they are made by the hundred per
 * message, and a shared prototype is several times cheaper than closures.
 */
export class LazySegment implements Segment, Origin {
  readonly name: string;
  readonly index: number;
  readonly raw: string;
  readonly context: ElementContext;
  /** How much further back a field stands among the parts: MSH-1 is no part. */
  readonly #shift: 0 | 1;
  /** Where each part begins, and where one more would. Most are never read, so that nothing is cut out for them. */
  #starts: readonly number[] | undefined;
  /** By number: a field is asked for again and again. */
  #elements: Element[] | undefined;

  constructor(raw: string, index: number, context: ElementContext) {
    this.raw = raw;
    this.index = index;
    this.name = segmentName(raw, context.field);
    this.context = context;
    this.#shift = isHeader(this.name) ? 1 : 0;
  }

  get position(): Position {
    return { segment: this.name, segmentIndex: this.index };
  }

  get fieldCount(): number {
    return this.#partStarts().length - 2 + this.#shift;
  }

  field(number: number): Element {
    return ((this.#elements ??= [])[number] ??= this.#element(number));
  }

  text(number: number, component = 1): string {
    if (this.#shift === 1 && number < 3) return this.field(number).partText(component);
    const starts = this.#partStarts();
    const start = starts[number - this.#shift];
    const next = starts[number - this.#shift + 1];
    if (number < 1 || start === undefined || next === undefined) return '';
    const length = next - 1 - start;
    if (length === 0) return '';
    return component === 1 && length < shortText
      ? firstText(this.raw, start, length, this.context)
      : this.field(number).partText(component);
  }

  hasText(number: number): boolean {
    const starts = this.#partStarts();
    const next = starts[number - this.#shift + 1];
    return number > 0 && next !== undefined && next - 1 > (starts[number - this.#shift] ?? 0);
  }

  #element(number: number): Element {
    if (this.#shift === 0 || number > 2) {
      return new LazyElement(this.#raw(number - this.#shift), 'field', this, number);
    }
    // The two fields that define the separators are neither split nor decoded.
    const raw = number === 1 ? this.context.encoding.field : this.#raw(number - 1);
    return new LazyElement(raw, 'field', { position: this.position, context: literal }, number);
  }

  #raw(index: number): string {
    const starts = this.#partStarts();
    const next = starts[index + 1];
    return index < 1 || next === undefined ? '' : this.raw.slice(starts[index], next - 1);
  }

  #partStarts(): readonly number[] {
    return (this.#starts ??= partStarts(this.raw, this.context.encoding.field));
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
  #position: Position | undefined = undefined;
  #repetitions: readonly Element[] | undefined = undefined;
  /** What it is made of: components, of its first repetition; of a component, subcomponents. */
  #parts: readonly string[] | undefined = undefined;

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
    const { raw } = this;
    if (raw === '') return 'absent';
    if (raw === '""') return 'null';
    if (this.level === 'subcomponent') return 'value';
    const first = raw.charAt(0);
    // Nearly always there is something else than quotes and separators at once.
    if (first !== '"' && !isSeparator(first, this.context.encoding)) return 'value';
    return composedState(raw, this.context.encoding);
  }

  get text(): string {
    const { raw } = this;
    if (raw === '') return '';
    return leafText(this.level === 'subcomponent' ? raw : this.#firstLeaf(), this.context);
  }

  repetitions(): readonly Element[] {
    return (this.#repetitions ??= this.#splitRepetitions());
  }

  #splitRepetitions(): readonly Element[] {
    if (this.state === 'absent') return [];
    if (this.level !== 'field') return [this];
    const parts = split(this.raw, this.context.encoding.repetition);
    const all = parts.map((raw, index) => new LazyElement(raw, 'repetition', this, index));
    while (all.at(-1)?.state === 'absent') all.pop();
    return all;
  }

  component(number: number): Element {
    if (this.level === 'field' || this.level === 'repetition') {
      return new LazyElement(this.#part(number), 'component', this, number);
    }
    return number === 1 ? this : new LazyElement('', 'component', this, number);
  }

  subcomponent(number: number): Element {
    if (this.level === 'field' || this.level === 'repetition') {
      return this.component(1).subcomponent(number);
    }
    if (this.level === 'subcomponent') {
      return number === 1 ? this : new LazyElement('', 'subcomponent', this, number);
    }
    return new LazyElement(this.#part(number), 'subcomponent', this, number);
  }

  partText(number: number): string {
    if (this.level === 'subcomponent') return number === 1 ? this.text : '';
    const raw = this.#part(number);
    if (raw === '') return '';
    const leaf =
      this.level === 'component' ? raw : firstPart(raw, this.context.encoding.subcomponent);
    return leafText(leaf, this.context);
  }

  #part(number: number): string {
    return this.raw === '' ? '' : ((this.#parts ??= this.#splitParts())[number - 1] ?? '');
  }

  #splitParts(): readonly string[] {
    const { repetition, component, subcomponent } = this.context.encoding;
    if (this.level === 'component') return split(this.raw, subcomponent);
    return split(this.level === 'field' ? firstPart(this.raw, repetition) : this.raw, component);
  }

  #firstLeaf(): string {
    const { repetition, component, subcomponent } = this.context.encoding;
    let leaf = this.raw;
    if (this.level === 'field') leaf = firstPart(leaf, repetition);
    if (this.level !== 'component') leaf = firstPart(leaf, component);
    return firstPart(leaf, subcomponent);
  }
}

/** Decoded; `""` says nothing that could be read. */
function leafText(leaf: string, context: ElementContext): string {
  if (leaf === '""') return '';
  const { escape } = context.encoding;
  return escape === '' || !leaf.includes(escape) ? leaf : context.decoded(leaf);
}

function isSeparator(character: string, encoding: EncodingCharacters): boolean {
  const { repetition, component, subcomponent } = encoding;
  return character === component || character === subcomponent || character === repetition;
}

/** `^^` says nothing; `""^""` deletes, as `""` does; anything else has a value somewhere. */
function composedState(raw: string, encoding: EncodingCharacters): ValueState {
  let quotes = 0;
  for (const character of raw) {
    if (character === '"') quotes += 1;
    else if (!isSeparator(character, encoding)) return 'value';
  }
  if (quotes === 0) return 'absent';
  const leaves = [...raw].map((c) => (c === '"' ? c : ' ')).join('');
  return /^""(?: +"")* *$/.test(leaves) ? 'null' : 'value';
}

const literal = new ElementContext(
  {
    field: '',
    component: '',
    repetition: '',
    escape: '',
    subcomponent: '',
    truncation: '',
  },
  () => undefined,
);

/** Of a text that is longer the separators are looked for one by one, which reads it faster. */
const shortText = 64;

/** The text of the first leaf of the field that begins at `start`, in one pass over it. */
function firstText(
  segment: string,
  start: number,
  length: number,
  context: ElementContext,
): string {
  const { component, repetition, subcomponent, escape } = context;
  const end = start + length;
  let at = start;
  for (; at < end; at += 1) {
    const unit = segment.charCodeAt(at);
    if (unit === component || unit === repetition || unit === subcomponent) break;
    if (unit === escape) {
      return leafText(firstLeaf(segment.slice(start, end), context.encoding), context);
    }
  }
  const leaf = segment.slice(start, at);
  return leaf === '""' ? '' : leaf;
}

function partStarts(text: string, separator: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, at + 1)) {
    starts.push(at + 1);
  }
  starts.push(text.length + 1);
  return starts;
}

function firstLeaf(
  raw: string,
  { repetition, component, subcomponent }: EncodingCharacters,
): string {
  return firstPart(firstPart(firstPart(raw, repetition), component), subcomponent);
}

/** The name before the first separator; `???` for a line that is not a segment, whose text may say who. */
function segmentName(raw: string, separator: number): string {
  if (raw.length > 3 && raw.charCodeAt(3) !== separator) return '???';
  const isName =
    isCapital(raw.charCodeAt(0)) &&
    isCapitalOrDigit(raw.charCodeAt(1)) &&
    isCapitalOrDigit(raw.charCodeAt(2));
  return isName ? raw.slice(0, 3) : '???';
}

/** MSH, FHS and BHS count their separator as field 1. */
function isHeader(name: string): boolean {
  const last = name.charCodeAt(2);
  return last === capitalH
    ? name === 'MSH'
    : last === capitalS && (name === 'FHS' || name === 'BHS');
}

const capitalH = 0x48;
const capitalS = 0x53;

function isCapital(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isCapitalOrDigit(code: number): boolean {
  return isCapital(code) || (code >= 0x30 && code <= 0x39);
}

/** An absent separator separates nothing. The parts are few and short, for which cutting takes less than `split` does. */
function split(text: string, separator: string): readonly string[] {
  let end = separator === '' ? -1 : text.indexOf(separator);
  if (end < 0) return [text];
  const parts = [text.slice(0, end)];
  let start = end + separator.length;
  while ((end = text.indexOf(separator, start)) >= 0) {
    parts.push(text.slice(start, end));
    start = end + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

function firstPart(text: string, separator: string): string {
  const end = separator === '' ? -1 : text.indexOf(separator);
  return end < 0 ? text : text.slice(0, end);
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
