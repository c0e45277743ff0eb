import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeArguments, weirEnvironment } from '../../bin/runtime.mjs';
import { commands } from '../../src/cli/commands.ts';
import { launcherIn } from '../e2e/launcher.ts';

let root: string;
let program: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weir-launcher-'));
  program = launcherIn(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const stampFile = (): string => join(root, 'node_modules/.weir-lock');

function weir(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  return { status, stdout, stderr };
}

/** Puts an `npm` before all others that says how it was called and ends as told. */
function fakeNpm(status: number): Record<string, string> {
  const folder = join(root, 'fake');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'npm');
  writeFileSync(file, `#!/bin/sh\necho "npm $*" >&2\nexit ${String(status)}\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
}

describe('weir as a process', () => {
  it.each([
    ['nothing', []],
    ['--help', ['--help']],
    ['help', ['help']],
  ])('%s: lists every command and exits 0', (_case, args) => {
    const { status, stdout, stderr } = weir(args);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    for (const { usage } of commands) expect(stdout).toContain(`weir ${usage}`);
  });

  it('COMMAND --help: its flags and settings with their defaults, and exits 0', () => {
    const { status, stdout } = weir(['demo', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--once');
    expect(stdout).toMatch(/--data DIR +.*\(data\/demo\)/);
  });

  it.each([
    ['an unknown command', ['bogus', 'x'], 'There is no command "bogus x"'],
    ['half a command', ['map'], 'There is no command "map"'],
    ['an unknown flag', ['token', '--rolle', 'nurse'], 'There is no flag --rolle here'],
    ['a flag without its value', ['token', '--role'], '--role needs a value'],
    ['a missing flag', ['token'], '--role is one of'],
    ['a setting out of bounds', ['serve', '--session-hours', '0'], 'must be a number from 1'],
    ['an address that is none', ['doctor', '--http', '8080'], '"8080" is no address'],
    ['a missing file', ['message', 'send', 'no.hl7', '127.0.0.1:1'], 'no.hl7 cannot be read'],
  ])('%s: says so on stderr and exits 2', (_case, args, text) => {
    const { status, stdout, stderr } = weir(args, { WEIR_DATA: join(root, 'data') });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(text);
  });

  it('a fault exits 3 with one sentence, and WEIR_TRACE adds where', () => {
    writeFileSync(join(root, 'data'), 'a file where the folder should be');
    const args = ['token', '--role', 'nurse'];
    const plain = weir(args, { WEIR_DATA: join(root, 'data') });
    expect(plain.status).toBe(3);
    expect(plain.stderr.trim().split('\n')).toHaveLength(1);
    expect(weir(args, { WEIR_DATA: join(root, 'data'), WEIR_TRACE: '1' }).stderr).toContain(
      'at loadKeys',
    );
  });

  it('hands arguments on as they are, and the environment counts', () => {
    const made = weir(['token', '--role=nurse'], { WEIR_DATA: join(root, 'a folder') });
    expect(made.status).toBe(0);
    expect(made.stdout).toMatch(/^[\w.-]+\n$/);
    expect(existsSync(join(root, 'a folder/keys/signing.key'))).toBe(true);
  });
});

describe('the launcher', () => {
  it('installs nothing when what is there fits the lock file', () => {
    expect(weir(['--help'], fakeNpm(1)).stderr).toBe('');
  });

  it.each([
    ['absent', () => rmSync(join(root, 'node_modules'), { recursive: true })],
    ['of another lock file', () => writeFileSync(join(root, 'package-lock.json'), '{"a":1}')],
  ])('installs where node_modules is %s, and once', (_case, change) => {
    change();
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    const first = weir(['--help'], fakeNpm(0));
    expect(first.status).toBe(0);
    expect(first.stderr).toContain('npm ci --no-audit');
    expect(first.stderr).not.toContain('--omit=dev');
    expect(first.stdout).toContain('weir serve');
    expect(weir(['--help'], fakeNpm(0)).stderr).toBe('');
  });

  it('leaves development dependencies out in production', () => {
    rmSync(stampFile());
    expect(weir(['--help'], { ...fakeNpm(0), NODE_ENV: 'production' }).stderr).toContain(
      '--omit=dev',
    );
  });

  it('says so and exits 3 when the installation fails, and tries again', () => {
    rmSync(stampFile());
    for (let round = 0; round < 2; round += 1) {
      const { status, stderr, stdout } = weir(['--help'], fakeNpm(1));
      expect(status).toBe(3);
      expect(stderr).toContain('npm ci failed');
      expect(stdout).toBe('');
    }
  });
});

describe('what Node is started with', () => {
  /** Puts a program in place of Weir's that says how it was started. */
  function started(env: Readonly<Record<string, string>> = {}): unknown {
    rmSync(join(root, 'src'));
    mkdirSync(join(root, 'src'));
    const says =
      'const { MALLOC_ARENA_MAX: arenas, NODE_COMPILE_CACHE: cache } = process.env;' +
      'console.log(JSON.stringify({ arguments: process.execArgv, arenas, cache }));';
    writeFileSync(join(root, 'src/main.ts'), says);
    const { stdout, stderr } = weir([], env);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  }

  it('bounds of its memory, and where what was compiled is kept', () => {
    expect(nodeArguments.join(' ')).toMatch(/--max-semi-space-size=\d+ --heap-growing-percent=\d+/);
    expect(started()).toEqual({
      arguments: nodeArguments,
      arenas: '2',
      cache: join(tmpdir(), 'node-compile-cache'),
    });
  });

  it('leaves what the environment says', () => {
    const cache = join(root, 'cache');
    expect(started({ MALLOC_ARENA_MAX: '8', NODE_COMPILE_CACHE: cache })).toMatchObject({
      arenas: '8',
      cache,
    });
  });

  it('is the same in the image', () => {
    const image = readFileSync('Dockerfile', 'utf8');
    const entry = JSON.stringify(['node', ...nodeArguments, 'src/main.ts']).replaceAll(',', ', ');
    expect(image).toContain(`ENTRYPOINT ${entry}\n`);
    const [, added = ''] = /^ENV (MALLOC.*)$/m.exec(image) ?? [];
    const set = added.split(' ').map((one) => one.split('=')[0]);
    expect(set).toEqual(Object.keys(weirEnvironment({})));
  });
});
