import { fieldDefinition } from '../../hl7v2/dictionary.ts';

/** A segment of a probe as its fields, from 0: the name; for MSH the second is MSH-2. */
export type ProbeSegment = readonly string[];

export function segmentOf(text: string): ProbeSegment {
  return text.split('|');
}

/** Index of a field: MSH-1 is the separator itself. */
function indexOf(segment: ProbeSegment, field: number): number {
  return segment[0] === 'MSH' ? field - 1 : field;
}

/** What stands at a field, component or subcomponent of the first repetition. */
export function valueAt(segment: ProbeSegment, path: readonly number[]): string {
  const [field = 0, component, subcomponent] = path;
  const whole = segment[indexOf(segment, field)] ?? '';
  if (component === undefined) return whole;
  const part = (whole.split('~')[0] ?? '').split('^')[component - 1] ?? '';
  return subcomponent === undefined ? part : (part.split('&')[subcomponent - 1] ?? '');
}

/** The segment with another value at that place. */
export function withValue(
  segment: ProbeSegment,
  [field = 0, ...rest]: readonly number[],
  value: string,
): ProbeSegment {
  const index = indexOf(segment, field);
  const fields = [...segment];
  while (fields.length <= index) fields.push('');
  fields[index] = rest.length === 0 ? value : withPart(fields[index] ?? '', rest, value);
  return fields;
}

/** A value with another part; only its first repetition is meant, further ones go. */
function withPart(whole: string, [number = 1, ...rest]: readonly number[], value: string): string {
  return replaced(whole.split('~')[0] ?? '', '^', {
    number,
    value: (part) => (rest.length === 0 ? value : replaced(part, '&', { number: rest[0] ?? 1, value: () => value })),
  });
}

function replaced(
  whole: string,
  separator: string,
  { number, value }: { readonly number: number; readonly value: (part: string) => string },
): string {
  const parts = whole.split(separator);
  while (parts.length < number) parts.push('');
  parts[number - 1] = value(parts[number - 1] ?? '');
  return parts.join(separator).replace(new RegExp(`\\${separator}+$`), '');
}

/** v2 type of a field, in its newest definition; OBX-5 is what OBX-2 says. */
export function fieldType(segment: ProbeSegment, field: number): string {
  const name = segment[0] ?? '';
  if (name === 'OBX' && field === 5) return segment[2] === '' ? 'ST' : (segment[2] ?? 'ST');
  return fieldDefinition(name, field)?.dataType ?? 'ST';
}
