import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttp } from '../../src/ops/http.ts';
import { openHttpPort } from '../../src/ops/http-port.ts';
import type { HttpPort } from '../../src/ops/http-port.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import { badHead, badUrl } from '../../src/rest/failure.ts';
import { answerFailure } from '../../src/web/failure.ts';

const times = {
  ...{ headTimeoutMs: 2000, requestTimeoutMs: 3000, stallTimeoutMs: 1000 },
  ...{ answerTimeoutMs: 4000, checkMs: 100 },
};

/** More than the buffers of a socket hold. */
const large = 'x'.repeat(32 * 1024 * 1024);

let port: HttpPort;
let app: ReturnType<typeof createHttp>;
let slow: PromiseWithResolvers<string>;
const sockets: Socket[] = [];

beforeEach(async () => {
  slow = Promise.withResolvers();
  port = await openHttpPort('127.0.0.1', 0, times);
  app = createHttp({
    port,
    log: pino({ level: 'silent' }),
    metrics: createMetrics({
      journalCounts: async () => [],
      resourceCounts: async () => new Map(),
      alarms: async () => [],
      destinations: async () => [],
      reindexing: () => [],
    }),
    newId: () => 'id',
    check: async () => undefined,
    reindexing: () => [],
    callerOf: async () => undefined,
    onFailure: answerFailure,
    onBadUrl: badUrl,
    onBadHead: badHead,
  });
  app.get('/large', async () => large);
  app.get('/slow', () => slow.promise);
  app.post('/echo', async ({ body }) => body);
  await app.ready();
});

afterEach(async () => {
  slow.resolve('');
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
  await port.close();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(port.url).port), '127.0.0.1');
  sockets.push(socket);
  // How it ends is what is looked at.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const connections = async (): Promise<number> =>
  new Promise((resolve, reject) => {
    port.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

async function allGone(): Promise<void> {
  while ((await connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function serves(): Promise<void> {
  const answer = await fetch(`${port.url}/health`, { headers: { connection: 'close' } });
  expect(answer.status).toBe(200);
}

/** Sends a piece again and again, for as long as the connection lasts. */
function drip(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once('close', () => clearInterval(timer));
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';

const attacks: readonly (readonly [what: string, attack: (socket: Socket) => void])[] = [
  ['says nothing', () => undefined],
  ['sends its head byte by byte', (socket) => drip(socket, 'X')],
  [
    'sends its headers one by one without an end',
    (socket) => {
      socket.write('GET /health HTTP/1.1\r\nHost: a\r\n');
      drip(socket, 'X: y\r\n');
    },
  ],
  [
    'sends its body byte by byte',
    (socket) => {
      socket.write(`${post}Content-Length: 1000000\r\n\r\n`);
      drip(socket, ' ');
    },
  ],
  [
    'sends chunks of one byte without an end',
    (socket) => {
      socket.write(`${post}Transfer-Encoding: chunked\r\n\r\n`);
      drip(socket, '1\r\n \r\n');
    },
  ],
  ['promises a body and sends none', (socket) => socket.write(`${post}Content-Length: 9\r\n\r\n`)],
  [
    'does not read its answer',
    (socket) => {
      socket.pause();
      socket.write(get('/large'));
    },
  ],
  [
    'reads its answer a little at a time',
    (socket) => {
      socket.write(get('/large'));
      socket.pause();
      const timer = setInterval(() => void socket.read(1), 20);
      socket.once('close', () => clearInterval(timer));
    },
  ],
  [
    'asks a thousand times at once and reads nothing',
    (socket) => {
      socket.pause();
      socket.write(get('/large') + get('/health').repeat(1000));
    },
  ],
  [
    'closes its side and does not read',
    (socket) => {
      socket.pause();
      socket.end(get('/large'));
    },
  ],
];

describe('a client that', () => {
  it.each(attacks)('%s is cut off, and others are served meanwhile', async (_what, attack) => {
    const some = await Promise.all(Array.from({ length: 5 }, open));
    for (const socket of some) attack(socket);
    await serves();
    await allGone();
    await serves();
  });

  it('waits for an answer that takes long gets it', async () => {
    const socket = await open();
    socket.write(get('/slow'));
    await new Promise((resolve) => setTimeout(resolve, 3 * times.stallTimeoutMs));
    slow.resolve('done');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(String(chunk)).toContain('200 OK');
  });

  it('closes its side after its request gets the answer', async () => {
    const socket = await open();
    socket.end(get('/health'));
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(String(chunk)).toContain('200 OK');
  });
});
