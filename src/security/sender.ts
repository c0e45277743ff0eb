import { fail } from '../fhir/issue.ts';
import type { Principal } from './principal.ts';

const senders = new Set(['admin', 'integration']);

/** Lets pass who may send HL7 v2 over HTTP. Throws `login` or `forbidden`. */
export function requireSender(principal: Principal | undefined): Principal {
  if (principal === undefined) fail('login', 'Send a valid token as Authorization: Bearer');
  if (principal.patient !== undefined || !senders.has(principal.role)) {
    fail('forbidden', `The role ${principal.role} does not send messages; integration does`);
  }
  return principal;
}
