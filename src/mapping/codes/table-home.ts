import type { TableRow, TableRule } from '../language/model.ts';
import { readOverlay } from '../language/read-message.ts';
import { readTable } from '../language/read-table.ts';
import { readSources, type Source, type Sources } from '../language/sources.ts';
import type { MapFile, TreeEntry } from '../language/yaml-tree.ts';
import { MapIssues } from '../map-issue.ts';
import { compilePack, type CompiledPack } from '../pack.ts';
import { yamlText } from './table-text.ts';

/** Where rows of a table go. */
export interface TableHome {
  readonly feed: string;
  readonly table: string;
  /** Path of the file, and its text before anything is written. */
  readonly file: string;
  readonly text: string;
  /** The table's name in the file; absent: the file is the table. */
  readonly name?: string;
  /** Maps that the overlay must be pinned to. */
  readonly pins?: readonly string[];
  /** System of the table's targets where a row says none. */
  readonly target?: string;
  /** The rows of now, with those of the base pack below. */
  readonly rows: ReadonlyMap<string, TableRow>;
  /** Nobody has such a table yet. */
  readonly isNew: boolean;
  /** Its rows are codes alone, without a display. */
  readonly isBare: boolean;
  /** Its rows are true and false. */
  readonly isTruth: boolean;
}

/** The files of a pack and where the site's begin. */
export interface SiteTables {
  readonly files: readonly MapFile[];
  readonly folder: string;
  readonly sources: Sources;
  readonly pack: () => CompiledPack | undefined;
}

export function readSite(files: readonly MapFile[], folder: string): SiteTables {
  let compiled: { readonly pack?: CompiledPack } | undefined;
  return {
    files,
    folder,
    sources: readSources(files, new MapIssues()),
    pack: () => (compiled ??= compilePack(files)).pack,
  };
}

/** What is asked for: a table, and for which feed its rows are; empty: for every feed. */
export interface AskedTable {
  readonly feed: string;
  readonly table: string;
  /** For a table that is made new: of the sender's codes, where they have one for all. */
  readonly system?: string;
  /** And of their targets. */
  readonly targetSystem?: string;
}

export function homeOf(site: SiteTables, asked: AskedTable): TableHome {
  const { feed, table } = asked;
  const { sources } = site;
  const below = baseTable(site, table);
  const own = sources.table.get(table);
  if (own !== undefined && isOfSite(site, own))
    return homeIn(site, own, { asked, rule: ruleOf(own) });
  const overlay = [...sources.overlay.values()]
    .filter((source) => isOfSite(site, source) && tableEntry(source, table) !== undefined)
    .find((source) => isFor(source, feed));
  if (overlay !== undefined) {
    const rule = ruleIn(overlay, table);
    return homeIn(site, overlay, { asked, rule, below, name: table });
  }
  if (below !== undefined) return overlayFor(site, { asked, below });
  return newTable(site, asked);
}

function isOfSite({ folder }: SiteTables, { place }: Source): boolean {
  return place.file.startsWith(`${folder}/`);
}

function isFor(source: Source, feed: string): boolean {
  const { feeds } = readOverlay(source, new MapIssues());
  return feeds === undefined || (feed !== '' && feeds.includes(feed));
}

function tableEntry({ tree }: Source, table: string): TreeEntry | undefined {
  const tables = tree.entries.get('tables')?.value;
  return tables?.kind === 'map' ? tables.entries.get(table) : undefined;
}

function ruleOf({ name, place, tree }: Source): TableRule {
  return readTable(name, place, { tree, issues: new MapIssues() });
}

function ruleIn(source: Source, table: string): TableRule | undefined {
  const entry = tableEntry(source, table);
  if (entry?.value.kind !== 'map') return undefined;
  return readTable(table, entry.place, { tree: entry.value, issues: new MapIssues() });
}

/** The table of a map or of the pack that overlays are laid on. */
function baseTable({ sources }: SiteTables, table: string): TableRule | undefined {
  const shared = sources.table.get(table);
  if (shared !== undefined) return ruleOf(shared);
  const maps = [...sources.map.values(), ...sources.segment.values()];
  return maps.map((source) => ruleIn(source, table)).find((rule) => rule !== undefined);
}

function homeIn(
  { files }: SiteTables,
  source: Source,
  given: {
    readonly asked: AskedTable;
    readonly rule: TableRule | undefined;
    readonly below?: TableRule | undefined;
    readonly name?: string;
  },
): TableHome {
  const { asked, rule, below, name } = given;
  const { file } = source.place;
  const text = files.find(({ path }) => path === file)?.text ?? '';
  const rows = new Map([...(below?.rows ?? []), ...(rule?.rows ?? [])]);
  const target = rule?.target ?? below?.target;
  return {
    ...{ feed: asked.feed, table: asked.table, file, text, rows, isNew: false },
    ...kindOf(rows),
    ...(name === undefined ? {} : { name }),
    ...(target === undefined ? {} : { target }),
  };
}

function kindOf(rows: TableHome['rows']): Pick<TableHome, 'isBare' | 'isTruth'> {
  const all = [...rows.values()].filter(({ code }) => code !== undefined);
  return {
    isBare: all.length > 0 && all.every(({ display }) => display === undefined),
    isTruth: all.length > 0 && all.every(({ code }) => typeof code === 'boolean'),
  };
}

/** An overlay of codes alone, so that what people write by hand stays theirs. */
function overlayFor(
  site: SiteTables,
  { asked, below }: { readonly asked: AskedTable; readonly below: TableRule },
): TableHome {
  const { feed, table } = asked;
  const name = feed === '' ? 'all-codes' : `${feed}-codes`;
  const pins = pinsFor(site, table);
  const known = site.sources.overlay.get(name);
  if (known !== undefined && isOfSite(site, known)) {
    return { ...homeIn(site, known, { asked, rule: undefined, below, name: table }), pins };
  }
  const lines = [
    '# Codes that were put in by `weir codes import`.',
    `overlay: ${name}`,
    `base: [${pins.join(', ')}]`,
    ...(feed === '' ? [] : [`when: { feed: [${yamlText(feed)}] }`]),
  ];
  const empty = {
    ...asked,
    file: `${site.folder}/${name}.overlay.yaml`,
    text: `${lines.join('\n')}\n`,
  };
  const { rows, target } = below;
  return {
    ...{ feed, table, file: empty.file, text: empty.text, name: table, rows, isNew: false },
    ...kindOf(rows),
    ...(target === undefined ? {} : { target }),
  };
}

/** The maps whose slots ask the table; where none does, all of them. */
function pinsFor(site: SiteTables, table: string): readonly string[] {
  const maps = site.pack()?.maps ?? [];
  const asking = maps.filter(({ base, variants }) =>
    [base, ...variants.map(({ map }) => map)].some(({ tables }) => tables.has(table)),
  );
  return (asking.length > 0 ? asking : maps).map(({ name }) => {
    return `${name}@${site.sources.map.get(name)?.version ?? '1'}`;
  });
}

function newTable(
  { folder }: SiteTables,
  { feed, table, system = '', targetSystem = '' }: AskedTable,
): TableHome {
  const kebab = table.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
  const lines = [
    `table: ${table}`,
    'version: 1',
    `doc: ${feed === '' ? 'Codes' : `Codes of ${feed}`} that were put in by weir codes import`,
    ...(system === '' ? [] : [`system: ${yamlText(system)}`]),
    ...(targetSystem === '' ? [] : [`target: ${yamlText(targetSystem)}`]),
    'rows:',
    'else: keep',
  ];
  const file = `${folder}/tables/${kebab}.map.yaml`;
  return {
    ...{ feed, table, file, text: `${lines.join('\n')}\n`, rows: new Map<string, TableRow>() },
    ...{ isNew: true, ...kindOf(new Map()) },
    ...(targetSystem === '' ? {} : { target: targetSystem }),
  };
}
