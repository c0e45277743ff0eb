import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const page = readFileSync('docs/how-to/new-feed.md', 'utf8');
/** In the order of the page: files to write and commands to run. */
const steps = [...page.matchAll(/^```(\w+)(?: file=(\S+))?\n([^]*?)^```/gm)]
  .map(([, language, file, text = '']) => ({ language, file, text }))
  .filter(({ language, file }) => file !== undefined || language === 'sh')
  .map((step, index) => ({
    ...step,
    title: `${index + 1}, ${step.file ?? step.text.slice(0, 40)}`,
  }));
const run = promisify(execFile);

describe('docs/how-to/new-feed.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-new-feed-'));

  beforeAll(() => {
    mkdirSync(join(folder, 'bin'));
    const weir = `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`;
    writeFileSync(join(folder, 'bin/weir'), weir);
    chmodSync(join(folder, 'bin/weir'), 0o755);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('has files and commands', () => {
    expect(steps.filter(({ file }) => file !== undefined)).toHaveLength(4);
    expect(steps.filter(({ file }) => file === undefined)).toHaveLength(7);
  });

  it.each(steps)('step $title', async ({ file, text }) => {
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
      return;
    }
    const env = { ...process.env, PATH: `${folder}/bin:${process.env['PATH'] ?? ''}` };
    await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env });
  });
});
