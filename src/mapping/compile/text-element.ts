import type { Element, Position } from '../../hl7v2/message.ts';

/** A text made of several values, as a value that a converter can read. It stands where its first part stood. */
export function textElement(text: string, position: Position): Element {
  const element: Element = {
    position,
    level: 'field',
    raw: text,
    state: text === '' ? 'absent' : 'value',
    text,
    repetitions: () => (text === '' ? [] : [element]),
    component: (number) => (number === 1 ? element : absent),
    subcomponent: (number) => (number === 1 ? element : absent),
    partText: (number) => (number === 1 ? text : ''),
  };
  const absent: Element = {
    position,
    level: 'field',
    raw: '',
    state: 'absent',
    text: '',
    repetitions: () => [],
    component: () => absent,
    subcomponent: () => absent,
    partText: () => '',
  };
  return element;
}
