import { decodeFrame } from '../../hl7v2/charset.ts';

/** Segments that speak of the message and not of a person. */
const open = new Set(['MSH', 'MSA', 'ERR', 'EVN']);

/** A message as lines, with the letters and digits of every field covered but in segments that are not about a person. */
export function maskedLines(bytes: Uint8Array): string {
  return linesOf(bytes)
    .split('\n')
    .map((line) => (open.has(line.slice(0, 3)) ? line : line.slice(0, 3) + covered(line.slice(3))))
    .join('\n');
}

/** A message as lines. */
export function linesOf(bytes: Uint8Array): string {
  return decodeFrame(bytes).text.replace(/\r\n?/g, '\n').trimEnd();
}

function covered(text: string): string {
  return text.replace(/[\p{L}\p{M}\p{N}]/gu, '*');
}
