import type { EncodingCharacters } from './message.ts';
import { parseError, parseWarning, type ParseIssue } from './parse-issue.ts';

/** The characters that HL7 recommends (v2.5.1 chapter 2.5.4). */
export const defaultEncoding: EncodingCharacters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
};

/**
 * Also halves of a surrogate pair: a text must not be split there. And bytes that are none in the charset: an answer
 * could not be written with them.
 */
const inseparable = /[\s\0-\x1f\x7f-\x9f\ud800-\udfff\ufffdA-Za-z0-9]/;

/**
 * Reads MSH-1 and MSH-2 (FHS and BHS have the same shape) from the text of a header segment.
 *
 * A short MSH-2 leaves the last characters absent. Three characters that end in `&` are read as an
 * absent escape character, because `&` is never one in practice and subcomponents need it. An empty
 * MSH-2 is read as `^~\&`, with a warning, unless MSH-1 is one of these. Letters, digits and controls cannot
 * separate: that is an error.
 */
export function readEncoding(header: string): {
  encoding?: EncodingCharacters;
  issues: ParseIssue[];
} {
  const field = header.charAt(3);
  if (field === '' || inseparable.test(field)) {
    return { issues: [parseError('syntax-hl7', 'MSH-1 is not a field separator', 'MSH-1')] };
  }
  const end = header.indexOf(field, 4);
  const characters = end < 0 ? header.slice(4) : header.slice(4, end);
  if (characters === '' && formatEncoding(defaultEncoding).includes(field)) {
    return { issues: [parseError('syntax-hl7', 'MSH-2 is empty', 'MSH-2')] };
  }
  if (characters === '') {
    const warning = parseWarning('syntax-hl7', 'MSH-2 is empty, `^~\\&` is assumed', 'MSH-2');
    return { encoding: { ...defaultEncoding, field }, issues: [warning] };
  }
  if (inseparable.test(characters) || characters.includes('"')) {
    const text =
      'MSH-2 has a letter, digit, quote, space, control or undecodable byte, which cannot separate';
    return { issues: [parseError('syntax-hl7', text, 'MSH-2')] };
  }
  return { encoding: assign(field, characters), issues: remarks(characters) };
}

/** The text from `start` to the first line end. */
export function firstLine(text: string, start: number): string {
  const end = text.slice(start).search(/[\r\n]/);
  return end < 0 ? text.slice(start) : text.slice(start, start + end);
}

/** MSH-2 as text; absent characters in the middle are left away, as a sender would. */
export function formatEncoding(encoding: EncodingCharacters): string {
  const { component, repetition, escape, subcomponent, truncation } = encoding;
  return component + repetition + escape + subcomponent + truncation;
}

function assign(field: string, characters: string): EncodingCharacters {
  const noEscape = characters.length === 3 && characters.endsWith('&');
  const third = characters.charAt(2);
  return {
    field,
    component: characters.charAt(0),
    repetition: characters.charAt(1),
    escape: noEscape ? '' : third,
    subcomponent: noEscape ? third : characters.charAt(3),
    truncation: characters.charAt(4),
  };
}

function remarks(characters: string): ParseIssue[] {
  const issues: ParseIssue[] = [];
  if (hasTwice(characters)) {
    issues.push(parseWarning('syntax-hl7', 'MSH-2 names a character twice', 'MSH-2'));
  }
  if (characters.length > 5) {
    issues.push(parseWarning('syntax-hl7', 'MSH-2 has more than five characters', 'MSH-2'));
  }
  return issues;
}

function hasTwice(characters: string): boolean {
  for (let at = 1; at < characters.length; at += 1) {
    if (characters.includes(characters.charAt(at - 1), at)) return true;
  }
  return false;
}
