import { hasOutcome } from '../attempt.ts';
import type { Guard } from '../objection.ts';

/** An attempt that is still in progress is ours to finish; one with an outcome is not repeated. */
export const duplicateGuard: Guard = ({ attempt }) =>
  hasOutcome(attempt) ? { kind: 'refuse', reason: 'duplicate' } : undefined;
