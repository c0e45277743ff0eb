import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messageShowCommand } from '../../src/cli/message-show.ts';
import { UsageError } from '../../src/cli/io.ts';
import { buildConfig } from '../../src/config.ts';
import { describeMessage } from '../../src/feed/describe.ts';
import { loadKeys } from '../../src/security/keys.ts';
import { audience, verifyToken } from '../../src/security/token.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';

let data = '';
let server: Server;
let http = '';
const store = openMemoryStore();

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'weir-show-'));
  server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    void verifyToken(loadKeys(data), token, audience.api, new Date()).then(async (verified) => {
      const id = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
      const message = verified && (await describeMessage(store, id));
      response.statusCode = verified === undefined ? 401 : message === undefined ? 404 : 200;
      response.end(JSON.stringify(message));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  http = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.close();
  await rm(data, { recursive: true });
});

async function show(id: string[], flags: Record<string, true> = {}, folder = data) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await messageShowCommand(
    buildConfig([{ data: folder, http }]),
    { config: {}, flags, positional: id },
    { stdin: new PassThrough(), stdout, stderr },
  );
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, out: read(stdout), err: read(stderr) };
}

describe('weir message show', () => {
  it('shows a message by its control id: raw, parsed, mapped, answered', async () => {
    const { send } = processorOn(store);
    await send({ id: 'C 1', phone: '555-1', extra: ['ZPI|1'] });
    const { code, out } = await show(['C 1']);
    expect(code).toBe(0);
    expect(out).toContain('state    processed, answered AA, attempts 1');
    expect(out).toMatch(/Raw\n {2}MSH\|/);
    expect(out).toMatch(/PID\[2\]-3\s+M1\^\^\^MERCY\^MR {2}Patient Identifier List/i);
    expect(out).toMatch(/Mapped\n {2}\{"resourceType":"Patient"/);
    await send({ id: 'C 2', type: 'ZZZ^Z99' });
    expect((await show(['C 2'])).out).toContain('error message-type-unsupported MSH-9: No map');
    const json = await show(['C 1'], { '--json': true });
    expect(JSON.parse(json.out)).toMatchObject({ entry: { controlId: 'C 1' }, map: 'hand@1' });
  });

  it('says so where there is no such message, no server, or another data folder', async () => {
    expect(await show(['nobody'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no message') as string,
    });
    const elsewhere = await mkdtemp(join(tmpdir(), 'weir-show-'));
    expect((await show(['C 1'], {}, elsewhere)).err).toContain('401');
    await rm(elsewhere, { recursive: true });
    await new Promise((resolve) => server.close(resolve));
    expect(await show(['C 1'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('No server') as string,
    });
    await expect(show([])).rejects.toThrow(UsageError);
  });
});
