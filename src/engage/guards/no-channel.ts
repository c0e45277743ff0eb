import type { Guard } from '../guard.ts';

export const noChannelGuard: Guard = ({ recipient, channel }) =>
  recipient && channel ? undefined : { kind: 'refuse', reason: 'no-channel' };
