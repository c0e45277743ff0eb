import { globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { mapBytes } from '../../src/cli/map-message.ts';
import { openMaps } from '../../src/cli/maps.ts';
import { readMessages } from '../../src/cli/message-files.ts';
import { buildConfig } from '../../src/config.ts';
import { runCommand, type Ran } from './command-io.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-deid-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function deid(...line: readonly string[]): Promise<Ran> {
  const command = commands.find(({ name }) => name === 'message deid');
  if (command === undefined) throw new Error('There is no such command');
  const args = parseArguments(line, command.flags);
  return runCommand((io) => command.run(buildConfig([]), args, io));
}

async function inFolder(name: string, files: Readonly<Record<string, string | Uint8Array>>) {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text);
  return place;
}

const adt = (id: string, more = ''): string =>
  `MSH|^~\\&|EHR|MERCY|W|H|20260501||ADT^A08|${id}|P|2.5.1${more}\rPID|1||4711^^^MERCY^MR||Doe^Jane||19800214|F\r`;

const all = (place: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(place)
      .sort()
      .map((name) => [name, readFileSync(join(place, name), 'latin1')]),
  );

describe('weir message deid', () => {
  it('writes a file for each, under a name that says nothing, and tells what was done', async () => {
    const place = await inFolder('in', { 'doe-jane.hl7': adt('A'), 'roe.hl7': adt('B') });
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await deid(place, '--out', out);
    expect([code, stderr]).toEqual([0, '']);
    expect(Object.keys(all(out))).toEqual(['0001-adt-a08.hl7', '0002-adt-a08.hl7']);
    expect(Object.values(all(out)).join('')).not.toMatch(/doe|jane|4711|19800214/i);
    expect(stdout).toMatch(/^PID-5\.1 +2 +replaced$/m);
    expect(stdout).toMatch(/^PID-7 +2 +shifted$/m);
    expect(stdout).toContain('\n2 messages in 2 files\n');
    await expect(deid(place, '--out', out)).rejects.toThrow(
      'is there already; name an empty folder',
    );
  });

  it('with the same key gives the same, without one never again', async () => {
    const place = await inFolder('keyed', { 'a.hl7': adt('A') });
    const made = async (name: string, ...key: string[]) => {
      await deid(place, '--out', join(folder, name), ...key);
      return all(join(folder, name));
    };
    expect(await made('k1', '--key', 'x')).toEqual(await made('k2', '--key', 'x'));
    expect(await made('k3')).not.toEqual(await made('k4'));
  });

  it('keeps batches, charsets and the segments that hold nothing of people', async () => {
    const batch = `FHS|^~\\&|EHR|MERCY|||20260501|x|Doe.dat\rBHS|^~\\&|EHR\r${adt('A')}ZPI|1|GOLD\r${adt('B')}BTS|2\rFTS|1\r`;
    const latin = Buffer.from(
      `${adt('C', '||||||8859/1')}OBR|1|||X^Größe^L|||20260501\r`,
      'latin1',
    );
    const place = await inFolder('batch', { 'a.hl7': batch, 'b.hl7': latin });
    const out = join(folder, 'batch-out');
    const { code, stdout } = await deid(place, '--out', out, '--keep-segment', 'ZPI-2', '--json');
    expect(code).toBe(0);
    const [first = '', second = ''] = Object.values(all(out));
    expect(first).toMatch(
      /^FHS\|\^~\\&\|EHR\|MERCY\|\|\|202[345]\d{4}\|REMOVED\|[A-Z][a-z]{2}\.[a-z]{3}\rBHS\|\^~\\&\|EHR\rMSH\|[^]*\rZPI\|\d\|GOLD\rMSH\|[^]*\rBTS\|2\rFTS\|1\r$/,
    );
    expect(second).toContain('|X^Gr\u00f6\u00dfe^L|');
    expect(JSON.parse(stdout)).toMatchObject({
      messages: 3,
      files: [{ from: join(place, 'a.hl7'), to: join(out, '0001-adt-a08.hl7') }, {}],
      changes: expect.arrayContaining([
        { position: 'PID-3.1', done: 'replaced', count: 3 },
      ]) as object,
    });
  });

  it('leaves out what cannot be read, and says so', async () => {
    const place = await inFolder('bad', { 'a.hl7': adt('A'), 'b.hl7': 'Jane Doe was here' });
    const out = join(folder, 'bad-out');
    const { code, stderr } = await deid(place, '--out', out);
    expect([code, stderr]).toEqual([
      1,
      `${join(place, 'b.hl7')} #0 has no MSH that can be read; it was left out\n`,
    ]);
    expect(Object.keys(all(out))).toEqual(['0001-adt-a08.hl7']);
  });

  it('needs paths, a folder to write to, and names that can be', async () => {
    await expect(deid('--out', 'x')).rejects.toThrow('Name files or folders');
    await expect(deid('x')).rejects.toThrow('--out DIR');
    const wrong = deid('fixtures/first-patient.hl7', '--out', 'x', '--keep-segment', 'Z');
    await expect(wrong).rejects.toThrow('Z is no segment or field such as ZLB or ZPI-3');
  });

  it('the maps make the same of a fixture as of the message, but for the values', async () => {
    const { pack, feeds } = await openMaps({ site: '', zone: 'UTC' });
    if (pack === undefined) throw new Error('The base pack has a fault');
    const files = globSync('fixtures/**/*.hl7');
    const out = join(folder, 'fixtures');
    await deid(...files, '--out', out, '--key', 'k');
    const mapping = { pack, feeds, receivedAt: new Date('2026-05-01') };
    const shapes = async (path: string): Promise<string[]> => {
      const made: string[] = [];
      for await (const { bytes } of readMessages([path], { stdin: process.stdin })) {
        const { ack, result } = mapBytes(bytes, mapping);
        const elements = (result?.resources ?? []).flatMap(({ name, resource }) =>
          paths(resource, name),
        );
        made.push([ack, ...elements.sort()].join('\n'));
      }
      return made;
    };
    const made = readdirSync(out).sort();
    expect(made).toHaveLength(files.length);
    for (const [at, file] of files.entries()) {
      expect(await shapes(join(out, made[at] ?? ''))).toEqual(await shapes(file));
    }
  });
});

/** Every element of a resource that has a value, without its value. */
function paths(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => paths(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, each]) => paths(each, `${path}.${key}`));
}
