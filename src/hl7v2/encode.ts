import { formatEncoding } from './encoding.ts';
import { encodeEscapes } from './escape.ts';
import type { EncodingCharacters, Message } from './message.ts';

/**
 * Text of a field: one leaf, or its components, or its repetitions; `raw` is a field of a message with
 * the same encoding characters, taken over as it is. `'""'` is HL7's null.
 */
export type FieldValue =
  | string
  | undefined
  | { readonly raw: string }
  | { readonly components: readonly ComponentValue[] }
  | { readonly repetitions: readonly FieldValue[] };

export type ComponentValue =
  string | undefined | { readonly subcomponents: readonly (string | undefined)[] };

/** The message as text, every segment ended by CR: what was parsed, if it was well formed. */
export function encodeMessage(message: Message): string {
  return joinSegments(message.segments.map((segment) => segment.raw));
}

/** Segment texts to a message, every segment ended by CR. */
export function joinSegments(segments: readonly string[]): string {
  return segments.map((segment) => `${segment}\r`).join('');
}

/**
 * A segment from plain texts, escaped; `fields[0]` is field 1. Of MSH, FHS and BHS `fields[0]` is field
 * 3, since the first two are the encoding characters. Empty places at the end are left away.
 */
export function encodeSegment(
  name: string,
  fields: readonly FieldValue[],
  encoding: EncodingCharacters,
): string {
  const values = fields.map((value) => encodeField(value, encoding));
  const header = name === 'MSH' || name === 'FHS' || name === 'BHS';
  const leading = header ? [name, formatEncoding(encoding)] : [name];
  return joinTrimmed([...leading, ...values], encoding.field);
}

function encodeField(value: FieldValue, encoding: EncodingCharacters): string {
  if (value === undefined || typeof value === 'string') return encodeLeaf(value, encoding);
  if ('raw' in value) return value.raw;
  if ('repetitions' in value) {
    const parts = value.repetitions.map((repetition) => encodeField(repetition, encoding));
    return joinTrimmed(parts, encoding.repetition);
  }
  const parts = value.components.map((component) => encodeComponent(component, encoding));
  return joinTrimmed(parts, encoding.component);
}

function encodeComponent(value: ComponentValue, encoding: EncodingCharacters): string {
  if (value === undefined || typeof value === 'string') return encodeLeaf(value, encoding);
  const parts = value.subcomponents.map((leaf) => encodeLeaf(leaf, encoding));
  return joinTrimmed(parts, encoding.subcomponent);
}

function encodeLeaf(value: string | undefined, encoding: EncodingCharacters): string {
  return value === undefined ? '' : encodeEscapes(value, encoding);
}

/** Where the message has no such separator only the first part can be said. */
function joinTrimmed(parts: readonly string[], separator: string): string {
  if (separator === '') return parts[0] ?? '';
  const last = parts.findLastIndex((part) => part !== '');
  return parts.slice(0, last + 1).join(separator);
}
