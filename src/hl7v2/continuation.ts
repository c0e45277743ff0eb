import type { Message } from './message.ts';

/** How a message hangs together with others (HL7 v2.5.1 chapter 2.10.2); at least one is valued. */
export interface Continuation {
  /** MSH-14: the pointer by which an earlier message said that it goes on here. */
  readonly follows: string;
  /** DSC-1: the pointer that the next message will name. */
  readonly next: string;
}

/**
 * Undefined for a message on its own. DSC-2 `I` is a query whose next page must be asked for: each page is
 * a message on its own.
 */
export function continuationOf(message: Message): Continuation | undefined {
  const follows = message.segment('MSH')?.field(14).text.trim() ?? '';
  const dsc = message.segment('DSC');
  const next = dsc?.field(2).text === 'I' ? '' : (dsc?.field(1).text.trim() ?? '');
  return follows === '' && next === '' ? undefined : { follows, next };
}

/**
 * A message text whose ADD segments went back into the segments that they continue. One that follows MSH
 * stays: what it continues is in another message.
 */
export function joinAddenda(text: string): string {
  const start = text.indexOf('MSH');
  const separator = text.charAt(start + 3);
  const mark = `ADD${separator}`;
  if (start < 0 || separator === '' || !beginsLine(text, mark)) return text;
  const end = text.slice(start).search(/[\r\n]/);
  if (end < 0) return text;
  const parts: string[] = [];
  let hasSegment = false;
  for (const [index, part] of text
    .slice(start + end)
    .split(mark)
    .entries()) {
    const last = parts.at(-1) ?? '';
    const isSegment = index > 0 && /[\r\n]$/.test(last);
    if (isSegment && hasSegment) parts.push(withoutEnds(parts.pop() ?? ''), part);
    else if (index > 0) parts.push(mark, part);
    else parts.push(part);
    hasSegment ||= part.trim() !== '';
  }
  return text.slice(0, start + end) + parts.join('');
}

function beginsLine(text: string, mark: string): boolean {
  return text.includes(`\r${mark}`) || text.includes(`\n${mark}`);
}

/**
 * One message text of its fragments, in their order: the first's MSH, everything else but DSC, and ADD
 * back where it belongs.
 */
export function joinFragments(texts: readonly string[]): string {
  const lines = texts.flatMap((text, index) => {
    const segments = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    const own = segments.filter((line) => !line.startsWith('DSC'));
    return index === 0 ? own : own.slice(1);
  });
  return joinAddenda(lines.map((line) => `${line}\r`).join(''));
}

function withoutEnds(text: string): string {
  let end = text.length;
  while (end > 0 && '\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
