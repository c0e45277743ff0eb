import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killServers, startServer, weir } from './server-process.ts';
import type { Ended, ServerProcess } from './server-process.ts';

const page = readFileSync('README.md', 'utf8');
const blocks = [...page.matchAll(/^```\n([^]*?)^```/gm)].map((match) => match[1] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'weir-readme-'));
const data = join(folder, 'data');
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(['--data', data]);
});
afterAll(async () => {
  await server.stop();
  killServers();
  rmSync(folder, { recursive: true, force: true });
});

/** The block that holds this command, with the test's own folder and addresses. */
function block(command: string): string {
  const found = blocks.filter((text) => text.includes(command));
  expect(found, command).toHaveLength(1);
  return (found[0] ?? '')
    .replaceAll('./data', data)
    .replaceAll('127.0.0.1:2575', server.mllp)
    .replaceAll('127.0.0.1:8080', server.http.replace('http://', ''));
}

/** Runs it as a person would, but that `npm run` starts the program without looking at node_modules. */
function shell(script: string): Promise<Ended> {
  const npm = join(folder, 'npm');
  const scripts = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts.scripts).toMatchObject({
    weir: 'node bin/weir.mjs',
    demo: 'node bin/weir.mjs demo',
    test: 'node bin/test.mjs',
  });
  writeFileSync(
    npm,
    `#!/bin/sh
[ "$1" = run ] || exit 9
shift
[ "$1" = --silent ] && shift
case $1 in weir) set_command= ;; demo) set_command=demo ;; *) exit 9 ;; esac
shift
[ "$1" = -- ] && shift
exec '${process.execPath}' '${resolve('src/main.ts')}' $set_command "$@"
`,
  );
  chmodSync(npm, 0o755);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  return new Promise((done) => {
    const child = execFile('bash', ['-euc', script], { env }, (_error, stdout, stderr) => {
      done({ code: child.exitCode, stdout, stderr });
    });
  });
}

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('README.md', () => {
  it('npm run demo does what it says, and checks it with --once', async () => {
    const demo = block('npm run demo').trim();
    const free = `-- --once --data ${join(folder, 'demo')} --http 127.0.0.1:0 --mllp 127.0.0.1:0`;
    const { code, stdout } = await shell(`${demo} ${free}`);
    expect(stdout).toContain('Everything is as it should be.');
    expect(stdout).toMatch(/^ {2}Patient +9$/m);
    expect(code).toBe(0);
  });

  it('serve is a command with the flags that are shown', async () => {
    const args = block('serve --data').trim().split(' ').slice(4);
    expect(args).toEqual(['serve', '--data', data]);
    const { stderr } = await weir(...args);
    expect(stderr).toContain('is in use by another Weir server');
  });

  it.skipIf(!hasCurl())('a message is sent, a token made and the person asked for', async () => {
    const { code, stdout, stderr } = await shell(block('message send'));
    expect(stderr.replaceAll(/^ *%? *(Total|Dload|\d).*$/gm, '').trim()).toBe('');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ack: 'AA' });
    expect(JSON.parse(lines.slice(1).join('\n'))).toMatchObject({
      resourceType: 'Bundle',
      total: 1,
    });
  });

  it('shows no npm command besides those that run here', () => {
    const known = ['npm run demo', 'npm test', 'npm run weir -- serve', 'npm run --silent weir'];
    const lines = blocks.join('\n').split('\n');
    const commands = lines.filter((line) => line.includes('npm '));
    expect(commands.length).toBeGreaterThanOrEqual(5);
    for (const line of commands) expect(known.some((start) => line.includes(start))).toBe(true);
  });
});
