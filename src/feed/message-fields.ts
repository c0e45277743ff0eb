import { fold } from '../fhir/fold.ts';
import type { EncodingCharacters, Message, Segment } from '../hl7v2/message.ts';
import { limits } from '../limits.ts';
import type { Feed } from './feed.ts';

/**
 * What every message is found by, beside its feed, type (MSH-9), control id (MSH-10), state and arrival: who sent it to whom,
 * the person, the visit, the order. Of a field its first component, of each repetition.
 */
export const indexedPositions = [
  ...['MSH-3', 'MSH-4', 'MSH-5', 'MSH-6', 'MSH-7', 'MSH-11', 'EVN-1'],
  ...['PID-3', 'PID-5', 'PID-18', 'PV1-19'],
  ...['ORC-2', 'ORC-3', 'OBR-2', 'OBR-3', 'OBR-4'],
] as const;

/** Fields with a person's name: found by family and by given names, whatever their case and accents. */
const names = new Set(['PID-5']);

const positionForm = /^([A-Z][A-Z0-9]{2})-([1-9]\d{0,2})(?:\.([1-9]\d{0,1}))?$/;

/** Whether messages can be found by it: a field such as `ZPI-2`, or a component such as `PV1-3.1`. */
export function isPosition(text: string): boolean {
  return positionForm.test(text);
}

/** Everything that messages of these feeds are found by. */
export function positionsOf(feeds: readonly Feed[]): ReadonlySet<string> {
  return new Set([...indexedPositions, ...feeds.flatMap(({ index = [] }) => index)]);
}

/** A value as it is compared. */
export function fieldOf(position: string, value: string): string {
  const text = value.trim().slice(0, limits.messageFieldCharsMax);
  return `${position}=${names.has(position) ? fold(text) : text}`;
}

/** What a message is found by (`JournalEntry.fields`): each once, at most so many. */
export function indexedFields(
  message: Message | undefined,
  { index = [] }: Feed,
): readonly string[] {
  if (message === undefined) return [];
  const found = new Set<string>();
  // What a feed asked for itself comes first: it is not what the bound cuts off.
  for (const position of [...index, ...indexedPositions]) {
    for (const value of valuesAt(message, position)) {
      if (found.size >= limits.messageFieldsMax) return [...found];
      found.add(fieldOf(position, value));
    }
  }
  return [...found];
}

/** What stands at a position, in each segment and repetition: of a field its first component; nothing empty. */
export function valuesAt(message: Message, position: string): readonly string[] {
  const place = placeOf(position);
  const values: string[] = [];
  for (const segment of message.segments) {
    if (segment.name !== place.segment || !segment.hasText(place.field)) continue;
    for (const text of textsIn(segment, place, message.encoding)) {
      if (text.trim() !== '') values.push(text);
    }
  }
  return values;
}

/** A position as it is asked of each message. */
interface Place {
  readonly segment: string;
  readonly field: number;
  readonly components: readonly number[];
}

/** By position: those of all feeds and of the feed files. */
const places = new Map<string, Place>();

function placeOf(position: string): Place {
  const known = places.get(position);
  if (known !== undefined) return known;
  const [, segment = '', field, component] = positionForm.exec(position) ?? [];
  const components = names.has(position) ? [1, 2] : [Number(component ?? 1)];
  const place = { segment, field: Number(field), components };
  places.set(position, place);
  return place;
}

function textsIn(
  segment: Segment,
  { field, components }: Place,
  { repetition }: EncodingCharacters,
): readonly string[] {
  const whole = segment.field(field);
  // Most fields have one repetition, of which no place need be made.
  if (repetition !== '' && !whole.raw.includes(repetition)) {
    return components.map((component) => segment.text(field, component));
  }
  return whole
    .repetitions()
    .flatMap((each) => components.map((component) => each.component(component).text));
}
