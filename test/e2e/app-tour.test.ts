import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { buildConfig } from '../../src/config.ts';
import { openLog } from '../../src/ops/log.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';

const page = readFileSync('docs/how-to/app-tour.md', 'utf8');
const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map((match) => match[1] ?? '');
const run = promisify(execFile);

describe('docs/how-to/app-tour.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-tour-'));
  const clock = () => new Date();
  let app: App;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    const free = { http: '127.0.0.1:0', mllp: '127.0.0.1:0' };
    const config = buildConfig([{ ...free, data: join(folder, 'data') }]);
    app = await startApp({ config, log: openLog('silent'), clock, root: `${process.cwd()}/` });
    const token = await tokenFor(
      { keys: app.keys, clock, newId: () => crypto.randomUUID() },
      { id: 'tour', display: 'Tour', role: 'admin' },
      { audience: audience.api, ttlSeconds: 600 },
    );
    env = { ...process.env, BASE: `${app.http}/fhir`, TOKEN: token };
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('has blocks to run', () => {
    expect(blocks.length).toBeGreaterThan(8);
  });

  it.each(blocks.map((block, index) => [index + 1, block]))(
    'block %i does what it says',
    async (_number, block) => {
      await run('bash', ['-euo', 'pipefail', '-c', String(block)], { cwd: folder, env });
    },
  );
});
