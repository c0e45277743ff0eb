import type { Guard } from '../objection.ts';

/** The template failed when the message was planned, so that nobody is greeted as "undefined". */
export const templateErrorGuard: Guard = ({ text }) =>
  text === undefined ? { kind: 'refuse', reason: 'template-error' } : undefined;
