import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { readMapFiles } from '../map-files.ts';
import {
  documentPack,
  type MapSheet,
  type PackSheet,
  type SlotSheet,
  type TableSheet,
} from '../mapping/doc.ts';
import { csvText } from '../ops/csv.ts';
import { htmlText } from '../ops/html.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { faultLines } from './maps.ts';
import { root } from './root.ts';

/**
 * `weir map doc`: the maps as a page of tables, for a meeting with who sends: every element with its field, condition,
 * table and line, every table with its rows, every setting with its question. `--feed` with the overlays of that feed,
 * `--map` of one map, `--csv` the slots alone as comma-separated values for a spreadsheet.
 */
export async function mapDocCommand(
  { site }: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (positional.length > 0) throw new UsageError('map doc takes no paths; see --site and --map');
  const { '--feed': feed, '--map': map } = flags;
  const folders = [join(root, 'mappings'), ...(site === '' ? [] : [join(site, 'mappings')])];
  const shown = folders.filter((folder) => existsSync(folder));
  const files = await readMapFiles(
    shown.map((folder, at) => ({ folder, shownAs: at === 0 ? 'mappings' : folder })),
  );
  const { sheet, issues } = documentPack(files, {
    ...(typeof feed === 'string' && { feed }),
    ...(typeof map === 'string' && { map }),
  });
  io.stderr.write(faultLines(issues));
  if (sheet.maps.length === 0) throw new UsageError(`There is no map ${String(map)}`);
  io.stdout.write(flags['--csv'] === true ? csv(sheet) : html(sheet));
  return issues.length === 0 ? exitCode.done : exitCode.no;
}

const slotHead = ['Element', 'From', 'Field', 'How', 'When', 'Rule'];

function csv({ maps }: PackSheet): string {
  const rows = maps.flatMap(({ name, resources }) =>
    resources.flatMap(({ name: resource, type, rows: slots }) =>
      slots.map(({ element, source, fields, how, when, rule }) => {
        return [name, resource, type, element, source, fields, how, when, rule];
      }),
    ),
  );
  const head = ['Map', 'Resource', 'Type', ...slotHead];
  return csvText([head, ...rows]);
}

function html({ maps, datatypes, tables, settings }: PackSheet): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mapping</title><style>
body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}
th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}th{background:#f3f3f3}
td:last-child{color:#777;font-size:12px}h2{margin-top:3rem}nav a{margin-right:1rem}@media print{nav{display:none}}
</style></head><body><h1>Mapping</h1>
<nav>${maps.map(({ name }) => `<a href="#${htmlText(name)}">${htmlText(name)}</a>`).join('')}<a href="#datatypes">Data types</a><a href="#tables">Tables</a><a href="#settings">Settings</a></nav>
${maps.map(mapSection).join('\n')}
<h2 id="datatypes">Data types</h2>
${datatypes.map(({ name, rows }) => `<h3>${htmlText(name)}</h3>${slotTable(rows)}`).join('\n')}
<h2 id="tables">Tables</h2>
${tables.map(tableSection).join('\n')}
<h2 id="settings">Settings</h2>
${tableOf(
  ['Setting', 'As it is', 'Question'],
  settings.map(({ name, default: value, question }) => [name, value, question]),
)}
</body></html>
`;
}

function mapSection({
  name,
  version,
  events,
  doc,
  overlays,
  resources,
  ignored,
}: MapSheet): string {
  const laid = overlays.length === 0 ? '' : ` with ${overlays.join(', ')}`;
  const parts = resources.map((resource) => {
    const facts = [
      resource.doc,
      resource.from === '' ? '' : `Made from ${resource.from}.`,
      resource.when === '' ? '' : `When ${resource.when}.`,
      resource.key === '' ? '' : `The same where ${resource.key} is.`,
    ].filter((text) => text !== '');
    return `<h3>${htmlText(resource.type)} <small>${htmlText(resource.name)}</small></h3>
<p>${htmlText(facts.join(' '))}</p>
${slotTable(resource.rows)}`;
  });
  const left = ignored.map(({ position, reason }) => [position, reason]);
  return `<h2 id="${htmlText(name)}">${htmlText(`${name} ${version}${laid}: ${events.join(', ')}`)}</h2>
<p>${htmlText(doc)}</p>
${parts.join('\n')}
<h3>Left out on purpose</h3>
${tableOf(['Field', 'Why'], left)}`;
}

function slotTable(rows: readonly SlotSheet[]): string {
  return tableOf(
    slotHead,
    rows.map(({ element, source, fields, how, when, rule }) => {
      return [element, source, fields, how, when, rule];
    }),
  );
}

function tableSection({ name, system, rows, otherwise }: TableSheet): string {
  return `<h3>${htmlText(name)} <small>${htmlText(system)}</small></h3>
${tableOf(
  ['Code', 'Becomes', 'Display', 'System', 'Rule'],
  rows.map(({ from, to, display, system: target, rule }) => [from, to, display, target, rule]),
)}
<p>Any other code: ${htmlText(otherwise)}</p>`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((text) => `<${tag}>${htmlText(text)}</${tag}>`).join('')}</tr>`;
  return `<table>${cells(head, 'th')}${rows.map((row) => cells(row, 'td')).join('\n')}</table>`;
}
