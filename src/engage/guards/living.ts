import type { Guard } from '../objection.ts';

/** A merged record hands over to its survivor (facts.ts follows the links); this is the chain that breaks. */
export const mergedGuard: Guard = ({ survivorLost }) =>
  survivorLost ? { kind: 'refuse', reason: 'merged' } : undefined;

export const deceasedGuard: Guard = ({ person }) =>
  person?.['deceasedBoolean'] === true || person?.['deceasedDateTime'] !== undefined
    ? { kind: 'refuse', reason: 'deceased' }
    : undefined;

export const inactiveGuard: Guard = ({ person }) =>
  person?.['active'] === false ? { kind: 'refuse', reason: 'inactive' } : undefined;
