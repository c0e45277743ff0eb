import { absentRepetition } from './element.ts';
import type { Element, Message, Position, Segment } from './message.ts';
import { present } from './present.ts';

/** A place by name: `PID`, `PID-3`, `PID-3.1`, `OBX[4]-5[1].4.1`. */
export interface Path {
  readonly segment: string;
  /** Index of the segment in the message, from 0; absent: the first of that name. */
  readonly segmentIndex?: number;
  readonly field?: number;
  /** From 0. */
  readonly repetition?: number;
  /** From 1, as HL7 counts. */
  readonly component?: number;
  readonly subcomponent?: number;
}

const pathForm =
  /^([A-Z][A-Z0-9]{2})(?:\[(\d{1,5})\])?(?:-(\d{1,3})(?:\[(\d{1,5})\])?(?:\.(\d{1,3})(?:\.(\d{1,3}))?)?)?$/;

/** Reads a path, or says in a sentence what is wrong with it. */
export function parsePath(
  text: string,
): { readonly path: Path } | { readonly path?: never; readonly fault: string } {
  const match = pathForm.exec(text);
  if (!match) return { fault: `\`${text}\` is not a path such as PID-3.1 or PID-3[1].4.2` };
  const [, segment = '', ...digits] = match;
  const [segmentIndex, field, repetition, component, subcomponent] = digits.map(toNumber);
  if (field === 0 || component === 0 || subcomponent === 0) {
    return { fault: `\`${text}\`: fields, components and subcomponents count from 1` };
  }
  const places = { segmentIndex, field, repetition, component, subcomponent };
  return { path: { segment, ...present(places) } };
}

/**
 * A position as a path: `PID[2]-3.1`. The segment's index is always there; a repetition only where it
 * is not the first. `parsePath` reads it back.
 */
export function formatPosition(position: Position): string {
  const { segment, segmentIndex, field, repetition, component, subcomponent } = position;
  const name = `${segment}[${String(segmentIndex)}]`;
  if (field === undefined) return name;
  const index = repetition ? `[${String(repetition)}]` : '';
  const leaf = [component, subcomponent].filter((number) => number !== undefined);
  return [`${name}-${String(field)}${index}`, ...leaf.map(String)].join('.');
}

/**
 * The element at a path that names a field; undefined where the message has no such segment, or the
 * segment given is another one. An element that is not there is one with state `absent`.
 */
export function elementAt(place: Message | Segment, path: Path): Element | undefined {
  const segment = 'segments' in place ? segmentAt(place, path) : place;
  if (segment?.name !== path.segment || path.field === undefined) return undefined;
  const field = segment.field(path.field);
  const { repetition, component, subcomponent } = path;
  if (repetition === undefined && component === undefined) return field;
  const base =
    repetition === undefined
      ? field
      : (field.repetitions()[repetition] ?? absentRepetition(field, repetition));
  if (component === undefined) return base;
  const element = base.component(component);
  return subcomponent === undefined ? element : element.subcomponent(subcomponent);
}

function segmentAt(message: Message, path: Path): Segment | undefined {
  return path.segmentIndex === undefined
    ? message.segment(path.segment)
    : message.segments[path.segmentIndex];
}

function toNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
