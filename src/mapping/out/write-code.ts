import type { ComponentValue } from '../../hl7v2/encode.ts';
import { codeSystemName } from '../datatypes/coding-system.ts';
import { isObject, textOf, type Place } from './place.ts';
import {
  at,
  hasMember,
  mark,
  orNothing,
  say,
  type Manner,
  type Write,
  type Written,
} from './say.ts';

/** CodeableConcept, Coding, Reference (its display), Quantity (its unit) or text as CWE. */
export const writeCoded: Write = (place, manner) => {
  if (!isObject(place.value)) return codedText(place, manner);
  if (hasMember(place, 'coding') || hasMember(place, 'text')) return concept(place, manner);
  if (hasMember(place, 'code')) return orNothing(triplet(place, manner));
  const display = say('display', place, manner);
  if (display === '') return undefined;
  mark('reference', place, manner);
  mark('type', place, manner);
  return [undefined, display];
};

/** A code by its table, or a text without a code. */
function codedText(place: Place, manner: Manner): Written | undefined {
  const text = textOf(place.value);
  if (manner.table !== undefined) {
    const row = translated(text, place, manner);
    const system = manner.prefer === undefined ? undefined : codeSystemName(manner.prefer);
    return row && [row, undefined, system];
  }
  if (text === '') return undefined;
  manner.said.add(place);
  return [undefined, text];
}

/** The two codings that CWE has room for, and the text. */
function concept(place: Place, manner: Manner): Written | undefined {
  const [first, second] = ordered(at('coding', place, manner), manner);
  const one = first === undefined ? [] : triplet(first, manner);
  const other = second === undefined ? [] : triplet(second, manner);
  const versions = [first, second].map((each) => each && say('version', each, manner));
  const text = say('text', place, manner);
  const isCoded = one.length > 0;
  return orNothing([
    ...padded(isCoded ? one : [undefined, text], 3),
    ...padded(other, 3),
    ...versions,
    isCoded ? text : undefined,
  ]);
}

/** The preferred system first; what has a code before what has none. */
function ordered(codings: readonly Place[], { prefer, table }: Manner): readonly Place[] {
  const rank = ({ value }: Place): number => {
    const { system, code } = value as { readonly system?: string; readonly code?: string };
    if (prefer !== undefined && system === prefer) return 0;
    if (table?.rows.has(code ?? '') === true) return 1;
    return code === undefined ? 3 : 2;
  };
  return codings.toSorted((a, b) => rank(a) - rank(b));
}

/** Code, text and system. */
function triplet(place: Place, manner: Manner): readonly ComponentValue[] {
  const code = say('code', place, manner);
  const system = say('system', place, manner);
  const display = say('display', place, manner);
  if (code === '' && display === '') return [];
  mark('userSelected', place, manner);
  const name = system === '' ? '' : codeSystemName(system);
  const isPreferred = manner.prefer !== undefined && system === manner.prefer;
  const row = isPreferred ? undefined : manner.table?.rows.get(code);
  if (row === undefined) return [code, display, name];
  return [row, display, manner.prefer === undefined ? '' : codeSystemName(manner.prefer)];
}

function padded(parts: readonly ComponentValue[], count: number): readonly ComponentValue[] {
  return Array.from({ length: count }, (_, index) => parts[index]);
}

/** A code alone: of a table's row, else the code as it is; of a concept, of the preferred coding, else its text. */
export const writeCode: Write = (place, manner) => {
  const { value } = place;
  if (!isObject(value)) return translated(textOf(value), place, manner);
  if (hasMember(place, 'coding')) {
    const [first] = ordered(at('coding', place, manner), manner);
    if (first !== undefined) return codeOf(first, place, manner);
  }
  if (hasMember(place, 'code')) return codeOf(place, place, manner);
  if (hasMember(place, 'value')) return say('value', place, manner) || undefined;
  return say('text', place, manner) || say('display', place, manner) || undefined;
};

function codeOf(coding: Place, whole: Place, manner: Manner): Written | undefined {
  const [code] = at('code', coding, manner);
  if (code === undefined) return say('display', coding, manner) || undefined;
  const written = translated(textOf(code.value), code, manner);
  if (written !== undefined) {
    // Its table says the rest; and other codings say the same in other words.
    for (const name of ['system', 'display', 'version', 'userSelected']) mark(name, coding, manner);
    if (whole !== coding) mark('coding', whole, manner);
  }
  return written;
}

function translated(text: string, place: Place, { table, said }: Manner): string | undefined {
  if (text === '') return undefined;
  const { keep = true, code = '' } = table?.otherwise ?? {};
  const row = table?.rows.get(text) ?? (keep ? text : code);
  if (row === '') return undefined;
  said.add(place);
  return row;
}
