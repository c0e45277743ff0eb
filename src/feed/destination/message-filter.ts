import type { Message } from '../../hl7v2/message.ts';
import { elementAt, type Path } from '../../hl7v2/path.ts';

/** Places and the values that are wanted there; every place must have one of its values. */
export type MessageFilter = readonly FilterTerm[];

export interface FilterTerm {
  readonly path: Path;
  /** `*` stands for any characters, also none. */
  readonly values: readonly string[];
}

/** Whether every term holds. A term holds where any segment of that name has a repetition with a wanted value. */
export function passes(filter: MessageFilter, message: Message): boolean {
  return filter.every((term) => holds(term, message));
}

/** Whether the filter has terms, and all hold. */
export function isNamed(filter: MessageFilter, message: Message): boolean {
  return filter.length > 0 && passes(filter, message);
}

function holds({ path, values }: FilterTerm, message: Message): boolean {
  const said = textsAt(path, message);
  return values.some((value) => said.some((text) => isLike(text, value)));
}

/** MSH-9 as `ADT^A01`; of anything else the text of each repetition. */
function textsAt(path: Path, message: Message): readonly string[] {
  if (path.segment === 'MSH' && path.field === 9 && path.component === undefined) {
    return [message.type];
  }
  return message.segments
    .filter(({ name }) => name === path.segment)
    .flatMap((segment) => {
      const field = elementAt(segment, { segment: path.segment, field: path.field ?? 0 });
      const repetitions = field?.repetitions() ?? [];
      return repetitions.map((repetition) => {
        const component = repetition.component(path.component ?? 1);
        return component.subcomponent(path.subcomponent ?? 1).text;
      });
    });
}

/** Compares piece by piece between the stars: linear, whatever is asked for. */
function isLike(text: string, pattern: string): boolean {
  const pieces = pattern.split('*');
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
