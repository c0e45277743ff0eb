import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/commands.ts';
import { buildConfig } from '../../src/config.ts';
import { runApp } from '../e2e/running-app.ts';
import { runCommand, type Ran } from './command-io.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-codes-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function weir(...line: readonly string[]): Promise<Ran> {
  const command = commands.find(({ name }) => name === line.slice(0, 2).join(' '));
  if (command === undefined) throw new Error(`There is no command ${line.join(' ')}`);
  const args = parseArguments(line.slice(2), command.flags);
  return runCommand((io) => command.run(buildConfig([args.config]), args, io));
}

const oru = (id: string, ...tests: readonly string[]): string =>
  [
    `MSH|^~\\&|LAB|MERCY|WEIR|HUB|202603011000||ORU^R01|${id}|P|2.5.1`,
    'PID|1||77^^^MERCY^MR||SHAW^ALAN||19660214|M',
    `OBR|1||F-${id}|CHEM^Chemistry^LAB|||20260301||||||||||||||||||F`,
    ...tests.map((test, at) => `OBX|${String(at + 1)}|NM|${test}^LAB||4.1|mmol/L||N|||F`),
  ].join('\r');

/** A site with a feed, an overlay by hand, and samples of its sender. */
async function site(name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const place = join(folder, name);
  const all = {
    'feeds/mercy.feed.yaml': 'feed: mercy\nsender: { facility: MERCY }\n',
    'samples/1.hl7': oru('1', 'K^Potassium', 'NA^Sodium'),
    'samples/2.hl7': oru('2', 'K^Potassium'),
    'samples/3.hl7':
      'MSH|^~\\&|LAB|MERCY|W|H|20260302||ADT^A08|3|P|2.5.1\rEVN||20260302\rPID|1||77^^^MERCY^MR||SHAW^ALAN||19660214|Q\rPV1|1|O',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(join(place, path, '..'), { recursive: true });
    await writeFile(join(place, path), text);
  }
  return place;
}

const asked =
  'overlay: mercy\nbase: [oru-r01@1]\nwhen: { feed: [mercy] }\nresources: { observation: { set: { code: { map: LabTests } } } }\n';

const head = 'feed,table,system,code,display,target_system,target_code,target_display,drop\n';

describe('weir codes todo', () => {
  it('lists codes of tables and codes of the sender’s own system, most frequent first', async () => {
    const place = await site('todo');
    const { code, stdout } = await weir(
      'codes',
      'todo',
      join(place, 'samples'),
      '--site',
      place,
      '--json',
    );
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as Record<string, unknown>[];
    const own = { feed: 'mercy', table: '', system: 'urn:weir:codesystem:mercy:lab' };
    const [potassium] = rows.filter((row) => row['code'] === 'K');
    expect(potassium).toEqual({
      ...{
        ...own,
        code: 'K',
        display: 'Potassium',
        position: 'OBX-3',
        element: 'Observation.code',
      },
      ...{ count: 2, firstAt: '2026-03-01T10:00:00', lastAt: '2026-03-01T10:00:00' },
      example: `${join(place, 'samples/1.hl7')} #0`,
    });
    expect(rows).toContainEqual(
      expect.objectContaining({
        table: 'AdministrativeSex',
        code: 'Q',
        position: 'PID-8',
        count: 1,
      }),
    );
    expect(rows.map((row) => row['count'])).toEqual(
      rows.map((row) => row['count']).toSorted((a, b) => Number(b) - Number(a)),
    );
  });

  it('gives a sheet, and a table of it alone', async () => {
    const place = await site('sheet');
    const args = [join(place, 'samples'), '--site', place, '--csv'];
    const { stdout } = await weir('codes', 'todo', ...args, '--table', 'AdministrativeSex');
    const [columns = '', row = '', end] = stdout.split('\r\n');
    expect(columns).toBe(
      'feed,table,system,code,display,position,element,count,first,last,example,target_system,target_code,target_display,drop',
    );
    expect(row).toMatch(
      /^mercy,AdministrativeSex,[^,]*,Q,,PID-8,,1,2026-03-02,2026-03-02,.*#0,,,,$/,
    );
    expect(end).toBe('');
  });

  it('asks a running server, by the maps of now', async () => {
    const place = await site('served', {
      'mappings/mercy.overlay.yaml': asked,
      'mappings/t.map.yaml':
        'table: LabTests\nversion: 1\nrows:\n  NA: { code: 2951-2, system: http://loinc.org }\nelse: keep\n',
    });
    const running = await runApp({ store: 'memory', site: place });
    try {
      const sent = ['1', '2', '3'].map((id) => readFile(join(place, `samples/${id}.hl7`)));
      expect(await running.send(...(await Promise.all(sent)))).toEqual(['AA', 'AA', 'AA']);
      const server = ['--data', running.data, '--http', running.app.http.replace('http://', '')];
      const { stdout, stderr } = await weir(
        'codes',
        'todo',
        '--json',
        '--feed',
        'mercy',
        ...server,
      );
      const rows = JSON.parse(stdout) as Record<string, unknown>[];
      expect(rows.find(({ code }) => code === 'K')).toMatchObject({
        ...{ feed: 'mercy', table: 'LabTests', display: 'Potassium', position: 'OBX-3', count: 2 },
        example: expect.stringMatching(/^[0-9a-f-]{20,}$/) as string,
      });
      expect(rows.find(({ code }) => code === 'Q')).toMatchObject({
        table: 'AdministrativeSex',
        count: 1,
      });
      expect(rows.filter(({ code }) => code === 'NA')).toEqual([]);
      expect(rows.find(({ code }) => code === 'CHEM')).toMatchObject({
        table: '',
        position: 'OBR-4',
      });
      expect(stderr).toContain('newest 3 messages');
      expect(
        JSON.parse((await weir('codes', 'todo', '--json', '--feed', 'nobody', ...server)).stdout),
      ).toEqual([]);
      expect((await running.call('/api/codes', { role: 'app' })).status).toBe(403);
      expect((await running.call('/api/codes?count=0')).status).toBe(400);
    } finally {
      await running.close();
    }
  });
});

describe('weir codes import', () => {
  const importing = async (place: string, text: string, ...flags: string[]): Promise<Ran> => {
    const sheet = join(place, 'codes.csv');
    await writeFile(sheet, text);
    return weir('codes', 'import', sheet, '--site', place, ...flags);
  };

  it('makes a table, which the overlay asks: the local code stands beside the mapped one', async () => {
    const place = await site('new');
    const own = 'urn:weir:codesystem:mercy:lab';
    const text = `${head}mercy,,${own},K,Potassium,LN,2823-3,Potassium,\nmercy,,${own},NA,Sodium,http://loinc.org,2951-2,Sodium,\nmercy,,${own},X,,,,,\n`;
    const ran = await importing(place, text, '--table', 'LabTests');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(
      /lab-tests\.map\.yaml\nNo slot asks the table LabTests yet.*\n2 rows added, 1 left open\n$/,
    );
    expect(await readFile(join(place, 'mappings/tables/lab-tests.map.yaml'), 'utf8')).toBe(
      `table: LabTests\nversion: 1\ndoc: Codes of mercy that were put in by weir codes import\nsystem: ${own}\ntarget: http://loinc.org\nrows:\n  K: { code: 2823-3, display: Potassium }\n  NA: { code: 2951-2, display: Sodium }\nelse: keep\n`,
    );
    await writeFile(join(place, 'mappings/mercy.overlay.yaml'), asked);
    expect((await weir('map', 'check', '--site', place)).code).toBe(0);
    const mapped = await weir('map', 'run', join(place, 'samples/1.hl7'), '--site', place);
    expect(mapped.stdout).toContain(
      `"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium"},{"system":"${own}","code":"K","display":"Potassium"}]`,
    );
    const left = await weir('codes', 'todo', join(place, 'samples'), '--site', place, '--json');
    expect(left.stdout).not.toContain('"K"');
    // Once more: nothing changes.
    const again = await importing(place, text, '--table', 'LabTests');
    expect(again.stdout).toBe('0 rows added, 2 as they were, 1 left open\n');
  });

  it('a code of the base pack goes into an overlay of the feed, pinned to the maps that ask', async () => {
    const place = await site('base');
    const ran = await importing(place, `${head}mercy,AdministrativeSex,,Q,,,unknown,,\n`);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const overlay = await readFile(join(place, 'mappings/mercy-codes.overlay.yaml'), 'utf8');
    expect(overlay).toMatch(
      /^# .*\noverlay: mercy-codes\nbase: \[.*adt-person@\d.*\]\nwhen: \{ feed: \[mercy\] \}\ntables:\n {2}AdministrativeSex:\n {4}Q: unknown\n$/,
    );
    const mapped = await weir('map', 'run', join(place, 'samples/3.hl7'), '--site', place);
    expect(JSON.parse(mapped.stdout)).toMatchObject({ ack: 'AA', unmapped: [] });
    // Another code of another table goes into the same overlay.
    await importing(place, `${head}mercy,MaritalStatus,,Q,,,M,,\n`);
    expect(await readFile(join(place, 'mappings/mercy-codes.overlay.yaml'), 'utf8')).toContain(
      'tables:\n  AdministrativeSex:\n    Q: unknown\n  MaritalStatus:\n    Q: { code: M, display: Married',
    );
    expect((await weir('map', 'check', '--site', place)).code).toBe(0);
  });

  it('rows go where the site has the table: in an overlay by hand, whose other lines stay', async () => {
    const overlay = `# by hand\n${asked}tables:\n  LabTests:\n    new: true\n    NA: { code: 2951-2, system: http://loinc.org } # sodium\n    else: keep\n`;
    const place = await site('hand', { 'mappings/mercy.overlay.yaml': overlay });
    const ran = await importing(
      place,
      `${head}mercy,LabTests,,K,,http://loinc.org,2823-3,Potassium,\n,LabTests,,OLD,,,,,yes\n`,
      '--feed',
      'mercy',
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(join(place, 'mappings/mercy.overlay.yaml'), 'utf8')).toBe(
      overlay.replace(
        '    else',
        '    K: { code: 2823-3, display: Potassium, system: http://loinc.org }\n    OLD: { drop: true }\n    else',
      ),
    );
  });

  it.each([
    ['LN,2823-4,,', 'LabTests', ':2:23: `2823-4` has a wrong check digit'],
    ['v2-0001,Female,,', 'LabTests', ':2:28: `Female` is no code of v2 SEX; did you mean `F`?'],
    ['UCUM,mmol/litre,,', 'LabTests', ':2:25: `mmol/litre` is no code of UCUM'],
    ['XX,1,,', 'LabTests', ':2:23: `XX` is no URI, and no coding system that HL7 names'],
    [',1,,', 'LabTests', ':2:21: Say the target system: the table `LabTests` is new'],
    [
      ',femal,,',
      'AdministrativeSex',
      '`femal` is no code of AdministrativeGender; did you mean `female`?',
    ],
    [',Y,,', 'YesNo', 'The table `YesNo` gives `true` or `false`, not `Y`'],
    ['LN,2823-3,,yes', 'LabTests', ':2:1: The row has a target, and `drop` says that it has none'],
    ['LN,2823-3,,', 'lab tests', ':2:1: `lab tests` is no name of a table, such as LabTests'],
  ])('a target %s of %s is a fault with its place', async (target, table, fault) => {
    const place = await site('faults');
    const { code, stderr } = await importing(place, `${head}mercy,${table},,Q,,${target}\n`);
    expect(code).toBe(1);
    expect(stderr).toContain(fault);
    expect(stderr).toContain('Nothing was written');
    expect(await readdir(place)).not.toContain('mappings');
  });

  it('what the element’s binding does not have is a fault at its line of the sheet', async () => {
    const overlay =
      'overlay: mercy\nbase: [oru-r01@1]\nwhen: { feed: [mercy] }\ntables:\n  Sexes:\n    new: true\n    A: other\n    else: drop\nresources: { patient: { set: { gender: { map: Sexes } } } }\n';
    const place = await site('bound', { 'mappings/mercy.overlay.yaml': overlay });
    const { code, stderr } = await importing(
      place,
      `${head}mercy,Sexes,,A,,,other,,\nmercy,Sexes,,Q,,,queer,,\n`,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/codes\.csv:3:18: `gender` cannot be `queer` in FHIR R4/);
    expect(await readFile(join(place, 'mappings/mercy.overlay.yaml'), 'utf8')).toBe(overlay);
  });

  it('never writes over another row, but for --replace', async () => {
    const place = await site('replace');
    const row = (target: string): string => `${head}mercy,LabTests,,K,,LN,${target},,\n`;
    expect((await importing(place, row('2823-3'))).code).toBe(0);
    const refused = await importing(place, row('2951-2'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /codes\.csv:2:23: `K` is there already, in .*lab-tests\.map\.yaml:6 \(2823-3 -> 2951-2\); --replace puts it in its place/,
    );
    const replaced = await importing(place, row('2951-2'), '--replace');
    expect(replaced.stdout).toContain('replaced LabTests[K] 2823-3 -> 2951-2\n');
    expect(await readFile(join(place, 'mappings/tables/lab-tests.map.yaml'), 'utf8')).toContain(
      '  K: 2951-2\n',
    );
    const twice = await importing(
      place,
      `${row('2951-2')}mercy,LabTests,,K,,LN,2823-3,,\n`,
      '--replace',
    );
    expect(twice.stderr).toContain(':3:23: `K` is already in line 2 with another target; keep one');
  });

  it('needs a sheet with its columns, and a site', async () => {
    const place = await site('wrong');
    expect((await importing(place, 'code,display\nK,x\n')).stderr).toContain(
      ':1:1: There is no column `target_code`',
    );
    await expect(weir('codes', 'import', 'none.csv', '--site', place)).rejects.toThrow(
      'There is no none.csv',
    );
    await expect(weir('codes', 'import', join(place, 'codes.csv'))).rejects.toThrow(
      'Name the site',
    );
  });
});

describe('weir codes suggest', () => {
  it('proposes what the site already says of like codes, and what a table gives', async () => {
    const overlay = `${asked}tables:\n  LabTests:\n    new: true\n    KAL: { code: 2823-3, display: Potassium, system: http://loinc.org }\n    else: keep\n`;
    const place = await site('suggest', { 'mappings/mercy.overlay.yaml': overlay });
    const before = await readFile(join(place, 'mappings/mercy.overlay.yaml'), 'utf8');
    const { code, stdout } = await weir(
      'codes',
      'suggest',
      join(place, 'samples'),
      '--site',
      place,
      '--json',
    );
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as {
      code: string;
      suggestions: { code: string; score: number }[];
    }[];
    expect(rows.find((row) => row.code === 'K')?.suggestions[0]).toEqual({
      ...{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium', score: 1 },
      why: 'like "Potassium" (LabTests[KAL])',
    });
    expect(rows.find((row) => row.code === 'NA')?.suggestions).toEqual([]);
    expect(await readFile(join(place, 'mappings/mercy.overlay.yaml'), 'utf8')).toBe(before);
  });

  it('reads a sheet, and gives it back with the best beside each code', async () => {
    const place = await site('suggest-sheet', {
      'todo.csv': `${head}mercy,AdministrativeSex,,FEM,Female,,,,\nmercy,AdministrativeSex,,Z,zzz,,,,\n`,
    });
    const { stdout } = await weir(
      'codes',
      'suggest',
      join(place, 'todo.csv'),
      '--site',
      place,
      '--csv',
    );
    const [, first = '', second = ''] = stdout.split('\r\n');
    expect(first).toMatch(
      /^mercy,AdministrativeSex,,FEM,Female,.*,,,,,http:\/\/hl7\.org\/fhir\/administrative-gender,female,Female,1\.00,/,
    );
    expect(second).toMatch(/^mercy,AdministrativeSex,,Z,zzz,.*,,,,,,,,,\s*$/);
  });
});
