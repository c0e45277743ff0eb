import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { NoAnswer, UsageError } from '../../src/cli/io.ts';
import { buildConfig } from '../../src/config.ts';
import { splitConditions } from '../../src/feed/condition-text.ts';
import { runApp, type RunningApp } from '../e2e/running-app.ts';

let running: RunningApp;
const folder = mkdtempSync(join(tmpdir(), 'weir-work-'));
const message = (id: string, type: string, pid: string): string =>
  `MSH|^~\\&|EHR|MERCY|W|H|20260301101500||${type}|${id}|P|2.5.1\rEVN||20260301101500\r${pid}\r`;

beforeAll(async () => {
  running = await runApp({ store: 'memory' });
  await running.send(
    message('C 1', 'ADT^A31', 'PID|1||M1^^^MERCY^MR||DOE^JANE||19800214|F\rZPI|1'),
    message('C2', 'ZZZ^Z99', 'PID|1||M2^^^MERCY^MR||ROE^RICHARD'),
  );
});
afterAll(async () => {
  await running.close();
  rmSync(folder, { recursive: true });
});

async function weir(line: readonly string[], stdin = '', data = running.data) {
  const name = line.slice(0, 2).join(' ');
  const command = commands.find((each) => each.name === name);
  if (command === undefined) throw new Error(`There is no command ${name}`);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const args = parseArguments(line.slice(2), command.flags);
  const http = running.app.http.replace('http://', '');
  const config = buildConfig([args.config, { data, http }]);
  const io = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr };
  const code = await command.run(config, args, io);
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

describe('weir message show', () => {
  it('shows a message by its control id: raw and masked, parsed, mapped, answered', async () => {
    const { code, out } = await weir(['message', 'show', 'C 1']);
    expect(code).toBe(0);
    expect(out).toContain('state    processed, answered AA, attempts 1');
    expect(out).toMatch(/Raw \(masked.*\)\n {2}MSH\|/);
    expect(out).toMatch(/PID\[2\]-3\s+x9\^\^\^xxxxx\^xx {2}Patient Identifier List/i);
    expect(out).toMatch(/Mapped\n {2}\{"resourceType":"Patient"/);
    expect(out).not.toMatch(/DOE|JANE|1980/);
    const { out: refused } = await weir(['message', 'show', 'C2']);
    expect(refused).toContain('error message-type-unsupported MSH-9.1: No map');
    const json = await weir(['message', 'show', 'C 1', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ entry: { controlId: 'C 1' }, masked: true });
  });

  it('shows whom it is about for a reason alone', async () => {
    const show = ['message', 'show', 'C 1', '--unmask'];
    await expect(weir(show)).rejects.toThrow(UsageError);
    expect((await weir([...show, '--reason', 'a call'])).out).toContain('DOE^JANE');
  });
});

describe('weir message search', () => {
  it('lists what fits, newest first, and says where there is more', async () => {
    const all = await weir(['message', 'search', 'feed=default']);
    expect(all.out.split('\n').map((line) => / C2? ?\d? /.exec(line)?.[0].trim())).toEqual([
      ...[undefined, 'C2', 'C 1', undefined],
    ]);
    const page = await weir(['message', 'search', 'feed=default', '--count', '1']);
    const cursor = /--cursor (\S+)/.exec(page.err)?.[1] ?? '';
    const next = await weir([
      'message',
      'search',
      'feed=default',
      '--count',
      '1',
      '--cursor',
      cursor,
    ]);
    expect([page.out, next.out].join('')).toMatch(/C2 [^]*C 1 /);
    expect(await weir(['message', 'search', 'PID-3=nobody'])).toEqual({
      ...{ code: 0, out: '', err: 'No message like that\n' },
    });
  });

  it.each([
    [['PID-7=x'], 'Messages are not found by PID-7'],
    [['from=soon'], 'from is a date or time such as'],
    [['state=lost'], 'state is one or more of'],
  ])('%j is refused by name', async (conditions, words) => {
    const asked = weir(['message', 'search', ...conditions]);
    await expect(asked).rejects.toThrow(NoAnswer);
    await expect(asked).rejects.toThrow(words);
  });
});

describe('weir message retry, skip, edit, replay, run', () => {
  it('say what became of the message', async () => {
    expect(await weir(['message', 'retry', 'C2'])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/ {2}failed, attempts 2 {2}message-type-unsupported/) as string,
    });
    const skipped = await weir(['message', 'skip', 'C2', '--reason', 'a test']);
    expect(skipped).toMatchObject({ code: 0, out: expect.stringContaining('ignored') as string });
    const file = join(folder, 'mended.hl7');
    const text = message('C2', 'ADT^A31', 'PID|1||M2^^^MERCY^MR||ROE^RICHARD').replaceAll(
      '\r',
      '\n',
    );
    writeFileSync(file, text);
    const edited = await weir(['message', 'edit', 'C2', '--file', file, '--reason', 'A31']);
    expect(edited).toMatchObject({ code: 0, out: expect.stringContaining('processed') as string });
    const found = await weir(['message', 'search', 'controlId=C2', 'state=ignored', '--json']);
    const { entries } = JSON.parse(found.out) as { entries: { id: string }[] };
    const original = entries[0]?.id ?? '';
    const told = (await weir(['message', 'show', original])).out;
    expect(told).toMatch(/instead {2}\S+/);
    expect(told).toMatch(/cli:\S+ {2}edit {2}\S+ {2}A31 {2}was ignored/);
    const again = weir(['message', 'edit', 'C2', '--file', '-', '--reason', 'x'], text);
    await expect(again).rejects.toThrow('Nothing is changed; retry the message instead');
  });

  it('replays and shows its runs', async () => {
    const replay = ['message', 'replay', '--feed', 'default'];
    const { code, out, err } = await weir([...replay, '--shadow', '--diff']);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^shadow done: \d messages, \d same\n$/),
    ]);
    const id = /Run (\S+) has begun/.exec(err)?.[1] ?? '';
    expect((await weir(['message', 'run'])).out).toContain(id);
    const json = await weir(['message', 'run', id, '--json', '--unmask', '--reason', 'x']);
    expect(JSON.parse(json.out)).toMatchObject({ id, state: 'done', kind: 'shadow' });
    expect((await weir(['message', 'run', id, '--cancel'])).out).toContain('shadow done');
    expect((await weir(['message', 'replay', 'PID-3=M1', '--from', '1d'])).out).toContain(
      'replay done: 1',
    );
    expect((await weir(['message', 'retry', 'PID-3=M1'])).out).toBe('retry done: 0 messages\n');
  });

  it.each([
    [['show']],
    [['explain', 'a', 'b']],
    [['retry']],
    [['skip', 'C2']],
    [['skip', '--reason', 'x']],
    [['edit', 'C2', '--reason', 'x']],
    [['edit', 'C2', '--file', '/nowhere/x.hl7', '--reason', 'x']],
    [['replay', '--feed', 'x', '--diff']],
    [['replay', 'PID-3']],
    [['search', 'PID-3']],
    [['run', 'a', 'b']],
  ])('%j is a wrong usage', async (line) => {
    await expect(weir(['message', ...line])).rejects.toThrow(UsageError);
  });

  it('say so where there is no such message, nothing to go by, no server, or another data folder', async () => {
    const refused = async (line: string[], words: string, data?: string): Promise<void> => {
      const asked = weir(['message', ...line], '', data);
      await expect(asked).rejects.toThrow(NoAnswer);
      await expect(asked).rejects.toThrow(words);
    };
    await refused(['show', 'nobody'], 'There is no such message');
    await refused(['retry', 'C 1'], 'The message is processed; replay it');
    await refused(['skip', 'C 1', '--reason', 'x'], 'The message is processed');
    await refused(['replay'], 'Say which messages');
    await refused(['run', 'nothing'], 'There is no such run');
    await refused(['show', 'C 1'], '401', folder);
    await refused(['show', 'C 1', '--http', '127.0.0.1:1'], 'No server answers at 127.0.0.1:1');
  });
});

describe('conditions as they are typed', () => {
  it.each([
    [
      'PID-3=123 state=failed',
      [
        ['PID-3', '123'],
        ['state', 'failed'],
      ],
      '',
    ],
    [
      'PID-5=van den Berg feed=lab',
      [
        ['PID-5', 'van den Berg'],
        ['feed', 'lab'],
      ],
      '',
    ],
    ['  ZPI-2=a=b  ', [['ZPI-2', 'a=b']], ''],
    ['hello PID-3=1', [['PID-3', '1']], 'hello'],
    ['=x', [], '=x'],
    ['', [], ''],
  ])('%s', (text, conditions, rest) => {
    expect(splitConditions(text)).toEqual({ conditions, rest });
  });
});
