import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, weir, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/subscriptions-and-bulk.md', 'utf8');
/** In the order of the page: files to write and commands to run. */
const steps = [...page.matchAll(/^```(\w*)(?: file=(\S+))?\n([^]*?)^```/gm)].map(
  ([, language, file, text = ''], index) => ({
    language,
    file,
    text,
    title: `${index + 1}, ${file ?? text.slice(0, 40)}`,
  }),
);
const run = promisify(execFile);

describe('docs/how-to/subscriptions-and-bulk.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bulk-'));
  const data = join(folder, 'data');
  let server: ServerProcess;
  let token: string;

  beforeAll(async () => {
    const flags = ['--outbound-allow', '127.0.0.1', '--log-level', 'silent'];
    server = await startServer(['--data', data, ...flags]);
    token = (await weir('token', '--data', data, '--role', 'admin')).stdout.trim();
  });

  afterAll(async () => {
    await server.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has files, commands and a start', () => {
    expect(steps.filter(({ file }) => file !== undefined)).toHaveLength(1);
    expect(steps.filter(({ language }) => language === 'sh')).toHaveLength(10);
    expect(steps.filter(({ language }) => language === '')).toHaveLength(1);
  });

  it.each(steps)('step $title', async ({ language, file, text }) => {
    if (file !== undefined) {
      writeFileSync(join(folder, file), text);
      return;
    }
    if (language === '') {
      expect(text).toBe('weir serve --data data --outbound-allow 127.0.0.1\n');
      return;
    }
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH: path, SERVER: server.http, TOKEN: token };
    await run('bash', ['-ec', text], { cwd: folder, env, timeout: 25_000 });
  });
});
