import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { feedDevCommand } from '../../src/cli/feed-dev.ts';
import { buildConfig } from '../../src/config.ts';
import { runCommand } from './command-io.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-dev-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const oru = (id: string, code: string): string =>
  [
    `MSH|^~\\&|LAB|MERCY|WEIR|HUB|20260301||ORU^R01|${id}|P|2.5.1`,
    'PID|1||77^^^MERCY^MR||SHAW^ALAN||19660214|M',
    `OBR|1||F-${id}|CHEM^Chemistry^LAB|||20260301||||||||||||||||||F`,
    `OBX|1|NM|${code}^Test^LAB||4.1|mmol/L||N|||F`,
    'ZLB|1',
  ].join('\r');

const overlay = (more: string): string =>
  `overlay: mercy\nbase: [oru-r01@1]\nwhen: { feed: [mercy] }\n${more}\n`;

async function site(name: string, more: string): Promise<{ site: string; samples: string }> {
  const place = join(folder, name);
  await mkdir(join(place, 'feeds'), { recursive: true });
  await mkdir(join(place, 'mappings'));
  await mkdir(join(place, 'samples'));
  await writeFile(join(place, 'feeds/mercy.feed.yaml'), 'feed: mercy\n');
  await writeFile(join(place, 'mappings/mercy.overlay.yaml'), overlay(more));
  for (const id of ['1', '2']) await writeFile(join(place, `samples/${id}.hl7`), oru(id, `T${id}`));
  return { site: place, samples: join(place, 'samples') };
}

const dev = (args: { site: string; samples: string }, feed = 'mercy') =>
  runCommand((io) => {
    const parsed = { config: {}, flags: { '--feed': feed }, positional: [args.samples] };
    return feedDevCommand(buildConfig([{ site: args.site }]), parsed, io);
  });

describe('weir feed dev', () => {
  it('says of each sample what is made and what is left over', async () => {
    const { code, stdout } = await dev(await site('one', ''));
    expect(code).toBe(1);
    expect(stdout).toMatch(/1\.hl7 #0 +ORU\^R01 +AA +\d+ +ZLB-1\n/);
    expect(stdout).toContain('2 samples, 0 refused, 1 fields and 0 codes left over');
  });

  it('is yes where nothing is left over', async () => {
    const { code, stdout } = await dev(await site('two', 'ignore: { ZLB-1: set id }'));
    expect(stdout).toContain('0 fields and 0 codes');
    expect(code).toBe(0);
  });

  it('names a fault of the maps by file, line and column', async () => {
    const { code, stdout } = await dev(await site('three', 'nonsense: 1'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/mercy\.overlay\.yaml:4:1: /);
  });

  it('knows only feeds of the site', async () => {
    const { code, stdout } = await dev(await site('four', ''), 'other');
    expect([code, stdout]).toEqual([1, 'There is no feed other in the site\n']);
  });

  it('runs again at every save, and says what has changed and by which rule', async () => {
    const place = await site('five', '');
    const args = ['src/main.ts', 'feed', 'dev', place.samples, '--site', place.site];
    const child = spawn(process.execPath, [...args, '--feed', 'mercy', '--watch'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    onTestFinished(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
    const until = async (what: RegExp): Promise<void> => {
      while (!what.test(text)) await new Promise((resolve) => setTimeout(resolve, 20));
      text = '';
    };
    const file = join(place.site, 'mappings/mercy.overlay.yaml');
    await until(/2 samples/);
    await writeFile(
      file,
      overlay('resources: { observation: { set: { status: { const: final } } } '),
    );
    await until(/mercy\.overlay\.yaml:\d+:\d+: /);
    await writeFile(file, overlay('ignore: { ZLB-1: set id }'));
    await until(/left over: ZLB-1 -> nothing \(2\)\n2 samples, 0 refused, 0 fields/);
    await writeFile(
      file,
      overlay('resources: { observation: { set: { method: { const: { text: X } } } } }'),
    );
    await until(/\+ Observation\.method {2}<- .*:\d+ \(2\)/);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});
