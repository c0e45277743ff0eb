import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, weir, type ServerProcess } from './server-process.ts';

const page = readFileSync('docs/how-to/backup.md', 'utf8');
const steps = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, text = ''], index) => ({
  text,
  title: `${index + 1}, ${text.slice(0, 50)}`,
}));
const run = promisify(execFile);

describe('docs/how-to/backup.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-backup-'));
  const data = join(folder, 'data');
  let server: ServerProcess | undefined;
  let writing: Promise<number>;
  let stop = false;

  /** Writes until it is told to stop, through the door that everybody uses. */
  async function write(token: string): Promise<number> {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/fhir+json',
    };
    for (let n = 0; ; n++) {
      if (stop) return n;
      const body = JSON.stringify({ resourceType: 'Patient', name: [{ family: `Family${n}` }] });
      const { status } = await fetch(`${server?.http}/fhir/Patient`, {
        method: 'POST',
        headers,
        body,
      });
      expect(status).toBe(201);
    }
  }

  beforeAll(async () => {
    mkdirSync(join(folder, 'bin'));
    const program = `#!/bin/sh\nexec "${process.execPath}" "${process.cwd()}/src/main.ts" "$@"\n`;
    writeFileSync(join(folder, 'bin/weir'), program);
    chmodSync(join(folder, 'bin/weir'), 0o755);
    server = await startServer(['--data', data, '--log-level', 'silent']);
    const token = (await weir('token', '--data', data, '--role', 'admin')).stdout.trim();
    writing = write(token);
    // Whoever waits for it is told.
    writing.catch(() => undefined);
  });

  afterAll(async () => {
    stop = true;
    await server?.stop();
    killServers();
    rmSync(folder, { recursive: true });
  });

  it('has commands', () => {
    expect(steps).toHaveLength(6);
  });

  it.each(steps)('step $title', async ({ text }) => {
    const path = `${folder}/bin:${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH: path };
    await run('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, env });
  });

  it('all the while the server took what came', async () => {
    stop = true;
    expect(await writing).toBeGreaterThan(10);
  });
});
