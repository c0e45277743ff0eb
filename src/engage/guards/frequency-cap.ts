import type { Guard } from '../guard.ts';

export const frequencyCapGuard: Guard = ({ caps }) =>
  caps.some(({ max, sent }) => sent >= max)
    ? { kind: 'refuse', reason: 'frequency-cap' }
    : undefined;
