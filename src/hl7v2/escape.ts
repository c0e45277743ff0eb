import { decodeHex } from './charset.ts';
import { hasControls } from './control.ts';
import type { EncodingCharacters } from './message.ts';

/** How to read escapes that depend on the message, and whom to tell about those that are not known. */
export interface EscapeOptions {
  /** iconv name for the bytes of `\X..\`; absent: UTF-8, or windows-1252 where they are not UTF-8. */
  readonly charset?: string;
  /** Called with the body of each sequence that was kept literally; `''` for a lone escape character. */
  readonly onUnknown?: (body: string) => void;
}

/**
 * Decodes the escape sequences of HL7 v2.5.1 chapter 2.7 in one leaf, once and left to right, so that
 * `\E\T\E\` is `\T\` and not `&`. Line breaks (`\.br\`, `\.sp\`, `\.ce\`) become LF; highlighting,
 * indents and word wrap (`\H\ \N\ \.in\ \.ti\ \.fi\ \.nf\`) have no plain form and vanish.
 * Unknown sequences (local `\Z..\`, the ISO 2022 `\C..\ \M..\`, and `\X..\` of control characters) and
 * lone escape characters stay as they are: a path such as `C:\temp` survives.
 */
export function decodeEscapes(
  text: string,
  encoding: EncodingCharacters,
  options: EscapeOptions = {},
): string {
  const mark = encoding.escape;
  let start = mark === '' ? -1 : text.indexOf(mark);
  if (start < 0) return text;
  let out = text.slice(0, start);
  while (start >= 0) {
    const end = text.indexOf(mark, start + 1);
    const body = end < 0 ? '' : text.slice(start + 1, end);
    const hex = hexRun(text, start, mark);
    const known = hex
      ? { text: hexText(hex.digits, options.charset), end: hex.end }
      : { text: end < 0 ? undefined : plainForm(body, encoding), end };
    if (known.text === undefined) options.onUnknown?.(body);
    // What is no sequence is gone over again behind its mark; a run of hex, which may be long, is not.
    const next = known.text !== undefined || hex ? known.end + 1 : start + 1;
    out += known.text ?? text.slice(start, next);
    start = text.indexOf(mark, next);
    out += start < 0 ? text.slice(next) : text.slice(next, start);
  }
  return out;
}

/**
 * Escapes whatever would separate, and CR and LF (as `\X0D\`, `\X0A\`), so that
 * `decodeEscapes(encodeEscapes(x)) === x`. Where the message has no escape character such characters
 * cannot be said and become a space.
 */
export function encodeEscapes(text: string, encoding: EncodingCharacters): string {
  let out = '';
  for (const character of text) {
    const name = escapeName(character, encoding);
    if (name === undefined) out += character;
    else out += encoding.escape === '' ? ' ' : encoding.escape + name + encoding.escape;
  }
  return out;
}

function escapeName(character: string, encoding: EncodingCharacters): string | undefined {
  switch (character) {
    case encoding.escape:
      return 'E';
    case encoding.field:
      return 'F';
    case encoding.component:
      return 'S';
    case encoding.subcomponent:
      return 'T';
    case encoding.repetition:
      return 'R';
    case encoding.truncation:
      return 'P';
    case '\r':
      return 'X0D';
    case '\n':
      return 'X0A';
    default:
      return undefined;
  }
}

/** What a sequence stands for, by its body; undefined where it is not one. */
function plainForm(body: string, encoding: EncodingCharacters): string | undefined {
  switch (body) {
    case 'F':
      return encoding.field;
    case 'S':
      return encoding.component;
    case 'T':
      return encoding.subcomponent === '' ? '&' : encoding.subcomponent;
    case 'R':
      return encoding.repetition === '' ? '~' : encoding.repetition;
    case 'E':
      return encoding.escape;
    case 'P':
      return encoding.truncation === '' ? '#' : encoding.truncation;
    case 'H':
    case 'N':
      return '';
    default:
      return body.startsWith('.') ? formatting(body) : undefined;
  }
}

/** HL7 v2.5.1 chapter 2.7.6; `+3` after the command is a number of lines or spaces. */
function formatting(body: string): string | undefined {
  const command = /^\.(br|sp|ce|sk|in|ti|fi|nf)\s*[+-]?(\d{0,3})$/i.exec(body);
  if (!command) return undefined;
  const [, name = '', digits = ''] = command;
  const count = digits === '' ? 1 : Number(digits);
  switch (name.toLowerCase()) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count);
    case 'sk':
      return ' '.repeat(count);
    default:
      return '';
  }
}

/** Undefined for bytes that are control characters: these cannot stand in a text. */
function hexText(digits: string, charset: string | undefined): string | undefined {
  const text = decodeHex(digits, charset);
  return hasControls(text) ? undefined : text;
}

/** The hex digits of one or more `\X..\` in a row: a character may be split over several. */
function hexRun(
  text: string,
  start: number,
  mark: string,
): { digits: string; end: number } | undefined {
  let digits = '';
  let last = -1;
  let at = start;
  while (text.startsWith(mark, at) && (text[at + 1] === 'X' || text[at + 1] === 'x')) {
    const end = text.indexOf(mark, at + 2);
    if (end < 0) break;
    const part = text.slice(at + 2, end);
    if (part === '' || part.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(part)) break;
    digits += part;
    last = end;
    at = end + 1;
  }
  return last < 0 ? undefined : { digits, end: last };
}
