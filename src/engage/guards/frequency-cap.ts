import type { Guard } from '../objection.ts';

export const frequencyCapGuard: Guard = ({ caps }) =>
  caps.some(({ max, sent }) => sent >= max)
    ? { kind: 'refuse', reason: 'frequency-cap' }
    : undefined;
