import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connectMllp, type MllpClient } from '../../src/feed/mllp-client.ts';
import { frameBytes } from '../../src/feed/mllp-frame.ts';
import { start, until } from './mllp-peer.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A receiver whose behaviour the test writes. */
async function receiver(onData: (socket: Socket, text: string) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => onData(socket, chunk.toString('latin1')));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function client(port: number, timeoutMs = 5_000): Promise<MllpClient> {
  const opened = await connectMllp({ host: '127.0.0.1', port, timeoutMs });
  closers.push(() => opened.close());
  return opened;
}

const message = (text: string): Uint8Array => Buffer.from(`${text}\r`);
const print = (bytes: Uint8Array): string => Buffer.from(bytes).toString().trim();

it('sends one after the other over one connection', async () => {
  const server = await start();
  const opened = await client(server.port);
  expect(print(await opened.send(message('one')))).toBe('ack one');
  expect(print(await opened.send(message('two')))).toBe('ack two');
  opened.close();
  await server.close();
});

it('has never two unanswered', async () => {
  const port = await receiver(() => undefined);
  const opened = await client(port, 200);
  const first = opened.send(message('one'));
  await expect(opened.send(message('two'))).rejects.toThrow('not answered yet');
  await expect(first).rejects.toThrow('No answer in 200 ms');
});

it('a late answer is never that of the next message', async () => {
  let sockets = 0;
  const port = await receiver((socket, text) => {
    if (text.includes('one')) {
      sockets += 1;
      setTimeout(() => socket.write(frameBytes(message('late'))), 60);
    }
  });
  const opened = await client(port, 30);
  await expect(opened.send(message('one'))).rejects.toMatchObject({
    issues: [{ code: 'timeout' }],
  });
  await expect(opened.send(message('two'))).rejects.toMatchObject({
    issues: [{ code: 'transient' }],
  });
  expect(sockets).toBe(1);
});

it('an answer that nobody asked for ends the connection', async () => {
  const port = await receiver((socket) => {
    socket.write(Buffer.concat([frameBytes(message('one')), frameBytes(message('two'))]));
  });
  const opened = await client(port);
  expect(print(await opened.send(message('x')))).toBe('one');
  await expect(opened.send(message('y'))).rejects.toMatchObject({
    issues: [{ code: 'transient' }],
  });
});

it.each([
  ['closes', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ['speaks HTTP', (socket: Socket) => socket.write('HEAD / HTTP/1.1\r\n\r\n')],
])('a receiver that %s gives a fault', async (_, behave) => {
  const opened = await client(await receiver((socket) => void behave(socket)));
  await expect(opened.send(message('x'))).rejects.toMatchObject({
    issues: [{ code: 'transient' }],
  });
});

it('an answer in pieces, and one without CR around FS', async () => {
  const port = await receiver((socket, text) => {
    if (text.includes('one')) {
      socket.write('\vA');
      setTimeout(() => socket.write('CK\r\x1c'), 10);
    } else {
      socket.write('\r\vACK2\x1c');
    }
  });
  const opened = await client(port);
  expect(print(await opened.send(message('one')))).toBe('ACK');
  expect(print(await opened.send(message('two')))).toBe('ACK2');
});

it('no receiver', async () => {
  const server = await start();
  const { port } = server;
  await server.close();
  await expect(client(port)).rejects.toMatchObject({
    issues: [{ code: 'transient', diagnostics: expect.stringContaining('ECONNREFUSED') as string }],
  });
});

it('close rejects what is unanswered', async () => {
  let received = false;
  const port = await receiver(() => {
    received = true;
  });
  const opened = await client(port);
  const sent = opened.send(message('x'));
  const outcome = expect(sent).rejects.toThrow('closed');
  await until(() => received);
  opened.close();
  await outcome;
});
