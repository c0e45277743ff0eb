import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/codes.md', 'utf8');
/** In the order of the page: files to write, commands to run, and where the server is started anew. */
const steps = [
  ...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([^]*?)^```|^<!-- the server is started anew -->/gm),
].map(([whole, , file, text = ''], index) => ({
  ...{ file, text, isRestart: whole.startsWith('<!--') },
  title: `${String(index + 1)}, ${file ?? (text.slice(0, 40) || 'start anew')}`,
}));
const run = promisify(execFile);

describe('docs/how-to/codes.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-codes-page-'));
  let server: ServerProcess | undefined;

  const serve = async (): Promise<void> => {
    const site = ['--data', join(folder, 'data'), '--site', join(folder, 'site')];
    server = await startServer([...site, '--log-level', 'silent']);
  };
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };

  beforeAll(async () => {
    write(
      'bin/weir',
      `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`,
    );
    chmodSync(join(folder, 'bin/weir'), 0o755);
    for (const { file, text } of steps) if (file !== undefined) write(file, text);
    await serve();
  });

  afterAll(async () => {
    await server?.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has files and commands', () => {
    const files = steps.filter(({ file }) => file !== undefined);
    expect([files.length, steps.length]).toEqual([4, 11]);
  });

  it.each(steps.filter(({ file }) => file === undefined))(
    'step $title',
    async ({ text, isRestart }) => {
      if (isRestart) {
        await server?.stop();
        await serve();
        return;
      }
      const http = (server?.http ?? '').replace('http://', '');
      const env = {
        ...process.env,
        PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`,
        WEIR_DATA: join(folder, 'data'),
        WEIR_HTTP: http,
      };
      const command = text
        .replaceAll('127.0.0.1:2575', server?.mllp ?? '')
        .replaceAll('127.0.0.1:8080', http);
      await run('bash', ['-euxo', 'pipefail', '-c', command], { cwd: folder, env });
    },
  );
});
