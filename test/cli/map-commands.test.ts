import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/cli/io.ts';
import { buildConfig } from '../../src/config.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-map-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function put(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** Runs a command as the command line does; what it printed and how it ended. */
async function weir(name: string, args: readonly string[], stdin = '') {
  const command = commands.find((one) => one.name === name);
  if (!command) throw new Error(name);
  const parsed = parseArguments(args, command.flags);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const io = { stdin: Readable.from([Buffer.from(stdin, 'latin1')]), stdout, stderr };
  const code = await command.run(buildConfig([parsed.config]), parsed, io);
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), err: await text(stderr) };
}

interface Line {
  readonly file: string;
  readonly index: number;
  readonly controlId: string;
  readonly type: string;
  readonly ack: string;
  readonly bundle: {
    readonly entry: {
      readonly fullUrl: string;
      readonly resource: { readonly resourceType: string; readonly id?: string };
      readonly request: { readonly method: string; readonly url: string };
    }[];
  } | null;
  readonly loss: { readonly position: string }[];
  readonly issues: { readonly code: string; readonly diagnostics: string }[];
}

async function run(args: readonly string[], stdin = ''): Promise<{ code: number; lines: Line[] }> {
  const { code, out } = await weir('map run', args, stdin);
  return {
    code,
    lines: out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line),
  };
}

const adt = (event: string, id: string): string =>
  [
    `MSH|^~\\&|EHR|MERCY|WEIR|HUB|20260101083000+0100||ADT^${event}|${id}|P|2.5.1`,
    'EVN||20260101083000',
    'PID|1||1^^^MERCY^MR||Doe^Jane||19800203|F',
    'PV1|1|I|W^1^A||||||||||||||||V1',
    'ZAB|1',
  ].join('\r');

describe('weir map run', () => {
  it('prints a line per message with a transaction Bundle', async () => {
    const { code, lines } = await run(['-'], `${adt('A01', 'M1')}\r${adt('A08', 'M2')}\r`);
    expect(code).toBe(0);
    expect(
      lines.map(({ file, index, controlId, type, ack }) => [file, index, controlId, type, ack]),
    ).toEqual([
      ['-', 0, 'M1', 'ADT^A01', 'AA'],
      ['-', 1, 'M2', 'ADT^A08', 'AA'],
    ]);
    const entries = lines[0]?.bundle?.entry ?? [];
    const patient = entries.find(({ resource }) => resource.resourceType === 'Patient');
    expect(patient?.request).toEqual({
      method: 'PUT',
      url: 'Patient?identifier=urn%3Aweir%3Aauthority%3AMERCY%7C1',
    });
    const encounter = entries.find(({ resource }) => resource.resourceType === 'Encounter');
    expect(encounter?.request).toEqual({
      method: 'PUT',
      url: `Encounter/${encounter?.resource.id ?? ''}`,
    });
    expect(encounter).toHaveProperty('resource.subject.reference', patient?.fullUrl);
    expect(lines[0]?.loss.map(({ position }) => position)).toContain('ZAB-1');
  });

  it('reads folders, with LF or CRLF, and refuses what no map takes with its type', async () => {
    await put('in/a.hl7', adt('A01', 'A').replaceAll('\r', '\n'));
    await put('in/b/b.hl7', adt('A99', 'B').replaceAll('\r', '\r\n'));
    await put('in/c.txt', adt('A01', 'C'));
    const { code, lines } = await run([join(folder, 'in')]);
    expect(code).toBe(1);
    expect(lines.map(({ controlId, ack }) => [controlId, ack])).toEqual([
      ['A', 'AA'],
      ['B', 'AR'],
    ]);
    expect(lines[1]?.bundle).toBeNull();
    expect(lines[1]?.issues[0]?.code).toBe('event-unsupported');
    expect(lines[1]?.issues[0]?.diagnostics).toContain('A99');
  });

  it.each(['', 'hello', 'MSH', 'MSH|^~\\&', '\u0000\u0001', '{"resourceType":"Patient"}'])(
    'gives a line for anything: %j',
    async (content) => {
      const { code, lines } = await run(['-'], content);
      expect(code).toBe(1);
      expect(lines).toHaveLength(1);
      expect(['AE', 'AR']).toContain(lines[0]?.ack);
    },
  );

  it('lays an overlay over the base pack', async () => {
    const check = await weir('map check', []);
    expect(check.code).toBe(0);
    const overlay = await put(
      'no-birth.overlay.yaml',
      'overlay: no-birth\nbase: [adt-visit@1]\nresources: { patient: { set: { birthDate: null } } }\n',
    );
    const { lines } = await run(['--overlay', overlay, '-'], adt('A01', 'M1'));
    const [patient] = lines[0]?.bundle?.entry ?? [];
    expect(patient?.resource.resourceType).toBe('Patient');
    expect(patient?.resource).not.toHaveProperty('birthDate');
  });

  it('needs a path that exists', async () => {
    await expect(weir('map run', [])).rejects.toThrow(UsageError);
    await expect(weir('map run', [join(folder, 'nowhere')])).rejects.toThrow(UsageError);
    await expect(weir('map run', ['--feed', 'nobody', '-'])).rejects.toThrow(
      'There is no feed nobody',
    );
  });
});

describe('weir map check', () => {
  it('prints file, line, column and what to do', async () => {
    const path = await put(
      'bad.overlay.yaml',
      'overlay: bad\nbase: [adt-visit@1]\nresources: { patient: { set: { brithDate: PID-7 } } }\n',
    );
    const { code, out } = await weir('map check', [path]);
    expect(code).toBe(1);
    expect(out).toContain(
      'bad.overlay.yaml:3:32: The base has no slot `brithDate`; did you mean `birthDate`?',
    );
  });

  it('says what was checked', async () => {
    const { code, out } = await weir('map check', []);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+ maps for \d+ events: no faults\n$/);
  });
});

describe('weir map test', () => {
  it('runs cases beside messages and in folders of their own, and says what differs', async () => {
    await put('cases/good/message.hl7', adt('A01', 'M1'));
    await put(
      'cases/good/assert.yaml',
      'ack: AA\nasserts:\n  - { resource: Patient, fhirpath: "name.family", equals: Doe }\n  - { fhirpath: "entry.count() > 1", equals: true }\n',
    );
    await put('cases/bad.hl7', adt('A01', 'M1'));
    await put(
      'cases/bad.assert.yaml',
      'asserts:\n  - { resource: Patient, fhirpath: "gender", equals: male }\n  - { resource: Patient, fhirpath: "((", equals: 1 }\n',
    );
    await put('cases/refused.hl7', adt('A99', 'M1'));
    await put('cases/refused.assert.yaml', 'ack: AR\n');
    await put('cases/whole.hl7', adt('A99', 'M1'));
    await put('cases/whole.expected.json', '{"resourceType":"Bundle","type":"batch","entry":[]}');
    await put('cases/no-case.hl7', adt('A01', 'M1'));
    const { code, out } = await weir('map test', [join(folder, 'cases')]);
    expect(code).toBe(1);
    expect(out).toContain(`ok   ${join(folder, 'cases/good')}`);
    expect(out).toContain(`ok   ${join(folder, 'cases/refused')}`);
    expect(out).toContain('Patient: gender: expected "male", got "female"');
    expect(out).toContain('Patient: ((: ');
    expect(out).toContain('Bundle.type: expected "batch", got "transaction"');
    expect(out).toContain('4 cases, 2 failed');
    expect(out).toMatch(/rules reached: \d+ of \d+/);
  });

  it('is no success without any case', async () => {
    await mkdir(join(folder, 'empty'), { recursive: true });
    expect((await weir('map test', [join(folder, 'empty')])).code).toBe(1);
    await expect(weir('map test', [join(folder, 'nowhere')])).rejects.toThrow(UsageError);
  });
});

describe('weir map explain', () => {
  it('says of each element what made it, and what was left over', async () => {
    const { code, out } = await weir('map explain', [await put('e/one.hl7', adt('A08', 'E-1'))]);
    expect(code).toBe(0);
    expect(out).toContain('one.hl7 #0  ADT^A08 E-1');
    expect(out).toMatch(/birthDate = "1980-02-03"\n +PID-7 19800203 {2}<- mappings\/segments\//);
    expect(out).toMatch(/not read by any rule\n +ZAB-1 \(1\)/);
  });

  it('keeps what is asked for, as JSON', async () => {
    const path = await put('e/two.hl7', adt('A08', 'E-2'));
    const { out } = await weir('map explain', ['--element', 'Patient.birthDate', '--json', path]);
    const { resources, loss } = JSON.parse(out) as {
      readonly resources: readonly { readonly elements: readonly { readonly element: string }[] }[];
      readonly loss: readonly object[];
    };
    expect(resources.flatMap(({ elements }) => elements)).toMatchObject([{ element: 'birthDate' }]);
    expect(loss).toEqual([{ position: 'ZAB-1', count: 1 }]);
  });

  it('is no for a message that would be refused, and needs a path', async () => {
    expect((await weir('map explain', [await put('e/bad.hl7', 'nothing')])).code).toBe(1);
    await expect(weir('map explain', [])).rejects.toThrow(UsageError);
    const path = await put('e/one.hl7', adt('A08', 'E-1'));
    await expect(weir('map explain', ['--feed', 'none', path])).rejects.toThrow('no feed none');
  });
});

describe('weir feed profile and gaps', () => {
  it('profile says what the messages look like, without names', async () => {
    await put('p/one.hl7', adt('A08', 'P-1'));
    await put('p/two.hl7', adt('A01', 'P-2'));
    const { code, out } = await weir('feed profile', [join(folder, 'p')]);
    expect(code).toBe(0);
    expect(out).toContain('2 messages');
    expect(out).toMatch(/ZAB +100 % +1 +not of HL7/);
    expect(out).toMatch(/PID-8 .*: F \(2\)/);
    expect(out).not.toMatch(/Doe|Jane/);
  });

  it('profile is no where nothing can be read', async () => {
    const { code, err } = await weir('feed profile', [await put('q/bad.hl7', 'nothing')]);
    expect(code).toBe(1);
    expect(err).toContain('bad.hl7 #0 has no MSH');
  });

  it('gaps adds up what the maps leave over', async () => {
    await put('g/one.hl7', adt('A08', 'G-1'));
    await put('g/two.hl7', adt('Z99', 'G-2'));
    const { code, out } = await weir('feed gaps', ['--json', join(folder, 'g')]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      messages: 2,
      lost: [{ position: 'ZAB-1', messages: 1, count: 1, name: 'not of HL7' }],
      refused: [{ why: expect.stringContaining('Z99') as string, count: 1 }],
    });
    const page = await weir('feed gaps', [join(folder, 'g')]);
    expect(page.out).toMatch(/read by no rule\nfield +messages +times +name\nZAB-1/);
  });

  it('gaps is yes where nothing is left over', async () => {
    const whole = adt('A08', 'G-3').replace('\rZAB|1', '');
    const { code, out } = await weir('feed gaps', [await put('h/one.hl7', whole)]);
    expect(out).toContain('No gaps');
    expect(code).toBe(0);
  });
});

describe('weir map doc', () => {
  it('is a page with every map, or a sheet of one', async () => {
    const page = await weir('map doc', []);
    expect(page.code).toBe(0);
    expect(page.out).toMatch(/^<!doctype html>/);
    expect(page.out).toContain('<h2 id="oru-r01">');
    expect(page.out).not.toMatch(/<script|undefined|\[object/);
    const { out } = await weir('map doc', ['--csv', '--map', 'oru-r01']);
    const [head = '', ...rows] = out.trimEnd().split('\r\n');
    expect(head).toBe('Map,Resource,Type,Element,From,Field,How,When,Rule');
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.every((row) => row.startsWith('oru-r01,'))).toBe(true);
  });

  it('knows only maps that there are', async () => {
    await expect(weir('map doc', ['--map', 'none'])).rejects.toThrow('There is no map none');
  });
});

describe('weir feed new', () => {
  it('begins a feed that the maps take, says what is open, and writes over nothing', async () => {
    const samples = await put('n/one.hl7', adt('A08', 'N-1'));
    const site = join(folder, 'new-site');
    const made = await weir('feed new', ['mercy-ehr', samples, '--site', site, '--zone', 'UTC']);
    expect(made).toMatchObject({ code: 0, err: '' });
    const [feed = '', overlay = ''] = await Promise.all(
      made.out
        .trim()
        .split('\n')
        .map(async (file) => readFile(file, 'utf8')),
    );
    expect(feed).toContain('sender: { application: EHR, facility: MERCY }');
    expect(feed).toContain('#   MERCY: https://...');
    expect(overlay).toMatch(/^base: \[adt-[a-z]+@\d+\]$/m);
    expect(overlay).toContain('#   ZAB-1: not of HL7, in 1 messages');
    expect((await weir('map check', ['--site', site])).code).toBe(0);
    const run = await weir('map run', ['--site', site, '--feed', 'mercy-ehr', samples]);
    expect(run.code).toBe(0);
    expect(run.out).toContain('+mercy-ehr');
    await expect(weir('feed new', ['mercy-ehr', samples, '--site', site])).rejects.toThrow(
      'is there already; nothing was written',
    );
  });

  it('needs a name, messages, and a site; messages that cannot be read begin nothing', async () => {
    const site = join(folder, 'no-site');
    await expect(weir('feed new', ['Mercy', 'x', '--site', site])).rejects.toThrow(UsageError);
    await expect(weir('feed new', ['mercy', '--site', site])).rejects.toThrow(UsageError);
    await expect(weir('feed new', ['mercy', folder])).rejects.toThrow('--site DIR');
    const { code, err } = await weir('feed new', [
      'mercy',
      await put('n2/bad.hl7', 'x'),
      '--site',
      site,
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining('nothing was written')]);
  });
});

describe('weir map diff', () => {
  const overlay = [
    'overlay: other',
    'base: [adt-person@1]',
    'when: { sender: [MERCY] }',
    'resources: { patient: { set: { gender: null } } }',
    '',
  ].join('\n');

  it('groups what differs by the rule that makes it, or made it', async () => {
    const samples = [
      await put('d/one.hl7', adt('A31', 'D-1')),
      await put('d/two.hl7', adt('A28', 'D-2')),
    ];
    const other = await put('d/other.overlay.yaml', overlay);
    const { code, out } = await weir('map diff', [...samples, '--overlay', other, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject([
      {
        rule: expect.stringMatching(/pid-patient\.map\.yaml:\d+$/) as string,
        elements: { 'Patient.gender': 2 },
        messages: [`${samples[0] ?? ''} #0`, `${samples[1] ?? ''} #0`],
        example: { before: 'female' },
      },
    ]);
    const page = await weir('map diff', [...samples, '--overlay', other]);
    expect(page.out).toMatch(
      /Patient\.gender \(2\), in 2 messages\n.*\n +- "female"\n +\+ \(nothing\)/,
    );
  });

  it('is yes where nothing differs, and wants two versions', async () => {
    const sample = await put('d/one.hl7', adt('A31', 'D-1'));
    const same = await weir('map diff', [
      sample,
      '--with',
      await put('d/site/x', '').then(() => join(folder, 'd/site')),
    ]);
    expect(same).toMatchObject({ code: 0, out: 'No difference\n' });
    await expect(weir('map diff', [sample])).rejects.toThrow('--overlay FILE or --with DIR');
  });
});
