/** A pack as tables to read: what a meeting with a sender goes through, line by line. */
import { fieldDefinition } from '../hl7v2/dictionary.ts';
import { applyOverlay, expandMessage, expandPack } from './language/expand.ts';
import type { TableRow, TableRule } from './language/model.ts';
import { readMessage, readOverlay, readSettings } from './language/read-message.ts';
import { readTable } from './language/read-table.ts';
import { readSources, type Source, type Sources } from './language/sources.ts';
import { TreeReader } from './language/tree-reader.ts';
import type { MapFile, Tree, TreeEntry, TreeMap } from './language/yaml-tree.ts';
import { MapIssues, ruleId, type MapIssue } from './map-issue.ts';

/** All that a pack does, in words of the maps themselves. */
export interface PackSheet {
  readonly maps: readonly MapSheet[];
  /** Data types that the maps read in a way of their own. */
  readonly datatypes: readonly DatatypeSheet[];
  readonly tables: readonly TableSheet[];
  readonly settings: readonly SettingSheet[];
}

export interface MapSheet {
  readonly name: string;
  readonly version: string;
  readonly events: readonly string[];
  readonly doc: string;
  /** Overlays that are laid over it. */
  readonly overlays: readonly string[];
  readonly resources: readonly ResourceSheet[];
  /** Left out on purpose: the field or segment, and why. */
  readonly ignored: readonly { readonly position: string; readonly reason: string }[];
}

export interface DatatypeSheet {
  /** `EI[Identifier-filler]`. */
  readonly name: string;
  readonly rows: readonly SlotSheet[];
}

export interface ResourceSheet {
  readonly name: string;
  readonly type: string;
  readonly doc: string;
  /** What it is made from. */
  readonly from: string;
  readonly when: string;
  /** What makes two of them the same. */
  readonly key: string;
  /** `file:line`. */
  readonly rule: string;
  readonly rows: readonly SlotSheet[];
}

export interface SlotSheet {
  /** FHIR element: `name`, `code.coding`, `value[x]`. */
  readonly element: string;
  /** `OBX-14 | OBR-7`, or a constant. */
  readonly source: string;
  /** What HL7 calls those fields. */
  readonly fields: string;
  /** Types, tables, functions, what it is joined with. */
  readonly how: string;
  readonly when: string;
  readonly rule: string;
}

export interface TableSheet {
  readonly name: string;
  readonly system: string;
  readonly rows: readonly {
    readonly from: string;
    readonly to: string;
    readonly display: string;
    readonly system: string;
    readonly rule: string;
  }[];
  readonly otherwise: string;
}

export interface SettingSheet {
  readonly name: string;
  readonly default: string;
  readonly question: string;
}

/**
 * Reads the files of a pack as sheets: of all maps or of one, with the overlays that are for `feed`. What is wrong with
 * the files is in `issues`; what can be read is shown.
 */
export function documentPack(
  files: readonly MapFile[],
  options: { readonly feed?: string; readonly map?: string },
): { readonly sheet: PackSheet; readonly issues: readonly MapIssue[] } {
  const issues = new MapIssues();
  const sources = readSources(files, issues);
  const shared = [...sources.table.values()].map(({ name, place, tree }) => {
    return readTable(name, place, { tree, issues });
  });
  const wanted = [...sources.map.values()].filter(
    ({ name }) => options.map === undefined || options.map === name,
  );
  const read = wanted.map((source) => mapSheet(source, options.feed, { sources, issues }));
  const tables = new Map(
    [...shared, ...read.flatMap((one) => one.tables)].map((rule) => [rule.name, rule]),
  );
  const packs = [...sources.pack.values()].map(({ tree }) => new TreeReader(tree, issues));
  const settings = new Map([
    ...packs.flatMap((body) => [...readSettings(body)]),
    ...read.flatMap((one) => [...one.settings]),
  ]);
  const sheet: PackSheet = {
    maps: [
      ...read.map((one) => one.sheet),
      ...(options.map === undefined ? [...sources.pack.values()] : []).map((source) =>
        packSheet(source, expandPack(source, sources, issues)),
      ),
    ],
    datatypes: [...sources.datatype.values()].map(({ name, tree }) => {
      const source = name.slice(0, name.indexOf('['));
      return { name, rows: slotSheets(tree, { element: '', source }) };
    }),
    tables: [...tables.values()].map(tableSheet),
    settings: [...settings.values()].map(({ name, default: value, question = '' }) => ({
      name,
      default: String(value),
      question,
    })),
  };
  return { sheet, issues: issues.list() };
}

function mapSheet(
  source: Source,
  feed: string | undefined,
  scope: { readonly sources: Sources; readonly issues: MapIssues },
) {
  const { sources, issues } = scope;
  let tree = expandMessage(source, sources, issues);
  const overlays: string[] = [];
  for (const overlay of sources.overlay.values()) {
    const { name, base, feeds } = readOverlay(overlay, issues);
    const fits = base.some(({ value }) => value.map === source.name);
    if (!fits || feed === undefined || feeds?.includes(feed) === false) continue;
    tree = applyOverlay(tree, overlay, scope);
    overlays.push(name);
  }
  const rule = readMessage(source, tree, issues);
  const sheet: MapSheet = {
    name: rule.name,
    version: rule.version,
    events: rule.events.map(({ value }) => value),
    doc: textOf(tree, 'doc'),
    overlays,
    ...bodyOf(tree),
  };
  return { sheet, tables: [...rule.tables.values()], settings: rule.settings };
}

/** What is made of every message, whatever its map. */
function packSheet({ name }: Source, tree: TreeMap): MapSheet {
  const version = textOf(tree, 'version');
  const doc = textOf(tree, 'doc');
  return { name, version, events: ['every message'], doc, overlays: [], ...bodyOf(tree) };
}

function bodyOf(tree: TreeMap): Pick<MapSheet, 'resources' | 'ignored'> {
  return {
    resources: entriesOf(tree, 'resources').flatMap(([name, entry]) => {
      return entry.value.kind === 'map' ? [resourceSheet(name, entry, entry.value)] : [];
    }),
    ignored: entriesOf(tree, 'ignore').map(([position, { value }]) => {
      return { position, reason: flow(value) };
    }),
  };
}

function resourceSheet(name: string, { place }: TreeEntry, tree: TreeMap): ResourceSheet {
  const from = textOf(tree, 'from');
  return {
    name,
    type: textOf(tree, 'type'),
    doc: textOf(tree, 'doc'),
    from,
    when: textOf(tree, 'when'),
    key: textOf(tree, 'key'),
    rule: ruleId(place),
    rows: slotSheets(tree, { element: '', source: /-\d/.test(from) ? from : '' }),
  };
}

/** What a nested slot stands in: its element, and what its relative paths begin from. */
interface Above {
  readonly element: string;
  readonly source: string;
}

/** The slots of a `set`; those of an element below their element, alternatives one after the other. */
function slotSheets(tree: TreeMap, above: Above): SlotSheet[] {
  return entriesOf(tree, 'set').flatMap(([name, { place, value }]) => {
    if (value.kind === 'scalar' && value.value === null) return [];
    const at = value.kind === 'map' ? textOf(value, 'at') : '';
    const element = `${above.element}${at === '' ? name : at}`;
    return slotRows({ ...above, element }, value, ruleId(place));
  });
}

function slotRows(above: Above, tree: Tree, rule: string): SlotSheet[] {
  const { element } = above;
  if (tree.kind !== 'map') {
    const source = absolute(flow(tree), above.source);
    return [{ element, source, fields: fieldNames(source), how: '', when: '', rule }];
  }
  const when = ['when', 'where'].map((key) => textOf(tree, key)).filter((text) => text !== '');
  const oneOf = tree.entries.get('oneOf')?.value;
  if (oneOf?.kind === 'list') {
    return oneOf.items.flatMap((item, index) =>
      slotRows(above, item, ruleId(item.place)).map((row) => ({
        ...row,
        when: [...when, index === 0 ? '' : 'otherwise', row.when]
          .filter((one) => one !== '')
          .join('; '),
      })),
    );
  }
  const source = sources
    .map((key) => (key === 'const' ? constantOf(tree) : absolute(textOf(tree, key), above.source)))
    .filter((text) => text !== '')
    .join(' ');
  const how = [...hows].flatMap(([key, word]) => {
    const text = textOf(tree, key);
    return text === '' ? [] : `${word}${text}`;
  });
  const own = {
    element,
    source,
    fields: fieldNames(source),
    how: how.join(', '),
    when: when.join('; '),
    rule,
  };
  const inner = source === '' ? above.source : source;
  const below = slotSheets(tree, { element: `${element}.`, source: inner });
  return source === '' && own.how === '' && below.length > 0 ? below : [own, ...below];
}

const sources = ['from', 'each', 'first', 'const', 'call', 'clear'];
const hows: ReadonlyMap<string, string> = new Map([
  ['as', 'as '],
  ['map', 'by table '],
  ['type', 'type '],
  ['unit', 'unit '],
  ['system', 'system '],
  ['ref', 'refers to '],
  ['to', 'refers to '],
  ['with', 'with '],
  ['join', 'joined by '],
  ['required', 'required: '],
  ['initial', 'only at first: '],
]);

/** `2.1` within PID-5 is PID-5.2.1, `.` is PID-5 itself; of several sources it is the one at hand. */
function absolute(path: string, within: string): string {
  if (within === '' || !/^(\.|[1-9][\d.]*)$/.test(path)) return path;
  const from = within.includes(' ') ? `(${within})` : within;
  return path === '.' ? from : `${from}.${path}`;
}

function constantOf(tree: TreeMap): string {
  const value = tree.entries.get('const')?.value;
  return value === undefined ? '' : `"${flow(value)}"`;
}

/** `Patient Name; Date/Time of Birth` for what a source names. */
function fieldNames(source: string): string {
  const names = new Set<string>();
  for (const [, segment = '', field] of source.matchAll(
    /\b([A-Z][A-Z0-9]{2})(?:\[\d+\])?-(\d+)/g,
  )) {
    const name = fieldDefinition(segment, Number(field))?.name;
    if (name !== undefined) names.add(name);
  }
  return [...names].join('; ');
}

function tableSheet({ name, system = '', target = '', rows, otherwise }: TableRule): TableSheet {
  return {
    name,
    system,
    rows: [...rows].map(([from, row]) => ({
      from,
      to: row.code === undefined ? '(nothing)' : String(row.code),
      display: row.display ?? '',
      system: row.system ?? target,
      rule: ruleId(row.place),
    })),
    otherwise: otherwise.kind === 'code' ? codeOf(otherwise.row) : otherwise.kind,
  };
}

function codeOf({ code = '' }: TableRow): string {
  return String(code);
}

function entriesOf(tree: TreeMap, key: string): readonly (readonly [string, TreeEntry])[] {
  const value = tree.entries.get(key)?.value;
  return value?.kind === 'map' ? [...value.entries] : [];
}

function textOf(tree: TreeMap, key: string): string {
  const value = tree.entries.get(key)?.value;
  return value === undefined ? '' : flow(value);
}

/** A value as one would write it in one line. */
function flow(tree: Tree): string {
  switch (tree.kind) {
    case 'scalar':
      return tree.value === null ? '' : String(tree.value).replaceAll('\n', '\\n');
    case 'list':
      return tree.items.map(flow).join(' | ');
    case 'map':
      return [...tree.entries].map(([key, { value }]) => `${key} ${flow(value)}`).join(', ');
  }
}
