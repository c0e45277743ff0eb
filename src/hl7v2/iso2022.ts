import iconv from 'iconv-lite';

/** A character set that a sequence calls in: into the codes below 0x80 (`low`) or above. */
interface CodedSet {
  readonly half: 'low' | 'high';
  /** iconv name under which its codes stand, once their high bits are set. */
  readonly charset: string;
  readonly byteCount: 1 | 2;
  /** Before each character in that charset, such as EUC's shift to JIS X 0212. */
  readonly prefix?: number;
}

const ascii: CodedSet = { half: 'low', charset: 'us-ascii', byteCount: 1 };
const low = (charset: string, prefix?: number): CodedSet => ({
  half: 'low',
  charset,
  byteCount: 2,
  ...(prefix === undefined ? {} : { prefix }),
});
const high = (charset: string, byteCount: 1 | 2 = 1): CodedSet => ({
  half: 'high',
  charset,
  byteCount,
});

/**
 * What follows ESC (ISO 2022, registry of ISO 2375), in hex as `\C..\` and `\M..\` have it: HL7 table 0211's
 * ISO IR6, 13, 14, 58, 87, 100 to 148, 149, 159.
 */
const sets: ReadonlyMap<string, CodedSet> = new Map([
  ['2842', ascii],
  ['284A', ascii],
  ['2849', { half: 'low', charset: 'shift_jis', byteCount: 1 }],
  ['2949', high('shift_jis')],
  ['2440', low('euc-jp')],
  ['2442', low('euc-jp')],
  ['242842', low('euc-jp')],
  ['242844', low('euc-jp', 0x8f)],
  ['2441', low('gb2312')],
  ['242843', low('euc-kr')],
  ['242941', high('gb2312', 2)],
  ['242943', high('euc-kr', 2)],
  ['2D41', high('windows-1252')],
  ['2D42', high('iso-8859-2')],
  ['2D43', high('iso-8859-3')],
  ['2D44', high('iso-8859-4')],
  ['2D4C', high('iso-8859-5')],
  ['2D47', high('iso-8859-6')],
  ['2D46', high('iso-8859-7')],
  ['2D48', high('iso-8859-8')],
  ['2D4D', high('iso-8859-9')],
  ['2D62', high('iso-8859-15')],
]);

const escapeByte = 0x1b;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Whether a message switches its character set somewhere, as raw ISO 2022 or by `\C..\` and `\M..\`. `latin1` is the
 * message with a character for each byte: a text is searched several times as fast as bytes are.
 */
export function hasSwitches(latin1: string, mark: number): boolean {
  const escape = String.fromCharCode(escapeByte);
  return startsSwitch(latin1, escape, mark) || (mark >= 0 && hasMarkedSwitches(latin1, mark));
}

function hasMarkedSwitches(latin1: string, mark: number): boolean {
  const escape = String.fromCharCode(mark);
  return startsSwitch(latin1, `${escape}C`, mark) || startsSwitch(latin1, `${escape}M`, mark);
}

/** Whether a switch begins where `form` stands somewhere. */
function startsSwitch(latin1: string, form: string, mark: number): boolean {
  let at = latin1.indexOf(form);
  if (at < 0) return false;
  const buffer = Buffer.from(latin1, 'latin1');
  for (; at >= 0; at = latin1.indexOf(form, at + 1)) {
    if (switchAt(buffer, at, mark) !== undefined) return true;
  }
  return false;
}

/**
 * Bytes with switches to text (HL7 v2.5.1 chapter 2.7.2 and 2.15.9.18). The sequences vanish; every segment
 * begins in the message's own charset, which `base` reads. `mark` is the escape character of MSH-2.
 */
export function decodeSwitched(
  bytes: Uint8Array,
  { mark, base }: { readonly mark: number; readonly base: (bytes: Uint8Array) => string },
): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  let lowSet: CodedSet | undefined;
  let highSet: CodedSet | undefined;
  let start = 0;
  const flush = (end: number): void => {
    if (end <= start) return;
    const run = buffer.subarray(start, end);
    parts.push(lowSet || highSet ? decodeRun(run, { lowSet, highSet, base }) : base(run));
  };
  for (let at = 0; at < buffer.length;) {
    const found = switchAt(buffer, at, mark);
    const byte = buffer[at] ?? 0;
    if (found !== undefined) {
      flush(at);
      const { set, end } = found;
      if (set.half === 'high') highSet = set;
      else lowSet = set === ascii ? undefined : set;
      at = end;
      start = end;
    } else if ((byte === carriageReturn || byte === lineFeed) && (lowSet || highSet)) {
      flush(at);
      start = at;
      lowSet = undefined;
      highSet = undefined;
      at += 1;
    } else at = next(buffer, at, { mark, lowSet });
  }
  flush(buffer.length);
  return parts.join('');
}

/** Text as ISO-2022-JP: kanji and kana as JIS X 0208, all else ASCII; what neither has becomes `?`. */
export function encodeIso2022Jp(text: string): Uint8Array {
  const bytes: number[] = [];
  let double = false;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const euc = code < 0x80 ? undefined : iconv.encode(character, 'euc-jp');
    const pair = euc?.length === 2 && (euc[0] ?? 0) >= 0xa1 ? euc : undefined;
    if ((pair !== undefined) !== double) {
      double = pair !== undefined;
      bytes.push(escapeByte, ...(double ? [0x24, 0x42] : [0x28, 0x42]));
    }
    if (pair !== undefined) bytes.push(...[...pair].map((byte) => byte & 0x7f));
    else bytes.push(code < 0x80 ? code : 0x3f);
  }
  if (double) bytes.push(escapeByte, 0x28, 0x42);
  return Buffer.from(bytes);
}

function switchAt(
  buffer: Buffer,
  at: number,
  mark: number,
): { readonly set: CodedSet; readonly end: number } | undefined {
  if (buffer[at] === escapeByte) {
    for (const length of [3, 2]) {
      const end = at + 1 + length;
      const set = sets.get(
        buffer
          .subarray(at + 1, end)
          .toString('hex')
          .toUpperCase(),
      );
      if (set !== undefined) return { set, end };
    }
  }
  if (buffer[at] !== mark) return undefined;
  const body = buffer.subarray(at + 1, at + 9).toString('latin1');
  const [, digits = ''] = /^[CM]([0-9A-Fa-f]{4}|[0-9A-Fa-f]{6})(?![0-9A-Fa-f])/.exec(body) ?? [];
  const set = sets.get(digits.toUpperCase());
  const end = at + 2 + digits.length;
  return set !== undefined && buffer[end] === mark ? { set, end: end + 1 } : undefined;
}

/** Over one character, or over an escape sequence of another kind, whose end is no beginning. */
function next(
  buffer: Buffer,
  at: number,
  { mark, lowSet }: { readonly mark: number; readonly lowSet: CodedSet | undefined },
): number {
  if (lowSet?.byteCount === 2) return isPair(buffer, at, lowSet) ? at + 2 : at + 1;
  return buffer[at] === mark && buffer[at + 2] === mark ? at + 3 : at + 1;
}

/** Whether a byte is a code of that half; controls and the space belong to none. */
function isCode(byte: number | undefined, half: CodedSet['half']): boolean {
  if (byte === undefined) return false;
  return half === 'high' ? byte >= 0x80 : byte > 0x20 && byte < 0x7f;
}

function isPair(buffer: Buffer, at: number, { half }: CodedSet): boolean {
  return isCode(buffer[at], half) && isCode(buffer[at + 1], half);
}

interface Sets {
  readonly lowSet: CodedSet | undefined;
  readonly highSet: CodedSet | undefined;
  readonly base: (bytes: Uint8Array) => string;
}

/** As many codes of one set at a time as there are. */
function decodeRun(run: Buffer, sets: Sets): string {
  const parts: string[] = [];
  for (let at = 0; at < run.length;) {
    const start = at;
    const set = setOf(run[at], sets);
    do {
      at += set?.byteCount === 2 && isPair(run, at, set) ? 2 : 1;
    } while (at < run.length && setOf(run[at], sets) === set);
    const codes = run.subarray(start, at);
    parts.push(set === undefined ? sets.base(codes) : decodeCodes(codes, set));
  }
  return parts.join('');
}

function setOf(byte: number | undefined, { lowSet, highSet }: Sets): CodedSet | undefined {
  return [highSet, lowSet].find((set) => set !== undefined && isCode(byte, set.half));
}

function decodeCodes(codes: Uint8Array, { charset, prefix, byteCount }: CodedSet): string {
  const bytes: number[] = [];
  for (const [index, byte] of codes.entries()) {
    if (prefix !== undefined && index % byteCount === 0) bytes.push(prefix);
    bytes.push(byte | 0x80);
  }
  return iconv.decode(Buffer.from(bytes), charset);
}
