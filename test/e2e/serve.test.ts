import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { limits } from '../../src/limits.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { send } from './running-app.ts';
import { Peer } from '../feed/mllp-peer.ts';
import { launcherIn } from './launcher.ts';
import { killServers, startServer, weir } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-serve-'));
const data = join(folder, 'not/there/yet');
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer(['--data', data]);
});
afterAll(async () => {
  await server.stop();
  killServers();
  rmSync(folder, { recursive: true, force: true });
});

async function token(role: string, dataFolder = data): Promise<string> {
  const { code, stdout } = await weir('token', '--role', role, '--data', dataFolder);
  expect(code).toBe(0);
  return stdout.trim();
}

async function get(path: string, { role = 'admin', at = server, dataFolder = data } = {}) {
  const authorization = `Bearer ${await token(role, dataFolder)}`;
  return fetch(`${at.http}${path}`, { headers: { authorization, accept: '*/*' } });
}

async function patients(identifier: string): Promise<number> {
  const answer = await get(`/fhir/Patient?identifier=${identifier}`);
  return ((await answer.json()) as { total: number }).total;
}

const first = readFileSync('fixtures/first-patient.hl7', 'utf8').replaceAll('\r', '\n');
/** The first message about another person. */
const about = (mrn: string, separator = '\r'): string =>
  first
    .replaceAll('M-1', mrn)
    .replaceAll('V-1', `V-${mrn}`)
    .replaceAll('FIRST-1', `F-${mrn}`)
    .replaceAll('\n', separator);

describe('a server on an empty folder, without a site', () => {
  it('says where it listens, and how to become its administrator', async () => {
    expect(server.http).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const link = /Open this link once: (\S+)/.exec(server.stderr())?.[1] ?? '';
    const opened = await fetch(link, { redirect: 'manual' });
    expect(opened.headers.get('location')).toBe('/administrator');
    expect(await (await fetch(`${server.http}/health`)).json()).toEqual({ status: 'ok' });
  });

  it('takes the first message of a sender it never heard of: the person is on FHIR', async () => {
    const file = 'fixtures/first-patient.hl7';
    const sent = await weir('message', 'send', file, server.mllp);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(sent.stdout)).toMatchObject({ controlId: 'FIRST-1', ack: 'AA' });
    const found = await get('/fhir/Patient?identifier=M-1');
    expect(found.headers.get('content-type')).toContain('application/fhir+json');
    expect(await found.json()).toMatchObject({
      total: 1,
      entry: [{ resource: { name: [{ family: 'DOE', given: ['JANE'] }] } }],
    });
  });

  it.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CR LF', '\r\n'],
  ])('reads segments that end in %s', async (name, separator) => {
    const mrn = `END-${name.replace(' ', '')}`;
    expect(await send(server.mllp, [about(mrn, separator)])).toEqual(['AA']);
    expect(await patients(mrn)).toBe(1);
  });

  it('a token is good at once, for what its role may do', async () => {
    expect((await get('/fhir/Patient', { role: 'frontdesk' })).status).toBe(200);
    expect((await get('/fhir/Observation', { role: 'frontdesk' })).status).toBe(403);
    expect((await fetch(`${server.http}/fhir/Patient`)).status).toBe(401);
    expect((await fetch(`${server.http}/fhir/metadata`)).status).toBe(200);
  });

  it('takes messages over HTTP from an integration, and from nobody else', async () => {
    const post = async (headers: Record<string, string>) =>
      fetch(`${server.http}/hl7/default`, {
        method: 'POST',
        headers: { 'content-type': 'x-application/hl7-v2+er7', ...headers },
        body: about('HTTP-1'),
      });
    const anonymous = await post({});
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    expect((await post({ authorization: `Bearer ${await token('nurse')}` })).status).toBe(403);
    expect(await patients('HTTP-1')).toBe(0);
    const taken = await post({ authorization: `Bearer ${await token('integration')}` });
    expect(taken.status).toBe(200);
    expect(await taken.text()).toMatch(/\rMSA\|AA\|F-HTTP-1/);
    expect(await patients('HTTP-1')).toBe(1);
  });
});

describe('what is no message on the MLLP port', () => {
  /** Writes bytes and reads until the server closes or has answered. */
  async function tell(...parts: readonly (string | Buffer)[]): Promise<string> {
    const socket = connect(parseAddress(server.mllp));
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    for (const part of parts) if (!socket.destroyed) socket.write(part);
    socket.end();
    await once(socket, 'close');
    return answer;
  }

  it.each<[string, () => Promise<string>, RegExp]>([
    ['HTTP', () => tell('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /],
    ['noise', () => tell(Buffer.alloc(limits.mllpJunkBytesMax + 1, 'x')), /^$/],
    ['a frame that is no message', () => tell('\x0bhello\x1c\r'), /\rMSA\|AR\|/],
    ['an empty frame', () => tell('\x0b\x1c\r'), /^$/],
    [
      'a frame beyond the bound',
      () => tell(`\x0b${about('BIG')}NTE|1||`, Buffer.alloc(limits.frameBytesMax, 'x'), '\x1c\r'),
      /\rMSA\|AR\|F-BIG/,
    ],
  ])('%s: it is answered or let go, and the server goes on', async (name, telling, answer) => {
    expect(await telling()).toMatch(answer);
    expect(await send(server.mllp, [about(`AFTER-${name}`)])).toEqual(['AA']);
  });
});

describe('starting', () => {
  it('a second server on the same folder is refused with a sentence, and the first goes on', async () => {
    const second = await weir(
      'serve',
      '--data',
      data,
      '--http',
      '127.0.0.1:0',
      '--mllp',
      '127.0.0.1:0',
    );
    expect(second.code).toBe(3);
    expect(second.stdout).toBe('');
    expect(second.stderr.trim()).toMatch(
      /weir\.db is in use by another Weir server; stop that one/,
    );
    expect((await fetch(`${server.http}/health`)).status).toBe(200);
  });

  it.each(['http', 'mllp'] as const)(
    'on an address that is taken it says which, and ends (%s)',
    async (which) => {
      const taken = server[which].replace('http://', '');
      const free = which === 'http' ? '--mllp' : '--http';
      const args = [`--${which}`, taken, free, '127.0.0.1:0', '--data', join(folder, which)];
      const { code, stderr } = await weir('serve', ...args);
      expect(code).toBe(3);
      expect(stderr.trim()).toBe(
        `${which.toUpperCase()} cannot listen on ${taken}: it is in use; name another with --${which}`,
      );
    },
  );

  it('with a store that there is not, it says which there are', async () => {
    const { code, stderr } = await weir('serve', '--store', 'paper', '--data', join(folder, 'p'));
    expect(code).toBe(3);
    expect(stderr).toContain('--store is sqlite, memory or mongodb');
  });
});

describe('stopping', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it, as soon as it is ready', async (signal) => {
    const other = await startServer(['--data', join(folder, signal), '--store', 'memory']);
    expect(await other.stop(signal)).toBe(0);
  });

  it('Ctrl-C, which reaches the launcher and the server, is one stop and a graceful one', async () => {
    const program = launcherIn(join(folder, 'program'));
    const args = ['--data', join(folder, 'terminal'), '--store', 'memory'];
    const other = await startServer(args, { program, detached: true });
    expect(await other.stop('SIGINT')).toBe(0);
  });

  it('answers every message that it has read', async () => {
    const other = await startServer(['--data', join(folder, 'answers')]);
    const peer = await Peer.open(parseAddress(other.mllp).port);
    // About one person, so that each waits for the one before and the signal comes amid them.
    const messages = Array.from({ length: 60 }, (_, index) =>
      about('ONE').replace('F-ONE', `F-${index}`).replace('JANE', `JANE${index}`).trimEnd(),
    );
    peer.send(...messages);
    await peer.gets(1);
    const ended = other.stop();
    const answers = await peer.gets(60);
    expect(answers.map((answer) => /\rMSA\|(AA\|F-\d+)/.exec(answer)?.[1])).toEqual(
      messages.map((_, index) => `AA|F-${index}`),
    );
    expect(await ended).toBe(0);
  });

  it('while messages come in, everything that was acknowledged is there after the next start', async () => {
    const own = join(folder, 'stopped');
    let other = await startServer(['--data', own]);
    const acknowledged: string[] = [];
    const enough = Promise.withResolvers<undefined>();
    const sender = async (name: number): Promise<void> => {
      const client = await connectMllp({ ...parseAddress(other.mllp), timeoutMs: 25_000 });
      for (let count = 0; count < 10_000; count += 1) {
        const mrn = `S${String(name)}-${String(count)}`;
        const answer = await client.send(Buffer.from(about(mrn))).catch(() => undefined);
        if (answer === undefined || acknowledgmentCode(answer) !== 'AA') return;
        acknowledged.push(mrn);
        if (acknowledged.length === 20) enough.resolve(undefined);
      }
    };
    const senders = [1, 2, 3, 4].map(sender);
    await enough.promise;
    expect(await other.stop()).toBe(0);
    await Promise.all(senders);
    expect(acknowledged.length).toBeGreaterThanOrEqual(20);

    other = await startServer(['--data', own]);
    const bearer = { authorization: `Bearer ${await token('admin', own)}` };
    const ask = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${other.http}${path}`, { headers: bearer })).json()) as T;
    for (const mrn of acknowledged) {
      const { entries } = await ask<{ entries: object[] }>(`/api/messages?controlId=F-${mrn}`);
      expect(entries, mrn).toEqual([
        expect.objectContaining({ state: 'processed', ackCode: 'AA' }),
      ]);
    }
    const { total } = await ask<{ total: number }>('/fhir/Patient?_summary=count');
    // And nothing else: what was taken was answered before the end.
    expect(total).toBe(acknowledged.length);
    expect(await other.stop()).toBe(0);
  });
});
