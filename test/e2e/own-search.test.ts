import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, weir, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/own-search.md', 'utf8');
/** In the order of the page: files to write, commands to run, and starts of the server. */
const steps = [...page.matchAll(/^```(\w*)(?: file=(\S+))?\n([^]*?)^```/gm)].map(
  ([, language, file, text = ''], index) => ({
    language,
    file,
    text,
    title: `${index + 1}, ${file ?? text.slice(0, 40)}`,
  }),
);
const run = promisify(execFile);

describe('docs/how-to/own-search.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-own-search-'));
  const data = join(folder, 'data');
  const site = join(folder, 'site');
  let server: ServerProcess | undefined;
  let token: string;

  beforeAll(async () => {
    mkdirSync(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`;
    writeFileSync(join(folder, 'bin/weir'), program);
    chmodSync(join(folder, 'bin/weir'), 0o755);
    server = await startServer(['--data', data, '--log-level', 'silent']);
    token = (await weir('token', '--data', data, '--role', 'admin')).stdout.trim();
  });

  afterAll(async () => {
    await server?.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has files, commands and starts', () => {
    expect(steps.filter(({ file }) => file !== undefined)).toHaveLength(1);
    expect(steps.filter(({ language }) => language === 'sh')).toHaveLength(7);
    expect(steps.filter(({ language }) => language === '')).toHaveLength(2);
  });

  it.each(steps)('step $title', async ({ language, file, text }) => {
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
      return;
    }
    if (language === '') {
      expect(text).toBe('weir serve --site site --data data\n');
      await server?.stop();
      server = await startServer(['--data', data, '--site', site, '--log-level', 'silent']);
      return;
    }
    const path = `${folder}/bin:${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH: path, SERVER: server?.http, TOKEN: token };
    await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env });
  });
});
