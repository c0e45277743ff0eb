import type { Message } from './message.ts';

/** MSH-13: what the sender counts; NaN where it is not valued or no number. */
export function sequenceNumberOf(message: Message): number {
  const text = message.segment('MSH')?.field(13).text.trim() ?? '';
  return /^(-1|\d{1,15})$/.test(text) ? Number(text) : Number.NaN;
}
