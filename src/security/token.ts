import { SignJWT, errors, jwtVerify } from 'jose';
import type { Keys } from './keys.ts';
import { roles } from './principal.ts';
import type { Principal, Role } from './principal.ts';

/** Audiences keep the three kinds apart: a page session is no API token, a sign-in link is neither. */
export const audience = {
  api: 'weir:api',
  session: 'weir:session',
  signIn: 'weir:sign-in',
} as const;
export type Audience = (typeof audience)[keyof typeof audience];

export interface TokenRequest {
  readonly audience: Audience;
  readonly subject: string;
  readonly display: string;
  readonly role: Role;
  readonly patient?: string;
  readonly ttlSeconds: number;
  readonly now: Date;
  readonly tokenId: string;
}

export interface VerifiedToken {
  readonly principal: Principal;
  readonly tokenId: string;
  readonly validFrom: Date;
  /** From then on it is none. */
  readonly expiresAt: Date;
}

/** A signed JWT. Good at once on every server of the same data folder, as they share the key. */
export async function issueToken(keys: Keys, request: TokenRequest): Promise<string> {
  const issuedAt = Math.floor(request.now.getTime() / 1000);
  return new SignJWT({
    role: request.role,
    name: request.display,
    ...(request.patient === undefined ? {} : { patient: request.patient }),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('weir')
    .setAudience(request.audience)
    .setSubject(request.subject)
    .setJti(request.tokenId)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt - 5)
    .setExpirationTime(issuedAt + request.ttlSeconds)
    .sign(keys.signing);
}

/** The principal of a token for this audience; undefined for anything that is not one, whatever the reason. */
export async function verifyToken(
  keys: Keys,
  token: string,
  expected: Audience,
  now: Date,
): Promise<VerifiedToken | undefined> {
  if (token.length > 4096) return undefined;
  try {
    const { payload } = await jwtVerify(token, keys.signing, {
      algorithms: ['HS256'],
      issuer: 'weir',
      audience: expected,
      currentDate: now,
      requiredClaims: ['sub', 'jti', 'exp', 'nbf', 'role'],
    });
    const role = roles.find((known) => known === payload['role']);
    const { sub, jti, nbf, exp } = payload;
    if (role === undefined || sub === undefined || jti === undefined) return undefined;
    if (nbf === undefined || exp === undefined) return undefined;
    const patient = payload['patient'];
    const display = payload['name'];
    return {
      tokenId: jti,
      validFrom: new Date(nbf * 1000),
      expiresAt: new Date(exp * 1000),
      principal: {
        id: sub,
        display: typeof display === 'string' ? display : sub,
        role,
        ...(typeof patient === 'string' ? { patient } : {}),
      },
    };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
