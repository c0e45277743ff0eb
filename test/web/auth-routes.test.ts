import { beforeEach, describe, expect, it } from 'vitest';
import { createAccount } from '../../src/security/account.ts';
import { audience } from '../../src/security/token.ts';
import { firstAdministrator } from '../../src/web/auth-routes.ts';
import { cookieOf, nurse, openWebApp } from './web-app.ts';
import type { WebApp } from './web-app.ts';

let web: WebApp;
beforeEach(async () => {
  web = await openWebApp();
});

const password = 'correct horse';
const origin = { host: 'weir.test', origin: 'http://weir.test' };

async function open(token: string, to = ''): Promise<{ location: string; cookie: string }> {
  const url = `/auth/link?token=${token}${to === '' ? '' : `&to=${encodeURIComponent(to)}`}`;
  const response = await web.app.inject({ url });
  expect(response.statusCode).toBe(302);
  return { location: String(response.headers.location), cookie: cookieOf(response) };
}

async function signIn(name: string, word: string) {
  return web.app.inject({
    method: 'POST',
    url: '/auth/sign-in',
    payload: { name, password: word },
  });
}

const me = (cookie: string) => web.app.inject({ url: '/auth/me', headers: { cookie } });

describe('a one-time link', () => {
  it('signs in once; the second time it leads to the sign-in page without a session', async () => {
    const token = await web.token(nurse, audience.signIn);
    const { location, cookie } = await open(token, '/people/p1?tab=2');
    expect(location).toBe('/people/p1?tab=2');
    expect((await me(cookie)).json()).toEqual(nurse);
    expect(await open(token)).toEqual({ location: '/sign-in?link=used', cookie: '' });
  });

  it('works for one of many who open it at once', async () => {
    const token = await web.token(nurse, audience.signIn);
    const opened = await Promise.all(Array.from({ length: 8 }, () => open(token)));
    expect(opened.filter(({ cookie }) => cookie !== '')).toHaveLength(1);
  });

  it.each([
    ['is over', async () => web.token(nurse, audience.signIn, 60)],
    ['is an API token', async () => web.token(nurse, audience.api)],
    ['is a session', async () => web.token(nurse, audience.session)],
    ['is nothing', async () => 'nonsense'],
  ])('does not work when it %s', async (_case, tokenOf) => {
    const token = await tokenOf();
    web.wait(61_000);
    expect(await open(token)).toEqual({ location: '/sign-in?link=used', cookie: '' });
  });

  it.each([
    '//evil.example',
    'https://evil.example/',
    'https:evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'people',
    '',
  ])('never leads away: to=%j goes to the start', async (to) => {
    expect((await open(await web.token(nurse, audience.signIn), to)).location).toBe('/');
  });
});

describe('the first administrator', () => {
  const form = { name: 'Root', display: 'The Root', password };
  async function create(cookie: string, payload: object = form) {
    const headers = { cookie, ...origin };
    return web.app.inject({ method: 'POST', url: '/auth/administrator', headers, payload });
  }
  const firstLink = async () => open(await web.token(firstAdministrator, audience.signIn));

  it('is made by the first link, signs in, and all other ways are closed then', async () => {
    const waiting = await web.token(firstAdministrator, audience.signIn);
    const { location, cookie } = await firstLink();
    expect(location).toBe('/administrator');
    const made = await create(cookie);
    expect(made.statusCode).toBe(201);
    const root = { id: 'root', display: 'The Root', role: 'admin' };
    expect((await me(cookieOf(made))).json()).toEqual(root);
    expect((await signIn('ROOT ', password)).json()).toEqual(root);

    expect((await create(cookie, { ...form, name: 'second' })).statusCode).toBe(409);
    expect(await open(waiting)).toEqual({ location: '/sign-in?link=used', cookie: '' });
  });

  it('is one, however many forms are sent at once', async () => {
    const { cookie } = await firstLink();
    const names = ['one', 'two', 'three', 'four'];
    const answers = await Promise.all(names.map((name) => create(cookie, { ...form, name })));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409, 409]);
    expect(await web.store.states('account|')).toHaveLength(1);
  });

  it('is not made by anyone else', async () => {
    expect((await create('')).statusCode).toBe(401);
    const { cookie } = await open(await web.token({ ...nurse, role: 'admin' }, audience.signIn));
    expect((await create(cookie)).statusCode).toBe(401);
    expect(await web.store.states('account|')).toHaveLength(0);
  });

  it.each([
    [{ ...form, password: 'too short' }, 'A password has at least 10 characters'],
    [{ ...form, password: 'x'.repeat(201) }, 'A password has at least 10 characters'],
    [{ ...form, name: 'a' }, 'A user name has 2 to 64 letters'],
    [{ ...form, name: 'a|b' }, 'A user name has 2 to 64 letters'],
    [{}, 'A user name has 2 to 64 letters'],
  ])('has a name and a password that hold: %j is refused', async (payload, text) => {
    const answer = await create((await firstLink()).cookie, payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ message: string }>().message).toContain(text);
    expect(await web.store.states('account|')).toHaveLength(0);
  });
});

describe('signing in with a password', () => {
  beforeEach(async () => {
    const account = { name: 'ann', display: 'Ann', role: 'nurse', password } as const;
    await createAccount(web.store, account, new Date());
  });

  it('opens a session that ends after its hours', async () => {
    const answer = await signIn('ann', password);
    expect(answer.json()).toEqual(nurse);
    const cookie = cookieOf(answer);
    expect((await me(cookie)).statusCode).toBe(200);
    web.wait(12 * 3600_000 + 1000);
    expect((await me(cookie)).statusCode).toBe(401);
  });

  it('says the same of a wrong password and of an unknown name', async () => {
    const answers = [await signIn('ann', 'wrong password'), await signIn('bob', password)];
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect(answers[0]?.body).toBe(answers[1]?.body);
  });

  it.each([[undefined], ['[]'], ['{"name":{"$gt":""},"password":1}'], ['null']])(
    'takes %j for nobody',
    async (payload) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await web.app.inject({
        method: 'POST',
        url: '/auth/sign-in',
        headers,
        ...(payload === undefined ? {} : { payload }),
      });
      expect([400, 401]).toContain(answer.statusCode);
    },
  );

  it('closes for a minute after twenty failures, also when they come at once', async () => {
    await signIn('ann', password);
    const guesses = Array.from({ length: 25 }, () => signIn('ann', 'wrong password'));
    const codes = (await Promise.all(guesses)).map(({ statusCode }) => statusCode);
    expect(codes.filter((code) => code === 401)).toHaveLength(20);
    expect(codes.filter((code) => code === 429)).toHaveLength(5);
    expect((await signIn('ann', password)).statusCode).toBe(429);
    web.wait(59_000);
    expect((await signIn('ann', password)).statusCode).toBe(429);
    web.wait(1_000);
    expect((await signIn('ann', password)).statusCode).toBe(200);
  });

  it('opens again when the clock was set back', async () => {
    await Promise.all(Array.from({ length: 20 }, () => signIn('ann', 'wrong password')));
    web.wait(-3600_000);
    expect((await signIn('ann', password)).statusCode).toBe(200);
  });
});

describe('the session cookie', () => {
  it.each([
    [false, 'Path=/; HttpOnly; SameSite=Lax; Max-Age=43200'],
    [true, 'Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure'],
  ])('is out of reach of scripts and other sites (TLS: %s)', async (secureCookie, flags) => {
    web = await openWebApp({ secureCookie });
    const token = await web.token(nurse, audience.signIn);
    const response = await web.app.inject({ url: `/auth/link?token=${token}` });
    expect(response.headers['set-cookie']).toMatch(/^weir_session=[\w.-]+; /);
    expect(String(response.headers['set-cookie']).replace(/^[^;]+; /, '')).toBe(flags);
  });

  it('is taken back by signing out, but not by the page of another site', async () => {
    const { cookie } = await open(await web.token(nurse, audience.signIn));
    const signOut = (headers: Record<string, string>) =>
      web.app.inject({ method: 'POST', url: '/auth/sign-out', headers: { cookie, ...headers } });
    const foreign = [
      { host: 'weir.test', origin: 'https://evil.example' },
      { host: 'weir.test', origin: 'http://weir.test', 'sec-fetch-site': 'cross-site' },
      { host: 'weir.test', origin: 'null' },
      { host: 'weir.test' },
    ];
    for (const headers of foreign) {
      expect((await signOut(headers)).headers['set-cookie']).toBeUndefined();
    }
    const own = await signOut(origin);
    expect(own.statusCode).toBe(204);
    expect(own.headers['set-cookie']).toMatch(/^weir_session=; .*Max-Age=0/);
  });

  it('does not change anything from the page of another site', async () => {
    const { cookie } = await open(await web.token(firstAdministrator, audience.signIn));
    const answer = await web.app.inject({
      method: 'POST',
      url: '/auth/administrator',
      headers: { cookie, host: 'weir.test', origin: 'https://evil.example' },
      payload: { name: 'mallory', password },
    });
    expect(answer.statusCode).toBe(401);
    expect(await web.store.states('account|')).toHaveLength(0);
  });

  it('says who one is, and is kept by no cache', async () => {
    const { cookie } = await open(await web.token(nurse, audience.signIn));
    const answer = await me(`other=1; ${cookie}; last=2`);
    expect(answer.json()).toEqual(nurse);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await me('')).statusCode).toBe(401);
    expect((await me(`${cookie}x`)).statusCode).toBe(401);
    expect((await me('weir_session=')).statusCode).toBe(401);
  });
});
