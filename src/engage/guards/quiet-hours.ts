import type { Guard } from '../objection.ts';
import { quietUntil } from '../schedule.ts';

/** Waits for the morning; what is of no use by then expires when it is asked again. */
export const quietHoursGuard: Guard = ({ now, quietHours, payload }) => {
  const until = quietHours && quietUntil(now, quietHours, payload.zone);
  return until && { kind: 'defer', until };
};
