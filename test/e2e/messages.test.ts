import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/messages.md', 'utf8');
/** In the order of the page: files to write and commands to run. */
const steps = [...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([^]*?)^```/gm)].map(
  ([, , file, text = ''], index) => ({
    ...{ file, text },
    title: `${String(index + 1)}, ${file ?? text.slice(0, 40)}`,
  }),
);
const run = promisify(execFile);

describe('docs/how-to/messages.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-messages-'));
  const files = steps.filter(({ file }) => file !== undefined);
  let server: ServerProcess | undefined;

  beforeAll(async () => {
    mkdirSync(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`;
    writeFileSync(join(folder, 'bin/weir'), program);
    chmodSync(join(folder, 'bin/weir'), 0o755);
    for (const { file = '', text } of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const site = ['--data', join(folder, 'data'), '--site', join(folder, 'site')];
    server = await startServer([...site, '--log-level', 'silent']);
  });

  afterAll(async () => {
    await server?.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has files and commands', () => {
    expect([files.length, steps.length]).toEqual([4, 13]);
  });

  it.each(steps.filter(({ file }) => file === undefined))('step $title', async ({ text }) => {
    const env = {
      ...process.env,
      PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`,
      WEIR_DATA: join(folder, 'data'),
      WEIR_HTTP: (server?.http ?? '').replace('http://', ''),
    };
    const command = text.replaceAll('127.0.0.1:2575', server?.mllp ?? '');
    await run('bash', ['-euxo', 'pipefail', '-c', command], { cwd: folder, env });
  });
});
