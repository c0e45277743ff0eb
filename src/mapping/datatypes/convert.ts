import type { Json } from '../../fhir/resource.ts';
import type { AssigningAuthority } from '../context.ts';
import type { Element } from '../../hl7v2/message.ts';

/** A value and its FHIR type, which a `value[x]` needs for its name. */
export interface Typed {
  readonly type: string;
  readonly value: Json;
}

/** What a table says about a code. */
export type Translation =
  | {
      readonly kind: 'row';
      readonly code: string | boolean | number;
      readonly display?: string;
      readonly system?: string;
    }
  /** No row, and the original code is to be kept. */
  | { readonly kind: 'keep' }
  /** The element is not made. */
  | { readonly kind: 'drop' };

/** What a converter may ask of the message and the feed. */
export interface MessageFacts {
  /** Offset of MSH-7 such as `+01:00`, if it has one. */
  readonly offset: string | undefined;
  /** Offset of the feed's zone at a local time such as `2026-03-29T02:30:00`; absent: the feed says none. */
  readonly zoneOffset: ((localTime: string) => string) | undefined;
  /** URI of an assigning authority; of the sender, where the HD is empty. */
  readonly authority: (hd: AssigningAuthority) => string;
  /** Under what local code systems are named, such as the sending facility. */
  readonly localAuthority: string;
  /** URI of a coding-system name by the pack's own table. */
  readonly packCodeSystem: ((name: string) => string | undefined) | undefined;
}

/** What a converter may ask: of the message, and of the slot that it serves. */
export interface Conversion {
  readonly message: MessageFacts;
  /** The slot's table. */
  readonly translate: ((element: Element, codes: readonly SystemCode[]) => Translation) | undefined;
  /** The slot's `system`. */
  readonly system: string | undefined;
  /** The slot's `unit`. */
  readonly unit: Element | undefined;
  /** Whether the element may have this FHIR type. */
  readonly allows: (type: string) => boolean;
  /** A remark on the value: severity `warning` or `information`; the sentence holds no patient data. */
  remark(severity: 'warning' | 'information', sentence: string): void;
}

export interface SystemCode {
  readonly code: string;
  readonly system?: string;
  /** What the sender calls it. */
  readonly display?: string;
}

/** One v2 data type to one FHIR type (or to one of several, by the value). Undefined: no element. */
export type Convert = (element: Element, conversion: Conversion) => Typed | undefined;

/** A component of a field, or a subcomponent where the value is itself a component. */
export function part(element: Element, number: number): Element {
  return element.level === 'field' || element.level === 'repetition'
    ? element.component(number)
    : element.subcomponent(number);
}

/** Decoded text of a part without blanks around it; `''` where it is absent or `""`. */
export function partText(element: Element, number: number): string {
  return element.partText(number).trim();
}

/** The texts of parts that are not empty, as {@link partText} reads them. */
export function partTexts(element: Element, numbers: readonly number[]): string[] {
  const texts: string[] = [];
  for (const number of numbers) {
    const text = partText(element, number);
    if (text !== '') texts.push(text);
  }
  return texts;
}

/** As {@link partText}, with one blank for each run of them: FHIR's code allows no more. */
export function partCode(element: Element, number: number): string {
  const text = partText(element, number);
  return mayHoldBlank(text) ? text.replace(/\s+/g, ' ') : text;
}

/** Hardly any code does, and the look costs less than the pattern: blanks are below `!` or beyond ASCII. */
function mayHoldBlank(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit <= 0x20 || unit > 0x7e) return true;
  }
  return false;
}

/** A text where FHIR wants a uri, which holds no white space. */
export function uriText(text: string): string {
  return text.trim().replace(/\s/g, encodeURIComponent);
}

/** The texts that are not empty, or undefined where there is none. */
export function nonEmpty(texts: readonly string[]): string[] | undefined {
  const kept = texts.filter((text) => text !== '');
  return kept.length === 0 ? undefined : kept;
}

/** The object without its undefined and blank values, or undefined where nothing is left. */
export function compact(values: Readonly<Record<string, Json | undefined>>): Json | undefined {
  const kept: Record<string, Json> = {};
  let any = false;
  for (const key in values) {
    const value = values[key];
    if (value === undefined || isBlank(value)) continue;
    kept[key] = value;
    any = true;
  }
  return any ? kept : undefined;
}

export function typed(type: string, value: Json | undefined): Typed | undefined {
  return value === undefined || isBlank(value) ? undefined : { type, value };
}

/** FHIR has no empty texts, nor such that are only blanks. */
function isBlank(value: Json | undefined): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** An extension with a text value, or none where there is no text. */
export function textExtension(url: string, name: string, text: string): Json[] {
  return text === '' ? [] : [{ url, [name]: text }];
}
