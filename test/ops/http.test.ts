import { once } from 'node:events';
import { Agent, get as httpGet } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttp } from '../../src/ops/http.ts';
import { openHttpPort } from '../../src/ops/http-port.ts';
import type { HttpPort } from '../../src/ops/http-port.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import type { Reindexing } from '../../src/ops/metrics.ts';
import { badHead, badUrl } from '../../src/rest/failure.ts';
import { answerFailure } from '../../src/web/failure.ts';

let port: HttpPort;
let app: ReturnType<typeof createHttp>;
let check: () => Promise<void>;
let logged: string[];
let slow: PromiseWithResolvers<string>;
let reindexing: Reindexing[];

beforeEach(async () => {
  check = async () => undefined;
  logged = [];
  slow = Promise.withResolvers();
  reindexing = [];
  let lastId = 0;
  port = await openHttpPort('127.0.0.1', 0);
  app = createHttp({
    port,
    log: pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }),
    metrics: createMetrics({
      journalCounts: async () => [{ feed: 'ehr', state: 'processed', ackCode: 'AA', count: 3 }],
      resourceCounts: async () => new Map([['Patient', 2]]),
      alarms: async () => [],
      destinations: async () => [],
      reindexing: () => reindexing,
    }),
    newId: () => `r-${String((lastId += 1))}`,
    check: () => check(),
    reindexing: () => reindexing,
    callerOf: async ({ headers }) =>
      headers.authorization === 'Bearer good' ? { id: 'ann' } : undefined,
    onFailure: answerFailure,
    onBadUrl: badUrl,
    onBadHead: badHead,
  });
  app.get('/slow', () => slow.promise);
  app.get('/fault', async () => {
    throw new Error('SELECT secret FROM place');
  });
  await app.ready();
});

afterEach(async () => {
  slow.resolve('');
  await app.close();
  await port.close();
});

describe('an upgrade that is not to a WebSocket', () => {
  it('is declined by an ordinary answer', async () => {
    app.server.on('upgrade', (_request, socket) => socket.destroy());
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' };
    const [answer] = (await once(httpGet(`${port.url}/health`, { headers }), 'response')) as [
      IncomingMessage,
    ];
    answer.resume();
    expect(answer.statusCode).toBe(200);
  });
});

describe('/health', () => {
  it('is open to all and kept by no cache', async () => {
    const answer = await fetch(`${port.url}/health`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ status: 'ok' });
  });

  it('tells how far reindexing is, while there is any, and no counts', async () => {
    reindexing.push({ type: 'Patient', done: 309, total: 1000 });
    const answer = await fetch(`${port.url}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'ok',
      reindexing: [{ type: 'Patient', percent: 30 }],
    });
  });

  it('is 503 when the store does not answer; why is in the log only', async () => {
    check = async () => {
      throw new Error('/var/lib/weir.db: disk I/O error');
    };
    const answer = await fetch(`${port.url}/health`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('{"status":"failing"}');
    expect(logged.join()).toContain('disk I/O error');
    expect(logged.join()).toContain(answer.headers.get('x-request-id') ?? '?');
  });
});

describe('/metrics', () => {
  const ask = (headers: Record<string, string>) => fetch(`${port.url}/metrics`, { headers });

  it('needs a token', async () => {
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: 'Bearer bad' })).status).toBe(401);
  });

  it('shows the journal, the resources and the requests, by route and never by address', async () => {
    await fetch(`${port.url}/health?name=ZZCANARY`);
    await fetch(`${port.url}/ZZCANARY`);
    const answer = await ask({ authorization: 'Bearer good' });
    expect(answer.headers.get('content-type')).toContain('text/plain');
    const text = await answer.text();
    expect(text).toContain('weir_journal_messages{feed="ehr",state="processed",ack="AA"} 3');
    expect(text).toContain('weir_resources{type="Patient"} 2');
    expect(text).toContain('weir_http_requests_total{method="GET",route="/health",status="200"} 1');
    expect(text).toContain('weir_http_requests_total{method="GET",route="none",status="404"} 1');
    expect(text).not.toContain('ZZCANARY');
  });
});

describe('a request', () => {
  it('has an id of its own, in the answer and in the log', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => {
        const answer = await fetch(`${port.url}/health`);
        return answer.headers.get('x-request-id');
      }),
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^r-\d+$/.test(id ?? ''))).toBe(true);
  });

  it('that fails is told the id and nothing else', async () => {
    const answer = await fetch(`${port.url}/fault?name=ZZCANARY`);
    expect(answer.status).toBe(500);
    const id = answer.headers.get('x-request-id') ?? '?';
    expect(await answer.json()).toEqual({
      message: `A fault of the server; its log has it under X-Request-Id ${id}`,
    });
    const told = logged.join();
    expect(told).toContain('SELECT secret');
    expect(told).toContain(`"id":"${id}"`);
    expect(told).not.toContain('ZZCANARY');
  });

  it('with an address that cannot be read is 400, and the log has no word of it', async () => {
    const socket = connect(Number(new URL(port.url).port), '127.0.0.1');
    socket.end('GET /%E0%A4%AZZCANARY HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toContain('ZZCANARY');
    expect(logged.join()).not.toContain('ZZCANARY');
  });
});

describe('stopping', () => {
  it('answers what was asked, then lets go of kept connections', async () => {
    // Without limit: only the server's own closing can end the connection.
    port.server.keepAliveTimeout = 0;
    const agent = new Agent({ keepAlive: true });
    const arrived = once(port.server, 'request');
    const answering = new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(`${port.url}/slow`, { agent }, resolve).on('error', reject);
    });
    await arrived;
    const closing = port.close();
    slow.resolve('done');
    const answer = await answering;
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    expect(body).toBe('done');
    await closing;
    await expect(fetch(`${port.url}/health`)).rejects.toThrow('fetch failed');
    agent.destroy();
  });

  it('does not wait for requests that came before there was a server', async () => {
    const early = await openHttpPort('127.0.0.1', 0);
    const asked = once(early.server, 'request');
    const waiting = fetch(`${early.url}/health`).catch((error: unknown) => error);
    await asked;
    await early.close();
    expect(await waiting).toBeInstanceOf(Error);
  });

  it('says which address is taken', async () => {
    const number = Number(new URL(port.url).port);
    await expect(openHttpPort('127.0.0.1', number)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('what Node cannot read', () => {
  async function raw(request: string): Promise<string> {
    const { hostname, port: number } = new URL(port.url);
    const socket = connect(Number(number), hostname);
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.end(request);
    await once(socket, 'close');
    return answer;
  }

  it.each([
    [
      'a head that is too large',
      `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    [
      'two lengths',
      'POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'a length and chunks',
      'POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no HTTP', 'MSH|^~\\&|\r', 400],
  ])('%s is answered with an OperationOutcome', async (_what, request, status) => {
    const answer = await raw(request);
    expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${String(status)}`);
    expect(answer).toContain('Content-Type: application/fhir+json');
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    expect(JSON.parse(body)).toMatchObject({ resourceType: 'OperationOutcome' });
  });
});
