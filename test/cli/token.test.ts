import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/cli/io.ts';
import { tokenCommand } from '../../src/cli/token.ts';
import { buildConfig } from '../../src/config.ts';
import { loadKeys } from '../../src/security/keys.ts';
import { audience, verifyToken } from '../../src/security/token.ts';
import { runCommand } from './command-io.ts';

const data = join(mkdtempSync(join(tmpdir(), 'weir-token-')), 'new/folder');
afterAll(() => rmSync(join(data, '../..'), { recursive: true }));

const flags = commands.find(({ name }) => name === 'token')?.flags;

async function token(...args: string[]): Promise<string> {
  const parsed = parseArguments(args, flags);
  const { stdout } = await runCommand((io) => tokenCommand(buildConfig([{ data }]), parsed, io));
  expect(stdout).toMatch(/^[\w.-]+\n$/);
  return stdout.trim();
}

async function verify(text: string, at = new Date()) {
  return verifyToken(loadKeys(data), text, audience.api, at);
}

describe('weir token', () => {
  it('prints a token alone, good with the key of the data folder, which it makes', async () => {
    const { principal, tokenId } = (await verify(await token('--role', 'nurse'))) ?? {};
    expect(principal).toMatchObject({ id: `token:${tokenId ?? ''}`, role: 'nurse' });
    expect(principal?.patient).toBeUndefined();
    expect(statSync(join(data, 'keys/signing.key')).mode & 0o777).toBe(0o600);
  });

  it.each(['p1', 'Patient/p1'])('confines it to one person: --patient %s', async (patient) => {
    const verified = await verify(await token('--role=app', '--patient', patient));
    expect(verified?.principal.patient).toBe('p1');
  });

  it.each([
    [[], 3600],
    [['--ttl', '30s'], 30],
    [['--ttl', '15m'], 900],
    [['--ttl', '1h'], 3600],
    [['--ttl', '7d'], 7 * 86_400],
    [['--ttl', '366d'], 366 * 86_400],
  ])('%j is good for %i seconds', async (args, seconds) => {
    const text = await token('--role', 'nurse', ...args);
    const { expiresAt } = (await verify(text)) ?? {};
    const end = expiresAt?.getTime() ?? 0;
    expect(Math.abs(end - Date.now() - seconds * 1000)).toBeLessThan(15_000);
    expect(await verify(text, new Date(end + 1000))).toBeUndefined();
  });

  it.each(['', '1', 'h', '1w', '-1h', '1.5h', '0s', '367d', '9999999s', '1h ', '１h'])(
    'refuses --ttl %j',
    async (ttl) => {
      await expect(token('--role', 'nurse', '--ttl', ttl)).rejects.toThrow(UsageError);
    },
  );

  it.each([[[]], [['--role', 'wizard']], [['--role', '']], [['--role', 'Nurse']]])(
    'refuses %j and names the roles',
    async (args) => {
      await expect(token(...args)).rejects.toThrow(/^--role is one of admin, analyst, /);
    },
  );
});
