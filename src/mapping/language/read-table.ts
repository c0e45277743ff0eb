import type { MapIssues, MapPlace } from '../map-issue.ts';
import { defined } from './defined.ts';
import type { TableElse, TableRow, TableRule } from './model.ts';
import { TreeReader } from './tree-reader.ts';
import type { Tree, TreeEntry, TreeMap } from './yaml-tree.ts';

const elseForms = '`else: error`, `keep`, `drop`, or a code to use';

/** `v2-0001` is short for the code system of that HL7 table. */
export function expandSystem(text: string): string {
  return /^v2-\d{4}$/.test(text) ? `http://terminology.hl7.org/CodeSystem/${text}` : text;
}

/** Whether a table is written in the long form, with `rows`. */
export function hasRows(tree: TreeMap): boolean {
  return tree.entries.has('rows');
}

/** Reads a table: the long form of a file, or the short form of `tables:`, rows and `else` side by side. */
export function readTable(
  name: string,
  place: MapPlace,
  { tree, issues }: { tree: TreeMap; issues: MapIssues },
): TableRule {
  const body = new TreeReader(tree, issues);
  const long = hasRows(tree) || body.has('table');
  const otherwise = readElse(name, body, place);
  if (!long)
    return { name, place, rows: readRows(tree, ['else', 'new', 'doc'], issues), otherwise };
  body.expectKeys(
    ['table', 'version', 'doc', 'guide', 'new', 'system', 'target', 'rows', 'else'],
    'a table',
  );
  const rows = body.map('rows');
  if (!body.has('rows')) issues.add(place, `The table \`${name}\` needs \`rows\``);
  return defined<TableRule>({
    name,
    place,
    system: systemOf(body),
    target: body.text('target')?.value,
    rows: rows ? readRows(rows.tree, [], issues) : new Map<string, TableRow>(),
    otherwise,
  });
}

function readRows(
  tree: TreeMap,
  others: readonly string[],
  issues: MapIssues,
): Map<string, TableRow> {
  const rows = new Map<string, TableRow>();
  for (const [code, entry] of tree.entries) {
    const row = others.includes(code) ? undefined : readRow(code, entry, issues);
    if (row) rows.set(code, row);
  }
  return rows;
}

function systemOf(body: TreeReader): string | undefined {
  const system = body.text('system')?.value;
  return system === undefined ? undefined : expandSystem(system);
}

function readElse(name: string, body: TreeReader, place: MapPlace): TableElse {
  const value = body.value('else');
  if (value === undefined) {
    body.issues.add(place, `The table \`${name}\` needs an \`else\`: ${elseForms}`);
    return { kind: 'drop' };
  }
  const word = value.kind === 'scalar' ? value.value : undefined;
  if (word === 'error' || word === 'keep' || word === 'drop') return { kind: word };
  const row = readRow('else', { place: value.place, value }, body.issues);
  return row?.code === undefined ? { kind: 'drop' } : { kind: 'code', row };
}

function readRow(code: string, entry: TreeEntry, issues: MapIssues): TableRow | undefined {
  const { place, value } = entry;
  if (value.kind === 'scalar' && value.value !== null) return { place, code: value.value };
  if (value.kind !== 'map') {
    const forms = 'a code, `{ code, display, system }`, or `{ drop: true }`';
    issues.add(place, `The row \`${code}\` must be ${forms}`);
    return undefined;
  }
  const body = new TreeReader(value, issues);
  body.expectKeys(['code', 'display', 'system', 'drop', 'doc'], 'a table row');
  if (body.flag('drop')) return { place };
  const target = scalar(body.value('code'));
  if (target === undefined) {
    issues.add(place, `The row \`${code}\` needs a \`code\`, or \`drop: true\``);
    return undefined;
  }
  return defined<TableRow>({
    place,
    code: target,
    display: body.text('display')?.value,
    system: systemOf(body),
  });
}

function scalar(tree: Tree | undefined): string | boolean | number | undefined {
  return tree?.kind === 'scalar' && tree.value !== null ? tree.value : undefined;
}
