import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../src/security/authenticate.ts';
import { loadKeys } from '../../src/security/keys.ts';
import { rememberTokens } from '../../src/security/known-tokens.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience, verifyToken } from '../../src/security/token.ts';

const now = new Date('2026-03-01T12:00:00Z');
const keys = { signing: new Uint8Array(48).fill(7) };
const tokens = rememberTokens(keys);
const nurse = { id: 'ann', display: 'Ann', role: 'nurse' } as const;
const context = { keys, clock: () => now, newId: () => 'jti-1' };
const api = { audience: audience.api, ttlSeconds: 60 };

async function forged(
  change: (jwt: SignJWT) => SignJWT,
  { key = keys.signing, alg = 'HS256' }: { key?: Uint8Array; alg?: string } = {},
) {
  const jwt = new SignJWT({ role: 'admin' })
    .setProtectedHeader({ alg })
    .setIssuer('weir')
    .setAudience(audience.api)
    .setSubject('x')
    .setJti('j')
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(new Date(now.getTime() + 60_000));
  return change(jwt).sign(key);
}

describe('tokens', () => {
  it('a token made beside a running server names its principal', async () => {
    const token = await tokenFor(context, { ...nurse, patient: 'p1' }, api);
    const verified = await verifyToken(keys, token, audience.api, now);
    expect(verified?.principal).toEqual({ ...nurse, patient: 'p1' });
  });

  it('a well-formed forged token would pass, so the refusals below mean something', async () => {
    expect(await verifyToken(keys, await forged((jwt) => jwt), audience.api, now)).toBeDefined();
  });

  const later = (ms: number): Date => new Date(now.getTime() + ms);
  it.each([
    ['another key', () => forged((jwt) => jwt, { key: new Uint8Array(48).fill(8) })],
    ['expired', () => forged((jwt) => jwt.setExpirationTime(later(-1000)))],
    ['not yet valid', () => forged((jwt) => jwt.setNotBefore(later(60_000)))],
    ['another issuer', () => forged((jwt) => jwt.setIssuer('else'))],
    ['another audience', () => forged((jwt) => jwt.setAudience(audience.session))],
    ['no audience of ours', () => forged((jwt) => jwt.setAudience('weir'))],
    [
      'another algorithm',
      () => forged((jwt) => jwt, { alg: 'HS512', key: new Uint8Array(64).fill(7) }),
    ],
    ['alg none', async () => new UnsecuredJWT({ role: 'admin' }).setSubject('x').encode()],
    [
      'a public-key signature',
      async () => {
        const { privateKey } = await generateKeyPair('ES256');
        return new SignJWT({ role: 'admin' })
          .setProtectedHeader({ alg: 'ES256' })
          .setIssuer('weir')
          .setAudience(audience.api)
          .setSubject('x')
          .setJti('j')
          .setNotBefore(now)
          .setExpirationTime(later(60_000))
          .sign(privateKey);
      },
    ],
    ['an unknown role', async () => tokenFor(context, { ...nurse, role: 'root' as 'admin' }, api)],
    ['not a token', async () => 'a.b.c'],
    ['oversized', async () => 'a'.repeat(5000)],
  ])('is refused: %s', async (_case, make) => {
    expect(await verifyToken(keys, await make(), audience.api, now)).toBeUndefined();
  });

  it('the key of a data folder is made once and then kept', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-keys-'));
    const data = join(folder, 'data');
    expect(loadKeys(data).signing).toEqual(loadKeys(data).signing);
    expect(loadKeys(data).signing.length).toBe(48);
    rmSync(folder, { recursive: true });
  });

  it('says what to do with a key that a power cut has left empty', () => {
    const data = mkdtempSync(join(tmpdir(), 'weir-keys-'));
    mkdirSync(join(data, 'keys'));
    writeFileSync(join(data, 'keys/signing.key'), '');
    expect(() => loadKeys(data)).toThrow(/cut short: restore it/);
    rmSync(data, { recursive: true });
  });
});

describe('remembered tokens', () => {
  const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);

  it('a token is good again and again, until it expires', async () => {
    const token = await tokenFor(context, nurse, api);
    const read = rememberTokens(keys);
    for (const seconds of [0, 30, 59]) {
      expect((await read(token, audience.api, at(seconds)))?.principal).toEqual(nurse);
    }
    expect(await read(token, audience.api, at(60))).toBeUndefined();
    expect(await read(token, audience.api, at(59))).toBeDefined();
  });

  it('is not good earlier than it was made for, or elsewhere, because it was good once', async () => {
    const token = await tokenFor(context, nurse, api);
    const read = rememberTokens(keys);
    expect(await read(token, audience.api, now)).toBeDefined();
    expect(await read(token, audience.api, at(-6))).toBeUndefined();
    expect(await read(token, audience.session, now)).toBeUndefined();
    expect(await read(`${token}x`, audience.api, now)).toBeUndefined();
  });
});

describe('authenticate', () => {
  const cookieFor = async () =>
    `a=b; weir_session=${await tokenFor(context, nurse, { audience: audience.session, ttlSeconds: 60 })}`;

  it('takes a bearer token for any method', async () => {
    const authorization = `Bearer ${await tokenFor(context, nurse, api)}`;
    expect(await authenticate(tokens, { method: 'DELETE', authorization }, now)).toEqual(nurse);
  });

  it('takes no session as a bearer token and no API token as a session', async () => {
    const session = (await cookieFor()).split('weir_session=')[1];
    expect(
      await authenticate(tokens, { method: 'GET', authorization: `Bearer ${session}` }, now),
    ).toBeUndefined();
    const cookie = `weir_session=${await tokenFor(context, nurse, api)}`;
    expect(await authenticate(tokens, { method: 'GET', cookie }, now)).toBeUndefined();
  });

  it.each([
    ['GET from anywhere', { method: 'GET' }, true],
    ['POST of our own page', { method: 'POST', fetchSite: 'same-origin' }, true],
    ['POST of another site', { method: 'POST', fetchSite: 'cross-site' }, false],
    ['POST of a sister site', { method: 'POST', fetchSite: 'same-site' }, false],
    ['POST, old browser, our origin', { method: 'POST', origin: 'http://h:1', host: 'h:1' }, true],
    [
      'POST, old browser, other origin',
      { method: 'POST', origin: 'http://evil', host: 'h:1' },
      false,
    ],
    ['POST, neither header', { method: 'POST', host: 'h:1' }, false],
    ['POST, origin null', { method: 'POST', origin: 'null', host: 'h:1' }, false],
  ])('a cookie: %s', async (_case, credentials, taken) => {
    const principal = await authenticate(
      tokens,
      { ...credentials, cookie: await cookieFor() },
      now,
    );
    expect(principal !== undefined).toBe(taken);
  });
});
