import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterAll, expect, it } from 'vitest';
import { pages } from '../../src/web/pages.ts';

const root = mkdtempSync(join(tmpdir(), 'weir-pages-'));
afterAll(() => rmSync(root, { recursive: true }));

function build(name: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<title>the client</title>');
  writeFileSync(join(folder, 'assets/page.js'), 'hello()');
  return folder;
}

async function open(folder: string): Promise<FastifyInstance> {
  const app = fastify({ logger: false });
  await pages(app, folder);
  return app;
}

it('serves files as files and every other address as the client', async () => {
  const app = await open(build('built'));
  const script = await app.inject({ url: '/assets/page.js' });
  expect(script.body).toBe('hello()');
  expect(script.headers['content-type']).toContain('javascript');
  for (const url of ['/', '/people/p1', '/messages?state=failed']) {
    const page = await app.inject({ url });
    expect(page.body).toBe('<title>the client</title>');
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
    });
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  }
  expect((await app.inject({ url: '/assets/none.js' })).statusCode).toBe(404);
});

it.each(['/../secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '//etc/hosts.txt'])(
  'leaves its folder for nobody: %s',
  async (url) => {
    writeFileSync(join(root, 'secret.txt'), 'secret');
    const app = await open(build('built'));
    const answer = await app.inject({ url });
    expect(answer.body).not.toBe('secret');
    expect([403, 404]).toContain(answer.statusCode);
  },
);

it('says so while they are not built, and serves them as soon as they are', async () => {
  const app = await open(join(root, 'late'));
  const page = await app.inject({ url: '/' });
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('The pages are not built');
  expect((await app.inject({ url: '/assets/page.js' })).statusCode).toBe(404);
  build('late');
  expect((await app.inject({ url: '/' })).body).toBe('<title>the client</title>');
  expect((await app.inject({ url: '/assets/page.js' })).body).toBe('hello()');
});
