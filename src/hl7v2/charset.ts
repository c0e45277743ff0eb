import iconv from 'iconv-lite';
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
    'ISO IR14': 'shift_jis',
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
 * byte order mark or the zeros of a wide `MSH`, else MSH-18, else UTF-8. Where the bytes are not valid
 * UTF-8 although they should be, they are read as windows-1252 (in which nothing fails), with a warning. The text is well formed: a half of a surrogate pair becomes U+FFFD. Never throws.
 */
export function decodeFrame(
  bytes: Uint8Array,
  options: { readonly override?: string } = {},
): DecodedFrame {
  const issues: ParseIssue[] = [];
  const declared = options.override ?? shownCharset(bytes) ?? readMsh18(bytes);
  const charset = declared === '' ? 'utf-8' : charsetOf(bytes, declared);
  if (charset === undefined) {
    const text =
      'MSH-18 names a character set that is not known or not this one, the bytes were guessed';
    issues.push(parseWarning('value', text, 'MSH-18'));
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'us-ascii') {
    return { text: withoutMark(decodeAs(bytes, charset)), charset, issues };
  }
  const utf8 = decodeUtf8(bytes);
  if (utf8 !== undefined) {
    if (charset === 'us-ascii' && utf8.length < bytes.length) {
      const text = 'MSH-18 says ASCII but the message is UTF-8';
      issues.push(parseWarning('value', text, 'MSH-18'));
    }
    return { text: withoutMark(utf8), charset: 'utf-8', issues };
  }
  const text = 'The bytes are not valid UTF-8 and were read as windows-1252; say so in MSH-18';
  issues.push(parseWarning('value', text, 'MSH-18'));
  return { text: decodeAs(bytes, 'windows-1252'), charset: 'windows-1252', issues };
}

/**
 * Text to bytes, in a charset that {@link decodeFrame} gave; unknown characters become `?`. UTF-16 and
 * UTF-32 begin with their mark.
 */
export function encodeText(text: string, charset: string): Uint8Array {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
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
function charsetOf(bytes: Uint8Array, declared: string): string | undefined {
  const name = iconvName(declared);
  return name !== undefined && isWide(name) && headOf(bytes).includes('MSH') ? undefined : name;
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
function shownCharset(bytes: Uint8Array): string | undefined {
  const head = headOf(bytes.subarray(0, 32));
  const name = heads.find(([form]) => form.test(head))?.[1];
  return name !== undefined && isWide(name) && head.includes('MSH') ? undefined : name;
}

function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, headerBytesMax)).toString('latin1');
}

/** How far into a frame MSH-18 is looked for; a header segment is some 200 bytes. */
const headerBytesMax = 4096;

/** The first repetition of MSH-18, read as bytes before the charset is known; `''` where absent. */
function readMsh18(bytes: Uint8Array): string {
  const head = headOf(bytes);
  const start = head.indexOf('MSH');
  if (start < 0) return '';
  const [line = ''] = head.slice(start).split(/[\r\n]/, 1);
  const value = line.split(line.charAt(3))[17] ?? '';
  return value.split(line.charAt(5))[0]?.trim() ?? '';
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
