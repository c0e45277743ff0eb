import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Config } from '../config.ts';
import { readMapFiles } from '../map-files.ts';
import { planImport, type CodeToImport, type ImportPlan } from '../mapping/codes/import-codes.ts';
import type { MapFile } from '../mapping/language/yaml-tree.ts';
import type { MapIssue } from '../mapping/map-issue.ts';
import type { ParsedArguments } from './arguments.ts';
import { readCodeSheet, type SheetRow } from './codes-sheet.ts';
import { systemsAtHand } from './code-systems.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { faultLines } from './maps.ts';
import { root } from './root.ts';

/**
 * `weir codes import FILE.csv --site DIR`: the codes of a sheet that somebody filled in become rows of tables in the site's
 * mappings. Writes all of them or, where one has a fault, none; what is there already stays, unless `--replace` is given.
 */
export async function codesImportCommand(
  { site }: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const [sheet, ...others] = positional;
  if (sheet === undefined || others.length > 0) throw new UsageError('Name one sheet: FILE.csv');
  if (!existsSync(sheet)) throw new UsageError(`There is no ${sheet}`);
  if (site === '' || !existsSync(site)) throw new UsageError('Name the site: --site DIR');
  const read = codesOf(await readFile(sheet, 'utf8'), sheet, flags);
  if (read.faults.length > 0) return refused(read.faults, io);
  const folder = shown(join(site, 'mappings'));
  const plan = planImport(read.codes, {
    files: await mapFiles(folder),
    folder,
    systemOf: await systemsAtHand(site),
    replace: flags['--replace'] === true,
  });
  if (plan.faults.length > 0) return refused(plan.faults, io);
  for (const file of plan.files) await write(file);
  io.stdout.write(report(plan, read.open));
  return exitCode.done;
}

function refused(faults: readonly MapIssue[], { stderr }: CliIo): ExitCode {
  stderr.write(`${faultLines(faults)}Nothing was written\n`);
  return exitCode.no;
}

/** As one would type it here. */
function shown(path: string): string {
  const here = relative(process.cwd(), path);
  return here === '' || here.startsWith('..') ? path : here;
}

async function mapFiles(folder: string): Promise<readonly MapFile[]> {
  const base = join(root, 'mappings');
  const folders = [{ folder: base, shownAs: shown(base) }];
  const own = existsSync(folder) ? [{ folder, shownAs: folder }] : [];
  return readMapFiles([...folders, ...own]);
}

interface ReadCodes {
  readonly codes: readonly CodeToImport[];
  readonly faults: readonly MapIssue[];
  /** Rows without a target. */
  readonly open: number;
}

function codesOf(text: string, file: string, flags: ParsedArguments['flags']): ReadCodes {
  const { rows, missing } = readCodeSheet(text);
  const faults: MapIssue[] = missing.map((name) => {
    return { file, line: 1, column: 1, message: `There is no column \`${name}\`` };
  });
  const filled = missing.length > 0 ? [] : rows.filter(isFilled);
  const codes: CodeToImport[] = [];
  for (const row of filled) {
    const read = codeOf(row, file, flags);
    if (typeof read !== 'string') codes.push(read);
    else faults.push({ file, line: row.line, column: 1, message: read });
  }
  return { codes, faults, open: rows.length - filled.length };
}

function isFilled({ cells }: SheetRow): boolean {
  return cells.target_code.text !== '' || cells.drop.text !== '';
}

/** The code, or why the row is none. */
function codeOf(
  { cells }: SheetRow,
  file: string,
  flags: ParsedArguments['flags'],
): CodeToImport | string {
  const { '--table': table, '--feed': feed } = flags;
  const name = cells.table.text || (typeof table === 'string' ? table : '');
  if (name === '') return 'The row names no table; --table NAME is that of all that name none';
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name))
    return `\`${name}\` is no name of a table, such as LabTests`;
  if (cells.code.text === '') return 'The row has no code';
  const isDropped = /^(?:y|yes|true|x|1)$/i.test(cells.drop.text);
  if (!isDropped && cells.target_code.text === '') return '`drop` is yes, or empty';
  if (isDropped && cells.target_code.text !== '')
    return 'The row has a target, and `drop` says that it has none';
  const { line, column } = isDropped ? cells.drop : cells.target_code;
  return {
    feed: cells.feed.text || (typeof feed === 'string' ? feed : ''),
    table: name,
    code: cells.code.text,
    system: cells.system.text,
    target: {
      system: cells.target_system.text,
      code: cells.target_code.text,
      display: cells.target_display.text,
    },
    drop: isDropped,
    place: { file, line, column },
  };
}

/** Whole, or not at all: a server may be starting from it. */
async function write({ path, text }: MapFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function report(plan: ImportPlan, open: number): string {
  const { files, added, same, replaced, unasked } = plan;
  const counts = [
    `${String(added)} rows added`,
    ...(replaced.length > 0 ? [`${String(replaced.length)} replaced`] : []),
    ...(same > 0 ? [`${String(same)} as they were`] : []),
    ...(open > 0 ? [`${String(open)} left open`] : []),
  ];
  return [
    ...files.map(({ path }) => path),
    ...replaced.map((change) => `replaced ${change}`),
    ...unasked.map(
      (name) => `No slot asks the table ${name} yet: give one \`map: ${name}\` in an overlay`,
    ),
    `${counts.join(', ')}\n`,
  ].join('\n');
}
