import type { Guard } from '../objection.ts';

/** An empty text, or one too long for the channel. A text that could not be made is template-error's. */
export const contentGuard: Guard = ({ text, channel }) =>
  text !== undefined && (text === '' || text.length > (channel?.textMax ?? 0))
    ? { kind: 'refuse', reason: 'content' }
    : undefined;
