import type { Guard } from '../objection.ts';

export const expiredGuard: Guard = ({ now, payload }) =>
  payload.expiresAt !== undefined && now > new Date(payload.expiresAt)
    ? { kind: 'refuse', reason: 'expired' }
    : undefined;
