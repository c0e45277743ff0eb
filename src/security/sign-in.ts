import { CommitRefused } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import type { Keys } from './keys.ts';
import type { Principal } from './principal.ts';
import { audience, issueToken, verifyToken } from './token.ts';
import type { Audience } from './token.ts';

/** What a one-time link opens: a session as someone, or the page that makes the first administrator. */
export interface SignInContext {
  readonly store: Store;
  readonly keys: Keys;
  readonly clock: () => Date;
  readonly newId: () => string;
}

/** A token that makes its bearer this principal: an API token, a session cookie or a one-time link. */
export async function tokenFor(
  context: Pick<SignInContext, 'keys' | 'clock' | 'newId'>,
  principal: Principal,
  kind: { readonly audience: Audience; readonly ttlSeconds: number },
): Promise<string> {
  return issueToken(context.keys, {
    ...kind,
    subject: principal.id,
    display: principal.display,
    role: principal.role,
    ...(principal.patient === undefined ? {} : { patient: principal.patient }),
    now: context.clock(),
    tokenId: context.newId(),
  });
}

/** The principal of a link that is opened for the first time; undefined for a used, expired or foreign one. */
export async function redeemSignInToken(
  context: SignInContext,
  token: string,
): Promise<Principal | undefined> {
  const now = context.clock();
  const verified = await verifyToken(context.keys, token, audience.signIn, now);
  if (verified === undefined) return undefined;
  const key = `sign-in-used|${verified.tokenId}`;
  try {
    await context.store.commit({
      now,
      origin: 'security',
      changes: [],
      state: [{ key, value: verified.expiresAt.toISOString(), expectRevision: 0 }],
    });
  } catch (error) {
    if (error instanceof CommitRefused) return undefined;
    throw error;
  }
  return verified.principal;
}
