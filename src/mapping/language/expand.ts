import { knownSegment } from '../../hl7v2/dictionary.ts';
import { suggestion, type MapIssues } from '../map-issue.ts';
import { mergeTrees } from './merge.ts';
import { hasRows } from './read-table.ts';
import type { Source, Sources } from './sources.ts';
import { TreeReader } from './tree-reader.ts';
import type { Tree, TreeEntry, TreeMap } from './yaml-tree.ts';

/** What a message map inherits with `extends`. */
const inherited: ReadonlySet<string> = new Set([
  'settings',
  'tables',
  'ignore',
  'resources',
  'effects',
]);

/**
 * The message map with `extends` and `use` worked in: every resource stands written out, each part still
 * knowing the file and line it came from.
 */
export function expandMessage(source: Source, sources: Sources, issues: MapIssues): TreeMap {
  return withUses(withBase(source, sources, { issues, seen: [] }), sources, issues);
}

/** What the pack makes of every message, `use` worked in. */
export function expandPack({ tree }: Source, sources: Sources, issues: MapIssues): TreeMap {
  return withUses(tree, sources, issues);
}

interface Extending {
  readonly issues: MapIssues;
  readonly seen: readonly string[];
}

function withBase(source: Source, sources: Sources, { issues, seen }: Extending): TreeMap {
  const name = new TreeReader(source.tree, issues).text('extends');
  if (!name) return source.tree;
  const base = sources.map.get(name.value);
  if (!base) {
    const hint = suggestion(name.value, sources.map.keys());
    issues.add(name.place, `There is no map \`${name.value}\` to extend${hint}`);
    return source.tree;
  }
  if (seen.includes(base.name)) {
    issues.add(
      name.place,
      `\`extends\` goes round in a circle: ${[...seen, base.name].join(', ')}`,
    );
    return source.tree;
  }
  const own = withBase(base, sources, { issues, seen: [...seen, source.name] });
  const below = withUses(own, sources, issues);
  const kept = [...below.entries].filter(([key]) => inherited.has(key));
  const tree: TreeMap = { kind: 'map', place: source.tree.place, entries: new Map(kept) };
  return mergeTrees(tree, source.tree, { issues, strict: false });
}

function withUses(tree: TreeMap, sources: Sources, issues: MapIssues): TreeMap {
  const resources = tree.entries.get('resources');
  if (resources?.value.kind !== 'map') return tree;
  const entries = new Map<string, TreeEntry>();
  let whole = tree;
  for (const [name, entry] of resources.value.entries) {
    if (entry.value.kind !== 'map' || !entry.value.entries.has('use')) {
      entries.set(name, entry);
      continue;
    }
    const used = usedSegments(entry.value, sources, issues);
    for (const segment of used) whole = hoist(segment, whole, issues);
    entries.set(name, { place: entry.place, value: combine(used, entry.value, issues) });
  }
  const value: TreeMap = { ...resources.value, entries };
  return withEntry(whole, 'resources', { place: resources.place, value });
}

function usedSegments(resource: TreeMap, sources: Sources, issues: MapIssues): Source[] {
  return new TreeReader(resource, issues).texts('use').flatMap(({ value, place }) => {
    const source = sources.segment.get(value);
    if (source) return [source];
    const hint = suggestion(value, sources.segment.keys());
    issues.add(place, `There is no segment map \`${value}\`${hint}`);
    return [];
  });
}

/** Tables and `ignore` of a segment map count for the whole message map that uses it. */
function hoist(segment: Source, tree: TreeMap, issues: MapIssues): TreeMap {
  let whole = tree;
  for (const key of ['tables', 'ignore']) {
    const entry = segment.tree.entries.get(key);
    if (entry?.value.kind !== 'map') continue;
    const own = whole.entries.get(key);
    const value =
      own?.value.kind === 'map'
        ? mergeTrees(entry.value, own.value, { issues, strict: false })
        : entry.value;
    whole = withEntry(whole, key, { place: entry.place, value });
  }
  return whole;
}

/** The resource that segment maps make together, the resource's own keys laid over them. */
function combine(used: readonly Source[], own: TreeMap, issues: MapIssues): TreeMap {
  let base: TreeMap | undefined;
  for (const segment of used) {
    const body = segmentResource(segment);
    if (base) reportTwice(base, body, { own, issues });
    base = base ? mergeTrees(base, body, { issues, strict: false }) : body;
  }
  const written = base ? mergeTrees(base, own, { issues, strict: false }) : own;
  const entries = [...written.entries].filter(([key]) => key !== 'use');
  return { ...written, entries: new Map(entries) };
}

function reportTwice(
  base: TreeMap,
  next: TreeMap,
  { own, issues }: { own: TreeMap; issues: MapIssues },
): void {
  const earlier = slotsOf(base);
  const given = slotsOf(own);
  for (const [name, { place }] of slotsOf(next)) {
    const other = earlier.get(name);
    if (!other || given.has(name)) continue;
    const where = `${other.place.file}:${String(other.place.line)}`;
    issues.add(
      place,
      `The slot \`${name}\` is also in ${where}, used by the same resource; rename one`,
    );
  }
}

function slotsOf(resource: TreeMap): ReadonlyMap<string, TreeEntry> {
  const set = resource.entries.get('set')?.value;
  return set?.kind === 'map' ? set.entries : new Map<string, TreeEntry>();
}

const notOfResource: ReadonlySet<string> = new Set([
  'segment',
  'version',
  'tables',
  'ignore',
  'doc',
]);

/** A segment map as a resource: `PV1[Encounter-x]` gives `from: PV1` and `type: Encounter` where they are not said. */
export function segmentResource(source: Source): TreeMap {
  const entries = new Map([...source.tree.entries].filter(([key]) => !notOfResource.has(key)));
  const match = /^([A-Z0-9]+)\[([A-Za-z0-9]+)/.exec(source.name);
  const give = (key: string, value: string | undefined): void => {
    if (entries.has(key) || value === undefined) return;
    const scalar: Tree = { kind: 'scalar', place: source.place, value };
    entries.set(key, { place: source.place, value: scalar });
  };
  const segment = match?.[1] ?? '';
  give('from', knownSegment(segment) || segment.startsWith('Z') ? segment : undefined);
  give('type', match?.[2]);
  return { kind: 'map', place: source.tree.place, entries };
}

/** Lays an overlay over an expanded message map; what it names and the base lacks is reported. */
export function applyOverlay(
  base: TreeMap,
  overlay: Source,
  { sources, issues }: { sources: Sources; issues: MapIssues },
): TreeMap {
  const body = new TreeReader(overlay.tree, issues);
  let tree = base;
  for (const key of ['settings', 'ignore', 'resources', 'effects']) {
    const entry = body.tree.entries.get(key);
    if (entry?.value.kind !== 'map') continue;
    const wrap = (value: TreeEntry): TreeMap => wrapped(key, value);
    const own = tree.entries.get(key) ?? { place: entry.place, value: emptyMap(entry) };
    const top = key === 'settings' ? settingDefaults(entry) : entry;
    const merged = mergeTrees(wrap(own), wrap(top), { issues, strict: true });
    tree = withEntry(tree, key, merged.entries.get(key) as TreeEntry);
  }
  const tables = body.map('tables');
  for (const [name, entry] of tables?.tree.entries ?? []) {
    tree = withTable(tree, name, { entry, sources, issues });
  }
  return tree;
}

/** `livingWill: true` in an overlay is a new default. */
function settingDefaults(entry: TreeEntry): TreeEntry {
  if (entry.value.kind !== 'map') return entry;
  const entries = new Map(
    [...entry.value.entries].map(([name, given]): [string, TreeEntry] => [
      name,
      given.value.kind === 'scalar'
        ? { place: given.place, value: wrapped('default', given) }
        : given,
    ]),
  );
  return { place: entry.place, value: { ...entry.value, entries } };
}

interface OverlayTable {
  readonly entry: TreeEntry;
  readonly sources: Sources;
  readonly issues: MapIssues;
}

function withTable(tree: TreeMap, name: string, given: OverlayTable): TreeMap {
  const { entry, sources, issues } = given;
  const own = tree.entries.get('tables');
  const tables = own?.value.kind === 'map' ? own.value : emptyMap(entry);
  const base = tables.entries.get(name)?.value ?? sources.table.get(name)?.tree;
  if (entry.value.kind !== 'map') return tree;
  const value = base?.kind === 'map' ? overTable(base, entry.value, issues) : entry.value;
  if (value === entry.value && !entry.value.entries.has('new')) {
    const hint = suggestion(name, [...tables.entries.keys(), ...sources.table.keys()]);
    const advice = hint || '; add `new: true` if it is meant as new';
    issues.add(entry.place, `The base has no table \`${name}\`${advice}`);
    return tree;
  }
  const merged = withEntry(tables, name, { place: entry.place, value });
  return withEntry(tree, 'tables', { place: own?.place ?? entry.place, value: merged });
}

function overTable(base: TreeMap, top: TreeMap, issues: MapIssues): TreeMap {
  const rows = hasRows(base) ? longForm(top) : top;
  return mergeTrees(base, rows, { issues, strict: false });
}

/** Rows and `else` side by side become `rows` and `else`. */
function longForm(tree: TreeMap): TreeMap {
  if (hasRows(tree)) return tree;
  const rows = new Map([...tree.entries].filter(([key]) => key !== 'else' && key !== 'new'));
  const value: TreeMap = { kind: 'map', place: tree.place, entries: rows };
  const entries = new Map<string, TreeEntry>([['rows', { place: tree.place, value }]]);
  const otherwise = tree.entries.get('else');
  if (otherwise) entries.set('else', otherwise);
  return { kind: 'map', place: tree.place, entries };
}

function wrapped(key: string, entry: TreeEntry): TreeMap {
  return { kind: 'map', place: entry.place, entries: new Map([[key, entry]]) };
}

function emptyMap({ place }: TreeEntry): TreeMap {
  return { kind: 'map', place, entries: new Map() };
}

function withEntry(tree: TreeMap, key: string, entry: TreeEntry): TreeMap {
  return { ...tree, entries: new Map([...tree.entries, [key, entry]]) };
}
