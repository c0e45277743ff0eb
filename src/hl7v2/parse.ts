import { limits } from '../limits.ts';
import { controlCharacter, hasControls } from './control.ts';
import { firstLine, readEncoding } from './encoding.ts';
import { LazyMessage } from './lazy-message.ts';
import type { Message, Segment } from './message.ts';
import { parseError, parseWarning, type ParseIssue } from './parse-issue.ts';

/** What a header's first two fields are looked for in, in characters. */
const headerMax = 512;

export interface ParseOptions {
  /** iconv name of what the frame was decoded from, for `\X..\` escapes; absent: by MSH-18. */
  readonly charset?: string;
}

/**
 * Reads one message (HL7 v2.5.1 chapter 2). Never throws. `message` is absent where there is no MSH or
 * its separators cannot be read, and then the issues say why; with a message all issues are warnings.
 *
 * Tolerated without a word: BOM, white space and control characters before MSH; segments ended by CR,
 * LF, CRLF or a mixture; blank lines; a missing last terminator. Other control characters go, with a warning. Where CR ends segments, a LF belongs
 * to its field, unless a segment name and separator follow it. Batches are for {@link splitBatch}.
 */
export function parseMessage(
  text: string,
  options: ParseOptions = {},
): { message?: Message; issues: ParseIssue[] } {
  const start = firstVisible(text);
  if (start < 0) return { issues: [parseError('syntax-hl7', 'The message is empty')] };
  if (!text.startsWith('MSH', start)) {
    return { issues: [parseError('syntax-hl7', 'The message does not begin with MSH')] };
  }
  const { encoding, issues } = readEncoding(firstLine(text.slice(start, start + headerMax), 0));
  if (!encoding) return { issues };
  const kept = withoutControls(start === 0 ? text : text.slice(start), issues);
  const lines = splitSegments(kept, encoding.field);
  if (lines.length > limits.segmentsMax) {
    const bound = `segmentsMax (${String(limits.segmentsMax)})`;
    return { issues: [parseError('limit', `The message has more segments than ${bound}`)] };
  }
  if (holdsMoreThan(limits.repetitionsMax, encoding.repetition, kept)) {
    const bound = `repetitionsMax (${String(limits.repetitionsMax)})`;
    return { issues: [parseError('limit', `The message has more repetitions than ${bound}`)] };
  }
  const message = new LazyMessage(lines, encoding, options.charset);
  for (const segment of message.segments) {
    if (segment.name === '???') issues.push(strayLine(segment));
  }
  return { message, issues };
}

function holdsMoreThan(count: number, character: string, text: string): boolean {
  if (character === '' || text.length <= count) return false;
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) {
    found += 1;
    if (found > count) return true;
  }
  return false;
}

/** No text of HL7 or FHIR may hold them, and VT and FS would break the frame of an answer that repeats them. */
function withoutControls(text: string, issues: ParseIssue[]): string {
  if (!hasControls(text)) return text;
  issues.push(parseWarning('value', 'Control characters were left out; no text may hold them'));
  return text.replace(new RegExp(controlCharacter, 'g'), '');
}

/** Text to segment texts, without terminators and blank lines; see {@link parseMessage}. */
function splitSegments(text: string, separator: string): string[] {
  if (!text.includes('\n')) return splitLines(text, '\r');
  if (!text.includes('\r')) return splitLines(text, '\n');
  const strayEnd = new RegExp(`\\n(?=[A-Z][A-Z0-9]{2}${escapeRegExp(separator)})`);
  const lines = text.split('\r').flatMap((piece) => {
    const line = piece.startsWith('\n') ? piece.replace(/^\n+/, '') : piece;
    return line.includes('\n') ? line.split(strayEnd) : [line];
  });
  lines.push(withoutLineFeeds(lines.pop() ?? ''));
  return lines.filter(hasText);
}

/** As `split` does and `filter`, in one pass. */
function splitLines(text: string, terminator: string): string[] {
  const lines: string[] = [];
  let start = 0;
  for (let end = text.indexOf(terminator); end >= 0; end = text.indexOf(terminator, start)) {
    const line = text.slice(start, end);
    if (hasText(line)) lines.push(line);
    start = end + 1;
  }
  const last = text.slice(start);
  if (hasText(last)) lines.push(last);
  return lines;
}

/** Index of the first character that is not blank, a control or a byte order mark; -1 for none. */
function firstVisible(text: string): number {
  return text.startsWith('MSH') ? 0 : text.search(/[^\s\ufeff\u0000-\u001f]/);
}

/** At the end, where they end the last segment. */
function withoutLineFeeds(line: string): string {
  let end = line.length;
  while (line.charAt(end - 1) === '\n') end -= 1;
  return line.slice(0, end);
}

const spaceCode = 0x20;

function hasText(line: string): boolean {
  return line.charCodeAt(0) > spaceCode || line.trim() !== '';
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function strayLine({ index }: Segment): ParseIssue {
  const line = `Line ${String(index + 1)} does not begin with a segment name`;
  return parseWarning('segment-sequence', `${line}; it was kept but cannot be mapped`);
}
