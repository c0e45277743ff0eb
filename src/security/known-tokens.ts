import { limits } from '../limits.ts';
import type { Keys } from './keys.ts';
import { verifyToken } from './token.ts';
import type { Audience, VerifiedToken } from './token.ts';

/** A token's meaning at an instant; undefined for anything that is no valid token. */
export type TokenReader = (
  token: string,
  expected: Audience,
  now: Date,
) => Promise<VerifiedToken | undefined>;

/**
 * Remembers tokens whose signature was good, as a client sends the same one with each call and checking it costs more
 * than a read by id. Their times are looked at every time. What is refused is not remembered: nobody can
 * crowd out the good ones.
 */
export function rememberTokens(keys: Keys): TokenReader {
  const known = new Map<string, VerifiedToken>();
  return async (token, expected, now) => {
    const name = `${expected} ${token}`;
    const remembered = known.get(name);
    if (remembered !== undefined && isTimely(remembered, now)) return remembered;
    known.delete(name);
    const verified = await verifyToken(keys, token, expected, now);
    if (verified === undefined) return undefined;
    const [oldest] = known.keys();
    if (known.size >= limits.knownTokensMax && oldest !== undefined) known.delete(oldest);
    known.set(name, verified);
    return verified;
  };
}

function isTimely({ validFrom, expiresAt }: VerifiedToken, now: Date): boolean {
  return validFrom.getTime() <= now.getTime() && now.getTime() < expiresAt.getTime();
}
