import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/new-feed.md', 'utf8');
/** In the order of the page: files to write, commands to run, and the server that is started (`serve`). */
const steps = [...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([^]*?)^```/gm)]
  .map(([, language, file, text = '']) => ({ language, file, text }))
  .filter(({ language = '', file }) => file !== undefined || ['sh', 'serve'].includes(language))
  .map((step, index) => ({
    ...step,
    title: `${index + 1}, ${step.file ?? step.text.slice(0, 40)}`,
  }));
const run = promisify(execFile);

describe('docs/how-to/new-feed.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-new-feed-'));
  let server: ServerProcess | undefined;

  beforeAll(() => {
    mkdirSync(join(folder, 'bin'));
    const weir = `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`;
    writeFileSync(join(folder, 'bin/weir'), weir);
    chmodSync(join(folder, 'bin/weir'), 0o755);
  });

  afterAll(async () => {
    await server?.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has files and commands, 14 codes and a Z segment', () => {
    const files = steps.filter(({ file }) => file !== undefined);
    expect([files.length, steps.length]).toEqual([6, 17]);
    const samples = files.filter(({ file }) => file?.endsWith('.hl7')).map(({ text }) => text);
    const codes = samples.flatMap((text) => [...text.matchAll(/^OBX\|\d+\|NM\|(\w+)\^/gm)]);
    expect(new Set(codes.map(([, code]) => code)).size).toBe(14);
    for (const text of samples) expect(text).toMatch(/^ZLB\|/m);
  });

  it.each(steps)('step $title', async ({ language, file, text }) => {
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
      return;
    }
    if (language === 'serve') {
      const [, ...flags] = text.trim().split(' ').slice(1);
      const given = flags.map((word) => (word.startsWith('--') ? word : join(folder, word)));
      server = await startServer([...given, '--log-level', 'silent']);
      return;
    }
    const http = (server?.http ?? '').replace('http://', '');
    const env = {
      ...process.env,
      PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`,
      ...(server === undefined ? {} : { WEIR_DATA: join(folder, 'data'), WEIR_HTTP: http }),
    };
    const command = text
      .replaceAll('127.0.0.1:2575', server?.mllp ?? '')
      .replaceAll('127.0.0.1:8080', http);
    await run('bash', ['-euxo', 'pipefail', '-c', command], { cwd: folder, env });
  });
});
