import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import type { MllpFrame } from '../../src/feed/mllp-connection.ts';
import { frameBytes } from '../../src/feed/mllp-frame.ts';
import { keepLog, Peer, start, until } from './mllp-peer.ts';

/** Keys of no worth, made for these tests, with a century to go. */
function pem(name: string): string {
  return readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8');
}

const tls = { key: pem('server-key'), cert: pem('server'), ca: pem('ca') };

let server: Awaited<ReturnType<typeof start>> | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** What came back, or the code of the failure. */
async function exchange(options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: server?.port ?? 0,
    ca: pem('ca'),
    ...options,
  });
  socket.write(frameBytes(Buffer.from('one\r')));
  let outcome = '';
  let over = false;
  socket.on('data', (chunk: Buffer) => {
    outcome += chunk.toString();
    socket.end();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    outcome = error.code ?? 'failed';
  });
  socket.on('close', () => {
    over = true;
  });
  await until(() => over);
  return outcome;
}

it('speaks MLLP over TLS', async () => {
  server = await start({ tls });
  expect(await exchange({})).toContain('ack one');
});

it('refuses TLS 1.1', async () => {
  server = await start({ tls });
  expect(await exchange({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).toMatch(/^ERR_SSL/);
});

it('asks for a certificate and says which one it was', async () => {
  const frames: MllpFrame[] = [];
  const onFrame = async (frame: MllpFrame): Promise<Uint8Array> => {
    frames.push(frame);
    return frame.bytes;
  };
  const log = keepLog();
  server = await start({ tls: { ...tls, requestCert: true }, onFrame, log });
  expect(await exchange({})).not.toContain('one');
  expect(frames).toEqual([]);
  await until(() => log.lines.includes('A TLS handshake failed on an MLLP port'));

  expect(await exchange({ cert: pem('client'), key: pem('client-key') })).toContain('one');
  const { fingerprint256 } = new X509Certificate(pem('client'));
  expect(frames).toMatchObject([{ certificateFingerprint: fingerprint256 }]);
});

it('plain bytes on a TLS port are closed and harm nobody', async () => {
  server = await start({ tls });
  const peer = await Peer.open(server.port);
  peer.send('MSH|^~\\&|');
  await until(() => peer.closed);
  expect(peer.answers).toEqual([]);
  expect(await exchange({})).toContain('ack one');
});
