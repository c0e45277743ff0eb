import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/io.ts';
import { messageCheckCommand } from '../../src/cli/message-check.ts';
import { buildConfig } from '../../src/config.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function check(paths: string[], flags: Record<string, true> = {}, stdin = '') {
  const stdout = new PassThrough();
  const io = { stdin: new PassThrough().end(stdin), stdout, stderr: new PassThrough() };
  const code = await messageCheckCommand(
    buildConfig([]),
    { config: {}, flags, positional: paths },
    io,
  );
  return { code, out: String(stdout.read() ?? '') };
}

const good =
  'MSH|^~\\&|E|M|W|H|202605011000||ADT^A08^ADT_A01|C1|P|2.5.1\rEVN||202605011000\r' +
  'PID|1||M1^^^M^MR||Alvarez^Maria\rPV1|1|O\r';
const bad = good.replace('PV1|1|O', 'PV1|one|O').replace('Maria', 'Maria^^^^^QQ');

it('a line for each fault with file, message, place and kind; the rate of a folder; 1 where one does not conform', async () => {
  writeFileSync(join(folder, 'a.hl7'), good + bad);
  writeFileSync(join(folder, 'b.hl7'), good.replaceAll('\r', '\n'));
  const { code, out } = await check([folder]);
  expect(code).toBe(1);
  expect(out.split('\n')).toEqual([
    `${join(folder, 'a.hl7')}:2 PID-5.7 length has 2 characters, more than 1`,
    `${join(folder, 'a.hl7')}:2 PID-5.7 table table 0200 has no QQ`,
    `${join(folder, 'a.hl7')}:2 PV1-1 type is no SI: it is no sequence number`,
    '2 of 3 messages conform (66.7 %)',
    '  PID-5.7 length in 1',
    '  PID-5.7 table in 1',
    '  PV1-1 type in 1',
    '',
  ]);
});

it('0 where all conform, from stdin too', async () => {
  expect(await check(['-'], {}, good)).toEqual({
    code: 0,
    out: '1 of 1 messages conform (100.0 %)\n',
  });
});

it('JSON lines', async () => {
  writeFileSync(join(folder, 'a.hl7'), bad);
  const { code, out } = await check([join(folder, 'a.hl7')], { '--json': true });
  expect(code).toBe(1);
  const [first, last] = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(first).toMatchObject({
    index: 0,
    controlId: 'C1',
    messageType: 'ADT^A08',
    version: '2.5.1',
  });
  expect(first).toHaveProperty('faults.1', {
    position: 'PID-5.7',
    kind: 'table',
    text: 'table 0200 has no QQ',
  });
  expect(last).toMatchObject({ summary: { messages: 1, conforming: 0, rate: 0 } });
});

it('a file that is no message is a fault, one that is not there is wrong usage', async () => {
  writeFileSync(join(folder, 'x.hl7'), 'hello');
  const { code, out } = await check([folder]);
  expect(code).toBe(1);
  expect(out).toContain('x.hl7:1 MSH syntax The message does not begin with MSH');
  await expect(check([join(folder, 'nope')])).rejects.toThrow(UsageError);
  await expect(check([])).rejects.toThrow(UsageError);
});
