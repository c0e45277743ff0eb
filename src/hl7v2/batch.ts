import { parseError, parseWarning, type ParseIssue } from './parse-issue.ts';
import { present } from './present.ts';

/** The messages of a file or body, in order. */
export interface Batch {
  /** Each from its MSH to before the next header or trailer. */
  readonly messages: readonly string[];
  /** FHS, where there is one. */
  readonly fileHeader?: string;
  /** The same messages as they are in batches. */
  readonly batches: readonly BatchPart[];
  /** Wrong counts in BTS-1 and FTS-1, text outside messages, no message at all. */
  readonly issues: readonly ParseIssue[];
}

/** What is between BHS and BTS, or beside of such. */
export interface BatchPart {
  /** BHS; without it these messages are in no batch. */
  readonly header?: string;
  readonly messages: readonly string[];
  /** What is wrong with its trailer. */
  readonly issues: readonly ParseIssue[];
}

/** A header or trailer at the start of a line, or right after MLLP's or a byte order mark. */
const boundary = /(?<![^\r\n\v\u001c\ufeff])(?:MSH|FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s])/g;

/** A message (`MSH`), header or trailer, by the name of its first segment. */
export interface BatchSegment {
  readonly name: string;
  readonly text: string;
}

/**
 * Splits `[FHS] { [BHS] { MSH .. } [BTS] } [FTS]` (HL7 v2.5.1 chapter 2.10.3), and files of several
 * messages without any of these. A wrong count is reported and changes nothing: all messages are there.
 */
export function splitBatch(text: string): Batch {
  const starts = [...text.matchAll(boundary)].map((match) => match.index);
  const parts: BatchSegment[] = starts.map((start, index) => ({
    name: text.slice(start, start + 3),
    text: endOnce(text.slice(start, starts[index + 1] ?? text.length)),
  }));
  const messages = parts.filter((part) => part.name === 'MSH').map((part) => part.text);
  const { batches, issues } = group(parts);
  if (hasText(text.slice(0, starts[0] ?? text.length))) {
    const outside = 'There is text before the first segment header; it was not read';
    issues.push(parseWarning('structure', outside));
  }
  if (messages.length === 0) issues.push(parseError('syntax-hl7', 'There is no MSH segment'));
  const fileHeader = parts.find(({ name }) => name === 'FHS')?.text.trimEnd();
  const all = [...batches.flatMap((batch) => batch.issues), ...issues];
  return { messages, batches, issues: all, ...present({ fileHeader }) };
}

interface Growing {
  header?: string;
  readonly messages: string[];
  readonly issues: ParseIssue[];
}

/** The batches, and what is wrong with the file around them. */
function group(parts: readonly BatchSegment[]): {
  batches: readonly BatchPart[];
  issues: ParseIssue[];
} {
  const batches: Growing[] = [];
  const issues: ParseIssue[] = [];
  let open: Growing | undefined;
  let ended = 0;
  const begin = (header?: string): Growing => {
    const batch: Growing = { messages: [], issues: [], ...present({ header }) };
    batches.push(batch);
    return batch;
  };
  for (const part of parts) {
    if (part.name === 'BHS') {
      open?.issues.push(...unended(open));
      open = begin(part.text.trimEnd());
    } else if (part.name === 'MSH') (open ??= begin()).messages.push(part.text);
    else if (part.name === 'BTS') {
      const batch = open ?? begin();
      batch.issues.push(...compareCount(part, batch.messages.length));
      open = undefined;
      ended += 1;
    } else if (part.name === 'FTS') issues.push(...compareCount(part, ended));
  }
  open?.issues.push(...unended(open));
  const names = new Set(parts.map(({ name }) => name));
  if (names.has('FHS') && !names.has('FTS')) issues.push(noTrailer('FTS'));
  return { batches, issues };
}

function unended({ header }: Growing): readonly ParseIssue[] {
  return header === undefined ? [] : [noTrailer('BTS')];
}

/** Says that a batch or file has no end. */
export function noTrailer(name: string): ParseIssue {
  return parseWarning('structure', `There is no ${name}; something may be missing`, name);
}

/** What a trailer says that is not so: BTS-1 counts messages, FTS-1 batches. */
export function compareCount(trailer: BatchSegment, found: number): ParseIssue[] {
  const what = trailer.name === 'BTS' ? 'messages' : 'batches';
  const separator = trailer.text.charAt(3);
  const said =
    trailer.text
      .split(/[\r\n]/, 1)[0]
      ?.split(separator)[1]
      ?.trim() ?? '';
  if (said === '' || Number(said) === found) return [];
  const location = `${trailer.name}-1`;
  const text = `${location} does not say ${String(found)}, the number of ${what} that are there`;
  return [parseWarning('value', text, location)];
}

/** Without blank lines and MLLP's characters at the end; one terminator, of the kind that the text has. */
export function endOnce(text: string): string {
  let end = text.length;
  while ('\r\n\v\u001c\ufeff'.includes(text.charAt(end - 1)) && end > 0) end -= 1;
  const kept = text.slice(0, end);
  return kept + (!kept.includes('\r') && kept.includes('\n') ? '\n' : '\r');
}

function hasText(text: string): boolean {
  return /[^\s\v\u001c\ufeff]/.test(text);
}
