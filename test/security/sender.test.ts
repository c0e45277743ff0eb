import { describe, expect, it } from 'vitest';
import { roles } from '../../src/security/principal.ts';
import { requireSender } from '../../src/security/sender.ts';

describe('sending HL7 v2 over HTTP', () => {
  it.each(roles)('%s', (role) => {
    const principal = { id: 'x', display: 'X', role };
    if (role === 'admin' || role === 'integration') {
      expect(requireSender(principal)).toBe(principal);
      expect(() => requireSender({ ...principal, patient: 'p1' })).toThrow('does not send');
    } else {
      expect(() => requireSender(principal)).toThrow(`The role ${role} does not send messages`);
    }
  });

  it('needs a token', () => {
    expect(() => requireSender(undefined)).toThrow('Authorization: Bearer');
  });
});
