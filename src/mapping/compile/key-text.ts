import type { Element } from '../../hl7v2/message.ts';
import { authorityTypes, identifierValue } from '../datatypes/identifier.ts';
import type { Frame, PathReader } from '../run/compiled.ts';

/** The text of the first valued path; of a number with its authority (CX, EI, ...) the number alone. `''` where none is valued. */
export function firstText(paths: readonly PathReader[], frame: Frame): string {
  for (const path of paths) {
    const element = path.said(frame);
    const text = element ? keyText(path.v2Type, element) : '';
    if (text !== '') return text;
  }
  return '';
}

function keyText(v2Type: string, element: Element): string {
  if (element.state !== 'value') return '';
  return authorityTypes.has(v2Type) ? identifierValue(v2Type, element) : element.text;
}
