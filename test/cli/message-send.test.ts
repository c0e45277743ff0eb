import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { exitCode, type CliIo } from '../../src/cli/io.ts';
import { messageSend } from '../../src/cli/message-send.ts';
import type { MllpFrame } from '../../src/feed/mllp-connection.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { start } from '../feed/mllp-peer.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-send-'));
afterAll(() => rmSync(folder, { recursive: true }));

let server: Awaited<ReturnType<typeof start>>;
let received: string[];

/** Accepts all but `bad`, answers `other` as if it were another one and `mute` never. */
async function answer({ bytes }: MllpFrame): Promise<Uint8Array | undefined> {
  const text = Buffer.from(bytes).toString('latin1');
  received.push(text);
  const id = parseMessage(text).message?.controlId ?? '';
  if (id === 'gone') throw new Error('gone');
  const code = id === 'bad' ? 'AE' : 'AA';
  const err = id === 'bad' ? 'ERR|||102|E||||The date is wrong\r' : '';
  return Buffer.from(`MSH|^~\\&|W\rMSA|${code}|${id === 'other' ? 'x' : id}\r${err}`);
}

beforeEach(async () => {
  received = [];
  server = await start({ onFrame: answer });
});
afterEach(async () => server.close());

const message = (id: string): string => `MSH|^~\\&|A|B|C|D|2024||ADT^A08|${id}|P|2.5\nPID|1||é\n`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, 'latin1');
  return path;
}

async function send(
  args: string[],
  stdin = '',
): Promise<{ code: number; lines: unknown[]; said: string }> {
  const io = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  const code = await messageSend(args, io satisfies CliIo);
  const text = String(io.stdout.read() ?? '');
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
  return { code, lines, said: String(io.stderr.read() ?? '') };
}

it('sends every message of every file, with CR and unchanged bytes', async () => {
  const one = file('one.hl7', message('1'));
  const batch = file('batch.hl7', `BHS|^~\\&|\n${message('2')}${message('3')}BTS|2\n`);
  const { code, lines } = await send([one, batch, server.address]);
  expect(code).toBe(exitCode.done);
  expect(lines).toEqual([
    { file: one, index: 0, controlId: '1', ack: 'AA', text: '' },
    { file: batch, index: 0, controlId: '2', ack: 'AA', text: '' },
    { file: batch, index: 1, controlId: '3', ack: 'AA', text: '' },
  ]);
  expect(received[0]).toBe(message('1').replaceAll('\n', '\r'));
});

it('reads stdin', async () => {
  const { code, lines } = await send(['-', server.address], message('1'));
  expect(code).toBe(exitCode.done);
  expect(lines).toMatchObject([{ file: '-', controlId: '1', ack: 'AA' }]);
});

it('says why a message was not accepted, and goes on', async () => {
  const all = ['bad', 'other', 'gone', '1'].map(message).join('');
  const { code, lines } = await send([file('all.hl7', all), server.address]);
  expect(code).toBe(exitCode.no);
  expect(lines).toMatchObject([
    { ack: 'AE', text: 'The date is wrong' },
    { ack: '', text: expect.stringContaining('another message') as string },
    { ack: '', text: expect.stringContaining('closed the connection') as string },
    { ack: 'AA', text: '' },
  ]);
});

it('says no where nobody listens or nothing is there', async () => {
  const nobody = await start();
  await nobody.close();
  const refused = await send([file('one.hl7', message('1')), nobody.address]);
  expect(refused.code).toBe(exitCode.no);
  expect(refused.lines).toMatchObject([
    { ack: '', text: expect.stringContaining('ECONNREFUSED') as string },
  ]);
  const empty = await send([file('empty.hl7', 'hello'), server.address]);
  expect(empty).toMatchObject({ code: exitCode.no, lines: [] });
  expect(empty.said).toContain('no MSH');
});

it.each([
  ['nothing', [], 'Name one or more files'],
  ['no file', ['127.0.0.1:1'], 'Name one or more files'],
  ['no address', ['a.hl7', 'b.hl7'], 'is no address'],
  ['no such file', [join(folder, 'none.hl7'), '127.0.0.1:1'], 'ENOENT'],
])('wrong usage: %s', async (_, args, said) => {
  await expect(send(args)).rejects.toThrow(said);
});

it('in enhanced mode the last answer that is asked for counts, and each file goes on', async () => {
  const { processor } = processorOn(openMemoryStore());
  const whole = await start({ onFrame: processor.onFrame });
  const asking = (id: string, asked: string): string =>
    `MSH|^~\\&|EHR|MERCY|C|D|2024||ADT^A08|${id}|P|2.5|||${asked}|\nEVN||202605011000\nPID|1||${id}^^^MERCY^MR||A^B\n`;
  const all = ['AL|AL', 'AL|ER', 'AL|NE', 'NE|AL', 'NE|NE', '|'];
  const path = file('asked.hl7', all.map((asked, index) => asking(`E${index}`, asked)).join(''));
  const { code, lines } = await send([path, whole.address]);
  expect(lines.map((line) => (line as { ack: string }).ack)).toEqual([
    ...['AA', 'CA', 'CA', 'AA', 'none', 'AA'],
  ]);
  expect(code).toBe(exitCode.done);
  await whole.close();
});

it('says what does not add up in a batch', async () => {
  const path = file('short.hl7', `BHS|^~\\&|\n${message('1')}BTS|2\n`);
  const { code, said } = await send([path, server.address]);
  expect(code).toBe(exitCode.done);
  expect(said).toContain('BTS-1 does not say 1');
});
