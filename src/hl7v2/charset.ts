import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { firstLine, readEncoding } from './encoding.ts';
import { decodeSwitched, encodeIso2022Jp, hasSwitches } from './iso2022.ts';
import { parseWarning, type ParseIssue } from './parse-issue.ts';

/**
 * HL7 table 0211 (MSH-18) to iconv names. `8859/1` is read as windows-1252, as WHATWG does: its C1
 * controls never occur in HL7, and senders that say 8859/1 mean the quotes and the euro sign there.
 */
const charsetOfTable0211: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ASCII: 'us-ascii',
    '8859/1': 'windows-1252',
    '8859/2': 'iso-8859-2',
    '8859/3': 'iso-8859-3',
    '8859/4': 'iso-8859-4',
    '8859/5': 'iso-8859-5',
    '8859/6': 'iso-8859-6',
    '8859/7': 'iso-8859-7',
    '8859/8': 'iso-8859-8',
    '8859/9': 'iso-8859-9',
    '8859/15': 'iso-8859-15',
    'ISO IR6': 'us-ascii',
    'ISO IR13': 'shift_jis',
    'ISO IR14': 'shift_jis',
    'ISO IR87': 'iso-2022-jp',
    'ISO IR159': 'iso-2022-jp',
    'ISO-2022-JP': 'iso-2022-jp',
    'ISO IR100': 'windows-1252',
    'ISO IR101': 'iso-8859-2',
    'ISO IR109': 'iso-8859-3',
    'ISO IR110': 'iso-8859-4',
    'ISO IR144': 'iso-8859-5',
    'ISO IR126': 'iso-8859-7',
    'ISO IR138': 'iso-8859-8',
    'ISO IR148': 'iso-8859-9',
    'GB 18030-2000': 'gb18030',
    'GB 18030': 'gb18030',
    'KS X 1001': 'euc-kr',
    'BIG-5': 'big5',
    UNICODE: 'utf-8',
    'UNICODE UTF-8': 'utf-8',
    'UNICODE UTF-16': 'utf-16',
    'UNICODE UTF-32': 'utf-32',
    'UTF-8': 'utf-8',
    UTF8: 'utf-8',
  }),
);

export interface DecodedFrame {
  /** Without a byte order mark. */
  readonly text: string;
  /** iconv name of what the bytes were read as; an answer goes out in it. */
  readonly charset: string;
  readonly issues: ParseIssue[];
}

/**
 * Bytes of a message to text: by `override` (the feed's setting, an iconv or table 0211 name), else a
 * byte order mark or the zeros of a wide `MSH`, else MSH-18, else UTF-8; within it as ISO 2022 switches.
 * Where the bytes are not valid UTF-8 although they should be, they are read as windows-1252 (in which
 * nothing fails). Where bytes and declaration disagree a warning says so and where that begins. The text is
 * well formed: a half of a surrogate pair becomes U+FFFD. Never throws.
 */
export function decodeFrame(
  bytes: Uint8Array,
  options: { readonly override?: string } = {},
): DecodedFrame {
  const latin1 = asLatin1(bytes);
  const header = headerOf(latin1);
  const declared = options.override ?? shownCharset(latin1) ?? header.charsets[0] ?? '';
  const known = declared === '' ? 'utf-8' : charsetOf(latin1, declared);
  const issues = known === undefined ? [unknownCharset('MSH-18')] : [];
  if (header.charsets.length > 1) issues.push(...header.charsets.slice(1).flatMap(unknownSwitch));
  const said = options.override === undefined ? 'MSH-18' : 'The feed';
  const { charset, issue } = readable(bytes, known ?? 'utf-8', said);
  if (issue !== undefined) issues.push(issue);
  const text = textOf(bytes, { latin1, charset, mark: header.mark });
  if (text !== undefined) return { text: withoutMark(text), charset, issues };
  return { ...decodeBySwitches(bytes, { charset, known, mark: header.mark }), issues };
}

/** Undefined where the message switches its character set. */
function textOf(
  bytes: Uint8Array,
  given: { readonly latin1: string; readonly charset: string; readonly mark: number },
): string | undefined {
  const { latin1, charset, mark } = given;
  if (!isWide(charset) && hasSwitches(latin1, mark)) return undefined;
  if (holdsAscii(charset) && isAscii(bytes)) return latin1;
  return charset === 'utf-8' ? bufferOf(bytes).toString() : decodeAs(bytes, charset);
}

function decodeBySwitches(
  bytes: Uint8Array,
  given: { readonly charset: string; readonly known: string | undefined; readonly mark: number },
): Omit<DecodedFrame, 'issues'> {
  const { charset, known, mark } = given;
  const base = (run: Uint8Array): string => decodeAs(run, charset);
  const text = decodeSwitched(bytes, { mark, base }).toWellFormed();
  const japanese = known === 'iso-2022-jp' || (charset === 'utf-8' && isJapanese(bytes));
  return { text: withoutMark(text), charset: japanese ? 'iso-2022-jp' : charset };
}

/** Whether bytes that are ASCII are so in it. There are more, which are rare. */
function holdsAscii(charset: string): boolean {
  return charset === 'utf-8' || charset === 'windows-1252' || charset.startsWith('iso-8859-');
}

/** A character for each byte. */
function asLatin1(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('latin1');
}

/** The same memory. */
function bufferOf(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the bytes can be read in, and whether that is what was said. `said` names who says it. */
function readable(
  bytes: Uint8Array,
  declared: string,
  said: string,
): { readonly charset: string; readonly issue?: ParseIssue } {
  const ascii = declared === 'us-ascii' || declared === 'iso-2022-jp';
  if (declared === 'utf-8' || ascii) {
    const odd = firstOdd(bytes, ascii ? isAscii : isUtf8);
    if (odd === undefined) return { charset: 'utf-8' };
    const charset = isUtf8(bytes) ? 'utf-8' : 'windows-1252';
    const name = ascii ? 'ASCII' : 'UTF-8';
    const text = `${said} says ${name} (where it says nothing, UTF-8), but not all bytes are; they were read as ${charset}`;
    return { charset, issue: parseWarning('value', text, odd) };
  }
  const odd = isSingleByte(declared) && isUtf8(bytes) ? firstOdd(bytes, isAscii) : undefined;
  if (odd === undefined) return { charset: declared };
  const text = `The bytes look like UTF-8, but ${said} says ${declared}, as which they were read`;
  return { charset: declared, issue: parseWarning('value', text, odd) };
}

/** Place of the first field that does not pass, such as `PID[2]-5`; undefined where all do. */
function firstOdd(bytes: Uint8Array, passes: (bytes: Uint8Array) => boolean): string | undefined {
  if (passes(bytes)) return undefined;
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .split(/[\r\n\v\x1c]+/);
  const segments = lines.filter((line) => line.trim() !== '');
  const isOdd = (text: string): boolean => !passes(Buffer.from(text, 'latin1'));
  const index = segments.findIndex(isOdd);
  const segment = segments[index] ?? '';
  const separator = segments[0]?.replace(/^[^M]*/, '').charAt(3) || '|';
  const field = segment.split(separator).findIndex(isOdd);
  const name = segment.slice(0, 3);
  if (!/^[A-Z][A-Z0-9]{2}$/.test(name) || field < 1) return 'MSH-18';
  return `${name}[${String(index)}]-${String(name === 'MSH' ? field + 1 : field)}`;
}

function isSingleByte(charset: string): boolean {
  return /^(iso-8859|windows|koi8|cp)/.test(charset);
}

/** Whether raw ISO 2022 calls in a Japanese set, so that the answer may do so too. */
function isJapanese(bytes: Uint8Array): boolean {
  return /\x1b\$(?:[@B]|\([BD])/.test(Buffer.from(bytes).toString('latin1'));
}

function unknownSwitch(name: string, index: number): readonly ParseIssue[] {
  const known = name === '' || iconvName(name) !== undefined || /^ISO IR(58|149)$/i.test(name);
  return known ? [] : [unknownCharset(`MSH-18[${String(index + 1)}]`)];
}

function unknownCharset(place: string): ParseIssue {
  const text = `${place} names a character set that is not known or not this one, the bytes were guessed`;
  return parseWarning('value', text, place);
}

/**
 * Text to bytes, in a charset that {@link decodeFrame} gave; unknown characters become `?`. UTF-16 and
 * UTF-32 begin with their mark.
 */
export function encodeText(text: string, charset: string): Uint8Array {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
  if (charset === 'iso-2022-jp') return encodeIso2022Jp(text);
  const bytes = iconv.encode(text, iconvName(charset) ?? 'utf-8', { addBOM: isWide(charset) });
  if (charset !== 'windows-1252') return bytes;
  for (const { 0: character, index } of text.matchAll(unassigned)) {
    bytes[index] = character.charCodeAt(0);
  }
  return bytes;
}

/** iconv also has base64 and hex, which are none. */
const characterSet =
  /^(utf-?(8|16|32)(le|be)?|us-ascii|iso-8859-\d+|windows-\d+|cp\d+|gb\w+|big5|euc-\w+|shift_jis|koi8-\w)$/i;

/** iconv's name of a charset given by its MSH-18 code or by an iconv name; undefined where unknown. */
export function iconvName(name: string): string | undefined {
  const known = charsetOfTable0211.get(name.trim().toUpperCase());
  if (known !== undefined) return known;
  return characterSet.test(name) && iconv.encodingExists(name) ? name.toLowerCase() : undefined;
}

/** The bytes of a `\X..\` escape; `charset` absent: UTF-8, or windows-1252 where they are not UTF-8. */
export function decodeHex(digits: string, charset?: string): string {
  const bytes = Buffer.from(digits, 'hex');
  if (charset !== undefined && charset !== 'utf-8') {
    return decodeAs(bytes, charset);
  }
  return decodeUtf8(bytes) ?? decodeAs(bytes, 'windows-1252');
}

/** Bytes of windows-1252 that stand for nothing; as WHATWG has it they are kept, so that they can be sent back. */
const unassigned = /[\x81\x8d\x8f\x90\x9d]/g;

/** A half of a surrogate pair becomes U+FFFD. */
function decodeAs(bytes: Uint8Array, charset: string): string {
  if (charset === 'windows-1252') return new TextDecoder(charset).decode(bytes);
  if (charset === 'utf-8') return decodeUtf8(bytes) ?? decodeAs(bytes, 'windows-1252');
  if (charset === 'iso-2022-jp') {
    const base = (run: Uint8Array): string => decodeAs(run, 'utf-8');
    return decodeSwitched(bytes, { mark: -1, base }).toWellFormed();
  }
  return iconv.decode(Buffer.from(bytes), charset).toWellFormed();
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A readable MSH is one byte for each letter, whatever MSH-18 says. */
function charsetOf(latin1: string, declared: string): string | undefined {
  const name = iconvName(declared);
  return name !== undefined && isWide(name) && headOf(latin1).includes('MSH') ? undefined : name;
}

function isWide(charset: string): boolean {
  return /^utf-?(16|32)/i.test(charset);
}

/** What UTF-16 and UTF-32 begin with: `MSH`, a mark, or both. */
const heads = [
  [/^\xef\xbb\xbf/, 'utf-8'],
  [/^(?:\xff\xfe\0\0)?M\0\0\0S\0\0\0/, 'utf-32le'],
  [/^(?:\0\0\xfe\xff)?\0\0\0M\0\0\0S/, 'utf-32be'],
  [/^(?:\xff\xfe)?M\0S\0H\0|^\xff\xfe/, 'utf-16le'],
  [/^(?:\xfe\xff)?\0M\0S\0H|^\xfe\xff/, 'utf-16be'],
] as const;

/** The charset that the first bytes show; they show none where MSH is readable without. */
function shownCharset(latin1: string): string | undefined {
  if (latin1.startsWith('MSH')) return undefined;
  const head = latin1.slice(0, 32);
  const name = heads.find(([form]) => form.test(head))?.[1];
  return name !== undefined && isWide(name) && head.includes('MSH') ? undefined : name;
}

function headOf(latin1: string): string {
  return latin1.slice(0, headerBytesMax);
}

/** How far into a frame MSH-18 is looked for; a header segment is some 200 bytes. */
const headerBytesMax = 4096;

/** The repetitions of MSH-18 and the escape character's code (-1: none), read as bytes before the charset is known. */
function headerOf(latin1: string): {
  readonly charsets: readonly string[];
  readonly mark: number;
} {
  const head = headOf(latin1);
  const start = head.indexOf('MSH');
  if (start < 0) return { charsets: [], mark: -1 };
  const line = firstLine(head, start);
  const { encoding } = readEncoding(line);
  const value = partAt(line, line.charAt(3), 17);
  const charsets = value === '' ? [] : value.split(line.charAt(5)).map((name) => name.trim());
  return { charsets, mark: encoding?.escape ? encoding.escape.charCodeAt(0) : -1 };
}

/** A part of a text, from 0; empty where there are not so many. */
function partAt(text: string, separator: string, index: number): string {
  if (separator === '') return '';
  let start = 0;
  for (let part = 0; part < index; part += 1) {
    const end = text.indexOf(separator, start);
    if (end < 0) return '';
    start = end + 1;
  }
  const end = text.indexOf(separator, start);
  return end < 0 ? text.slice(start) : text.slice(start, end);
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
