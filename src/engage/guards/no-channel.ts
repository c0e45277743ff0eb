import type { Guard } from '../objection.ts';

export const noChannelGuard: Guard = ({ recipient, channel }) =>
  recipient && channel ? undefined : { kind: 'refuse', reason: 'no-channel' };
