import type { Principal } from '../security/principal.ts';

/** Who works on a message, and why. */
export interface Doing {
  readonly principal: Principal;
  readonly requestId: string;
  readonly reason?: string;
}
