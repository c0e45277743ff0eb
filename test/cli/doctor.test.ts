import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { exitCode } from '../../src/cli/io.ts';
import { buildConfig } from '../../src/config.ts';
import type { ConfigSource } from '../../src/config.ts';
import { runCommand } from './command-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function doctor(given: ConfigSource = {}) {
  const free = { data: join(folder, 'data'), http: '127.0.0.1:0', mllp: '127.0.0.1:0' };
  const config = buildConfig([given, free]);
  const nothing = { config: {}, flags: {}, positional: [] };
  const { code, stdout } = await runCommand((io) => doctorCommand(config, nothing, io));
  const lines = stdout.trim().split('\n');
  for (const line of lines) expect(line).toMatch(/^(ok|warn|fail) +\S/);
  return { code, lines };
}

const fails = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith('fail'));

describe('weir doctor', () => {
  it('says one line for each check and exits 0, and leaves nothing behind but the key', async () => {
    const { code, lines } = await doctor();
    expect(fails(lines)).toEqual([]);
    expect(code).toBe(exitCode.done);
    const said = lines.join('\n');
    for (const word of ['Node ', 'clock', 'Zone UTC', 'MiB free', 'disk sync', 'signing key']) {
      expect(said).toContain(word);
    }
    expect(said).toContain('Maps and rules can be read; feeds: default');
    expect(said).toContain('HTTP can listen');
    expect(said).toContain('MLLP can listen');
    expect(readdirSync(join(folder, 'data'))).toEqual(['keys']);
  });

  it('names the feeds of a site', async () => {
    const { lines } = await doctor({ site: 'fixtures/demo-site' });
    expect(lines.join()).toContain('ehr-mercy');
  });

  it.each<[string, () => ConfigSource, string]>([
    ['a zone that is none', () => ({ zone: 'Mars/Olympus' }), '"Mars/Olympus" is no IANA zone'],
    ['a site that is not there', () => ({ site: join(folder, 'none') }), 'There is no site folder'],
    ['a folder that is a file', dataFile, 'The data folder cannot be used'],
    ['an address of another machine', () => ({ http: '192.0.2.1:0' }), 'HTTP cannot listen on'],
    ['no database', () => ({ store: 'mongodb://u:secret@127.0.0.1:1/weir' }), '127.0.0.1:1/weir'],
    ['a fault in a map', faultySite, 'faulty.map.yaml:1'],
    ['a key that cannot be read', keyFolder, 'The signing key cannot be read'],
  ])('%s: exits 1 and says which', async (_case, change, text) => {
    const { code, lines } = await doctor(change());
    expect(fails(lines)).toEqual([expect.stringContaining(text)]);
    expect(code).toBe(exitCode.no);
  });

  it('a port in use is a warning: it may be the server that is asked about', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, lines } = await doctor({ mllp: `127.0.0.1:${String(port)}` });
    server.close();
    expect(lines.at(-1)).toMatch(/^warn +MLLP .* is in use/);
    expect(code).toBe(exitCode.done);
  });
});

function dataFile(): ConfigSource {
  writeFileSync(join(folder, 'data'), '');
  return {};
}

function keyFolder(): ConfigSource {
  mkdirSync(join(folder, 'data/keys/signing.key'), { recursive: true });
  return {};
}

function faultySite(): ConfigSource {
  mkdirSync(join(folder, 'site/mappings'), { recursive: true });
  writeFileSync(join(folder, 'site/mappings/faulty.map.yaml'), 'nonsense: true\n');
  return { site: join(folder, 'site') };
}
