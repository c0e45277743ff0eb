import type { Guard } from '../guard.ts';

export const expiredGuard: Guard = ({ now, payload }) =>
  payload.expiresAt !== undefined && now > new Date(payload.expiresAt)
    ? { kind: 'refuse', reason: 'expired' }
    : undefined;
