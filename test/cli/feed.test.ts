import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type App } from '../../src/app.ts';
import { feedListCommand, feedResumeCommand } from '../../src/cli/feed.ts';
import { UsageError } from '../../src/cli/io.ts';
import { root } from '../../src/cli/root.ts';
import { buildConfig, type Config } from '../../src/config.ts';
import { openLog } from '../../src/ops/log.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';
import { send } from '../e2e/running-app.ts';

let folder = '';
let app: App;
let config: Config;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-feed-'));
  mkdirSync(join(folder, 'site', 'feeds'), { recursive: true });
  const feed = 'feed: ehr\nsender: { application: EHR }\nonFailure: stop-feed\n';
  writeFileSync(join(folder, 'site', 'feeds', 'ehr.feed.yaml'), feed);
  const given = { store: 'memory', http: '127.0.0.1:0', mllp: '127.0.0.1:0' };
  config = buildConfig([{ ...given, data: join(folder, 'data'), site: join(folder, 'site') }]);
  mkdirSync(config.data);
  const log = openLog('silent', { write: () => undefined });
  app = await startApp({ config, log, clock: () => new Date(), root });
  config = { ...config, http: app.http.replace('http://', '') };
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

type Command = typeof feedListCommand;

async function run(command: Command, positional: string[] = [], flags: Record<string, true> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = { stdin: new PassThrough(), stdout, stderr };
  const code = await command(config, { config: {}, flags, positional }, io);
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, out: read(stdout), err: read(stderr) };
}

const message = (id: string, type = 'ADT^A08'): string =>
  `MSH|^~\\&|EHR|M|W|H|202605011000||${type}|${id}|P|2.5.1\rEVN||202605011000\r` +
  `PID|1||M1^^^M^MR||Alvarez^Maria\rPV1|1|O\r`;

it('a feed stops at a message that fails, the list says so, and resume lets it go on', async () => {
  expect(await send(app.mllp, [message('1')])).toEqual(['AA']);
  expect((await run(feedListCommand)).code).toBe(0);
  expect(await send(app.mllp, [message('2', 'ZZZ^Z01'), message('3')])).toEqual(['AR', 'AE']);
  const { code, out } = await run(feedListCommand);
  expect(code).toBe(1);
  expect(out).toMatch(/^ehr +stopped +stop-feed +since .*message-type-unsupported.*failed 1/m);
  const listed = JSON.parse((await run(feedListCommand, [], { '--json': true })).out) as object[];
  expect(listed).toMatchObject([{ feed: 'ehr', state: 'stopped' }, { feed: 'default' }]);
  expect(await run(feedResumeCommand, ['ehr'])).toMatchObject({ code: 0, out: 'ehr goes on\n' });
  await app.idle();
  expect(await send(app.mllp, [message('3')])).toEqual(['AA']);
  expect((await run(feedResumeCommand, ['ehr'])).out).toBe('ehr was not stopped\n');
});

it('says what is wrong', async () => {
  const unknown = await run(feedResumeCommand, ['nope']);
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('404') as string });
  await expect(run(feedResumeCommand)).rejects.toThrow(UsageError);
  const elsewhere = { ...config, http: '127.0.0.1:1' };
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const args = { config: {}, flags: {}, positional: ['ehr'] };
  expect(await feedResumeCommand(elsewhere, args, io)).toBe(1);
});

it.each([
  ['admin', 200],
  ['analyst', 200],
  ['integration', 200],
  ['nurse', 403],
  ['app', 403],
] as const)('POST /api/feeds/{name}/resume as %s: %i', async (role, status) => {
  const issuing = { keys: app.keys, clock: () => new Date(), newId: () => crypto.randomUUID() };
  const who = { id: role, display: role, role };
  const token = await tokenFor(issuing, who, { audience: audience.api, ttlSeconds: 60 });
  const response = await fetch(`${app.http}/api/feeds/ehr/resume`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(status);
});
