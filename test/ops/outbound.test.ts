import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, OutboundRefused } from '../../src/ops/outbound.ts';

const refused = [
  'http://169.254.169.254/latest/meta-data/',
  'http://127.0.0.1:8080/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0/',
  'http://10.1.2.3/',
  'http://172.20.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:a00:1]/',
  'http://[64:ff9b::127.0.0.1]/',
  'http://[2002:7f00:1::]/',
  'http://[fe80::1]/',
  'http://[fd00::1]/',
  'http://localhost/',
  'http://x.localhost:1/',
  'http://224.0.0.1/',
  'http://user:secret@example.org/',
  'file:///etc/passwd',
  'ftp://example.org/',
  'gopher://example.org/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'no url',
  '',
];

describe('addresses that others name', () => {
  const outbound = createOutbound('');
  it.each(refused)('%s is never called', async (url) => {
    expect(outbound.objection(url)).toBeTypeOf('string');
    await expect(outbound.send({ method: 'GET', url, timeoutMs: 1000 })).rejects.toThrow(
      OutboundRefused,
    );
  });

  it.each(['https://example.org/x', 'http://8.8.8.8/', 'http://[2606:4700::1111]/'])(
    '%s may be called',
    (url) => expect(outbound.objection(url)).toBeUndefined(),
  );

  it('allows what the operator allows, and nothing beside it', () => {
    const some = createOutbound('127.0.0.1, 10.0.0.0/8 fd00::/8');
    for (const url of ['http://127.0.0.1/', 'http://10.9.9.9/', 'http://[fd00::7]/']) {
      expect(some.objection(url)).toBeUndefined();
    }
    for (const url of ['http://127.0.0.2/', 'http://192.168.0.1/', 'http://[fe80::7]/']) {
      expect(some.objection(url)).toBeTypeOf('string');
    }
    expect(() => createOutbound('10.0.0.0/99')).toThrow(/range/);
    expect(() => createOutbound('example.org')).toThrow(/range/);
  });
});

describe('a call', () => {
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: 'http://127.0.0.1/' }).end();
    else if (request.url === '/silent') return;
    else response.end(`${request.method} ${String(request.headers['x-mark'])}`);
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const outbound = createOutbound('127.0.0.1');

  it('is made as asked for', async () => {
    const headers = { 'x-mark': 'here' };
    const answer = await outbound.send({
      method: 'GET',
      url: `${base}/`,
      headers,
      timeoutMs: 5000,
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('GET here');
  });

  it('follows no redirect', async () => {
    const answer = await outbound.send({ method: 'GET', url: `${base}/away`, timeoutMs: 5000 });
    expect(answer.status).toBe(302);
    answer.drop();
  });

  it('ends where nothing is answered', async () => {
    const call = outbound.send({ method: 'POST', url: `${base}/silent`, body: 'x', timeoutMs: 50 });
    await expect(call).rejects.toThrow(/50 ms/);
  });

  it.each([
    [['127.0.0.1'], '', false],
    [['127.0.0.1'], '127.0.0.1', true],
    [['8.8.8.8', '127.0.0.1'], '', false],
    [['::ffff:127.0.0.1'], '', false],
    [['fd00::1'], '', false],
    [[], '', false],
  ])('a name that leads to %j, with "%s" allowed: %s', async (addresses, allowed, isCalled) => {
    let asked = 0;
    const any = createOutbound(allowed, (_name, _options, callback) => {
      asked += 1;
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    });
    const url = base.replace('127.0.0.1', 'inside.example.org');
    const call = any.send({ method: 'GET', url, timeoutMs: 5000 });
    if (isCalled) (await call).drop();
    else await expect(call).rejects.toThrow(OutboundRefused);
    expect(asked).toBe(1);
  });
});
