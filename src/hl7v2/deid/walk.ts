import { knownSegment } from '../dictionary.ts';
import { decodeEscapes, encodeEscapes } from '../escape.ts';
import { coded, fieldType, headers } from '../mask.ts';
import type { EncodingCharacters, Message, Segment } from '../message.ts';
import {
  componentTreatment,
  fieldTreatment,
  isComposed,
  primitiveTreatment,
  type Treatment,
} from './treatment.ts';

/** One leaf of a message and what is to become of it. */
export interface Leaf {
  readonly text: string;
  readonly treatment: Treatment;
  /** `PID-5.1`. */
  readonly position: string;
  readonly segment: Segment;
}

/** What the segments of a message share. */
type WalkedMessage = Pick<Message, 'encoding' | 'version'>;

/** The new text of a leaf; undefined: it stays as it was written. */
export type Replace = (leaf: Leaf) => string | undefined;

/** Goes through every leaf of a segment; the separators, `""` and what is empty stay where they are. */
export function walkSegment(segment: Segment, message: WalkedMessage, replace: Replace): string {
  return new Walk(segment, message, replace).segment();
}

class Walk {
  readonly #segment: Segment;
  readonly #encoding: EncodingCharacters;
  readonly #version: string;
  readonly #replace: Replace;

  constructor(segment: Segment, message: WalkedMessage, replace: Replace) {
    this.#segment = segment;
    this.#encoding = message.encoding;
    this.#version = message.version;
    this.#replace = replace;
  }

  segment(): string {
    const { name, raw, fieldCount } = this.#segment;
    if (name === '???') return this.#leaves(raw, 'text', '???');
    const isHeader = name === 'MSH' || name === 'FHS' || name === 'BHS';
    const numbers = Array.from({ length: fieldCount }, (_, index) => index + 1);
    const fields = numbers.slice(isHeader ? 1 : 0).map((number) => {
      return isHeader && number === 2 ? this.#segment.field(2).raw : this.#field(number);
    });
    return [name, ...fields].join(this.#encoding.field);
  }

  #field(number: number): string {
    const { name } = this.#segment;
    const { raw } = this.#segment.field(number);
    if (raw === '') return raw;
    const position = `${name}-${String(number)}`;
    if (!knownSegment(name) && !headers.has(name)) return this.#leaves(raw, 'string', position);
    const whole = fieldTreatment(name, number);
    if (whole !== undefined) return this.#leaves(raw, whole, position);
    const type = this.#typeOf(number);
    return split(raw, this.#encoding.repetition)
      .map((each) => this.#value(each, type, { position, depth: 0 }))
      .join(this.#encoding.repetition);
  }

  /** What old versions leave open (CM) newer ones say. */
  #typeOf(number: number): string {
    const { name } = this.#segment;
    const type = fieldType(this.#segment, number, this.#version);
    if (name === 'OBX' && number === 5) return type === 'ST' ? 'result' : type;
    return type === 'CM' || type === '' ? fieldType(this.#segment, number, '9') : type;
  }

  #value(
    raw: string,
    type: string,
    at: { readonly position: string; readonly depth: number },
  ): string {
    if (type === 'result') return this.#leaves(raw, 'result', at.position);
    if (!isComposed(type)) return this.#leaves(raw, primitiveTreatment(type), at.position);
    const separator = [this.#encoding.component, this.#encoding.subcomponent][at.depth] ?? '';
    const parts = split(raw, separator);
    return parts
      .map((part, index) => this.#component(part, type, { ...at, index, parts }))
      .join(separator);
  }

  #component(
    raw: string,
    type: string,
    at: {
      readonly position: string;
      readonly depth: number;
      readonly index: number;
      readonly parts: readonly string[];
    },
  ): string {
    if (raw === '') return raw;
    const { depth, index, parts } = at;
    const position = depth === 0 ? `${at.position}.${String(index + 1)}` : at.position;
    const found = componentTreatment(type, index + 1, this.#version);
    if (found.treatment === undefined) {
      return this.#value(raw, found.type, { position, depth: depth + 1 });
    }
    if (found.treatment === 'document') return this.#document(raw, parts[3] ?? '', position);
    // Words without a code beside them are free text.
    const isBare =
      found.treatment === 'display' && coded.has(type) && (parts[index - 1] ?? '') === '';
    return this.#leaves(raw, isBare ? 'text' : found.treatment, position);
  }

  #document(raw: string, encoding: string, position: string): string {
    const text = this.#replace({
      text: raw,
      treatment: 'document',
      position,
      segment: this.#segment,
    });
    if (text === undefined) return raw;
    if (encoding.toLowerCase() === 'base64') return Buffer.from(text).toString('base64');
    return encoding.toLowerCase() === 'hex' ? Buffer.from(text).toString('hex') : text;
  }

  /** Every leaf between separators, whichever they are. */
  #leaves(raw: string, treatment: Treatment, position: string): string {
    const { field, component, repetition, subcomponent } = this.#encoding;
    const separators = new Set([field, component, repetition, subcomponent]);
    const leaves: string[] = [''];
    for (const character of raw) {
      if (separators.has(character)) leaves.push(character, '');
      else leaves.push((leaves.pop() ?? '') + character);
    }
    return leaves
      .map((leaf) => (separators.has(leaf) ? leaf : this.#leaf(leaf, treatment, position)))
      .join('');
  }

  #leaf(raw: string, treatment: Treatment, position: string): string {
    if (raw.trim() === '' || raw === '""') return raw;
    const text = decodeEscapes(raw, this.#encoding);
    const said = this.#replace({ text, treatment, position, segment: this.#segment });
    return said === undefined || said === text ? raw : encodeEscapes(said, this.#encoding);
  }
}

function split(text: string, separator: string): readonly string[] {
  return separator === '' ? [text] : text.split(separator);
}
