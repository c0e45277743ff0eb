import type { Resource } from '../fhir/resource.ts';
import type { Message } from '../hl7v2/message.ts';
import type { Compiler, SlotReuse } from './compile/compiler.ts';
import { compileEffects } from './compile/effects.ts';
import { compileResource } from './compile/resources.ts';
import { compileSlots } from './compile/slots.ts';
import { isV2Type } from './datatypes/registry.ts';
import { applyOverlay, expandMessage, expandPack, segmentResource } from './language/expand.ts';
import type { DatatypeRule, MessageRule, OverlaySelector, SettingRule } from './language/model.ts';
import {
  readDatatype,
  readIgnore,
  readMessage,
  readOverlay,
  readPackResources,
  readSettings,
} from './language/read-message.ts';
import { readResource } from './language/read-resource.ts';
import { readTable } from './language/read-table.ts';
import { readSources, type Source, type Sources } from './language/sources.ts';
import { TreeReader } from './language/tree-reader.ts';
import type { MapFile, TreeMap } from './language/yaml-tree.ts';
import { conceptMapOf } from './table-concept-map.ts';
import { CompileMemory } from './compile-memory.ts';
import { MapIssues, type MapIssue } from './map-issue.ts';
import type { CompiledMap } from './run/compiled.ts';
import { compileTable, type CompiledTable } from './run/table.ts';

/** Every message map of a pack, ready to run; swapped as a whole. */
export interface CompiledPack {
  readonly maps: readonly PackMap[];
  /** The tables that all maps share, as ConceptMaps. */
  readonly conceptMaps: readonly Resource[];
}

/** A message map and what its overlays make of it. */
export interface PackMap {
  readonly name: string;
  readonly events: readonly string[];
  readonly base: CompiledMap;
  readonly variants: readonly Variant[];
}

interface Variant {
  readonly overlays: readonly OverlaySelector[];
  readonly map: CompiledMap;
}

/**
 * Reads, checks and compiles the files of a pack (base pack and overlays together; the paths are for the
 * places in `issues`). `pack` is absent where there is any issue: a faulty pack does not run. With the memory of the last time
 * only what has changed is compiled; the files must then be the same objects where they are the same.
 */
export function compilePack(
  files: readonly MapFile[],
  memory: CompileMemory = new CompileMemory(),
): {
  readonly pack?: CompiledPack;
  readonly issues: readonly MapIssue[];
} {
  const issues = new MapIssues();
  const sources = readSources(files, issues);
  const base = everythingButOverlays(sources);
  const shared = memory.part('shared', { of: base, issues }, () => {
    const read = readShared(sources, issues);
    checkSegments(sources, { shared: read, issues });
    return read;
  });
  const made = memory.part('what every message makes', { of: base, issues }, () =>
    compileShared(sources, shared, issues),
  );
  const overlays = [...sources.overlay.values()].map((source): Overlay => {
    const selector = readOverlay(source, issues);
    checkPins(selector, sources, issues);
    return { source, selector };
  });
  const maps = [...sources.map.values()].map((source) => {
    const own = overlays.filter(({ selector }) =>
      selector.base.some(({ value }) => value.map === source.name),
    );
    const of = [...base, ...own.map(({ source: { tree } }) => tree)];
    return memory.part(source.name, { of, issues }, () =>
      compileMap(source, own, { sources, shared, made, issues }),
    );
  });
  checkEvents(maps, sources, issues);
  if (issues.count > 0) return { issues: issues.list() };
  return { pack: { maps, conceptMaps: shared.conceptMaps }, issues: [] };
}

/** What every map depends on: the files but for overlays, and which resources there are at all. */
function everythingButOverlays(sources: Sources): readonly unknown[] {
  const trees = Object.entries(sources).flatMap(([kind, all]) =>
    kind === 'overlay' ? [] : [...all.values()].map(({ tree }) => tree),
  );
  return [...trees, [...resourceNames(sources)].join(' ')];
}

interface Overlay {
  readonly source: Source;
  readonly selector: OverlaySelector;
}

/** What all maps of a pack share. */
interface Shared {
  readonly tables: ReadonlyMap<string, CompiledTable>;
  readonly conceptMaps: readonly Resource[];
  readonly datatypes: ReadonlyMap<string, DatatypeRule>;
  readonly settings: ReadonlyMap<string, SettingRule>;
  readonly ignored: readonly string[];
  readonly reuse: SlotReuse;
  /** Of every map. */
  readonly resourceNames: ReadonlySet<string>;
}

interface PackScope {
  readonly sources: Sources;
  readonly shared: Shared;
  readonly made: SharedResources;
  readonly issues: MapIssues;
}

/** What the pack makes of every message, compiled once for all maps. */
interface SharedResources {
  readonly resources: CompiledMap['resources'];
  readonly rules: CompiledMap['rules'];
  readonly ignored: readonly string[];
}

function compileShared(sources: Sources, shared: Shared, issues: MapIssues): SharedResources {
  const parts = [...sources.pack.values()].map((source) => {
    const rule = readPackResources(expandPack(source, sources, issues), issues);
    const base = compilerFor(shared, issues);
    const tables = new Map(base.tables);
    for (const [name, table] of rule.tables) tables.set(name, compileTable(table));
    const compiler = { ...base, tables };
    const resources = rule.resources.flatMap((one) => compileResource(one, compiler) ?? []);
    return { resources, rules: compiler.rules, ignored: [...rule.ignore.keys()] };
  });
  return {
    resources: parts.flatMap(({ resources }) => resources),
    rules: parts.flatMap(({ rules }) => rules),
    ignored: parts.flatMap(({ ignored }) => ignored),
  };
}

function readShared(sources: Sources, issues: MapIssues): Shared {
  const tables = new Map<string, CompiledTable>();
  const conceptMaps: Resource[] = [];
  for (const { name, place, tree } of sources.table.values()) {
    const rule = readTable(name, place, { tree, issues });
    tables.set(name, compileTable(rule));
    conceptMaps.push(...[conceptMapOf(rule)].filter((map) => map !== undefined));
  }
  const datatypes = new Map<string, DatatypeRule>();
  for (const source of sources.datatype.values()) {
    datatypes.set(source.name, readDatatype(source, issues));
  }
  const settings = new Map<string, SettingRule>();
  const ignored: string[] = [];
  for (const { tree } of sources.pack.values()) {
    const body = new TreeReader(tree, issues);
    body.expectKeys(['pack', 'version', 'doc', 'settings', 'ignore', 'resources'], 'a pack');
    for (const [name, setting] of readSettings(body)) settings.set(name, setting);
    ignored.push(...readIgnore(body).keys());
  }
  const names = resourceNames(sources);
  const shared: Shared = {
    tables,
    conceptMaps,
    datatypes,
    settings,
    ignored,
    reuse: new WeakMap(),
    resourceNames: names,
  };
  checkDatatypes(shared, issues);
  return shared;
}

function resourceNames(sources: Sources): ReadonlySet<string> {
  const maps = [...sources.map.values(), ...sources.overlay.values(), ...sources.pack.values()];
  return new Set(
    maps.flatMap(({ tree }) => {
      const resources = tree.entries.get('resources')?.value;
      return resources?.kind === 'map' ? [...resources.entries.keys()] : [];
    }),
  );
}

function compilerFor(
  shared: Shared,
  issues: MapIssues,
  message?: MessageRule,
): Compiler & { readonly rules: { name: string; rule: string }[] } {
  const tables = new Map(shared.tables);
  for (const [name, rule] of message?.tables ?? []) tables.set(name, compileTable(rule));
  return {
    issues,
    tables,
    settings: new Map([...shared.settings, ...(message?.settings ?? [])]),
    resources: message && new Map(message.resources.map((rule) => [rule.name, rule])),
    elsewhere: shared.resourceNames,
    datatypes: shared.datatypes,
    compileSlots,
    asked: new Map(),
    reuse: hasOwn(message) ? undefined : shared.reuse,
    references: [],
    rules: [],
  };
}

function hasOwn(message: MessageRule | undefined): boolean {
  return message === undefined || message.tables.size > 0 || message.settings.size > 0;
}

/** A datatype map alone: its slots on its type. */
function checkDatatypes(shared: Shared, issues: MapIssues): void {
  for (const rule of shared.datatypes.values()) {
    const compiler = compilerFor(shared, issues);
    if (!isV2Type(rule.from)) {
      issues.add(rule.place, `\`${rule.from}\` is no data type of HL7 v2`);
    }
    compileSlots(rule.set, rule.to, { scope: { name: rule.name, valueType: rule.from }, compiler });
  }
}

/** Segment maps that no message map uses are checked all the same. */
function checkSegments(
  sources: Sources,
  { shared, issues }: { shared: Shared; issues: MapIssues },
): void {
  const users = [...sources.map.values(), ...sources.pack.values()];
  const used = new Set(users.flatMap(({ tree }) => usedNames(tree)));
  for (const source of sources.segment.values()) {
    if (used.has(source.name)) continue;
    const body = new TreeReader(source.tree, issues);
    const tables = new Map(shared.tables);
    for (const [name, entry] of body.map('tables')?.tree.entries ?? []) {
      if (entry.value.kind !== 'map') continue;
      const rule = readTable(name, entry.place, { tree: entry.value, issues });
      tables.set(name, compileTable(rule));
    }
    readIgnore(body);
    const tree = segmentResource(source);
    const rule = readResource(source.name, source.place, { tree, issues });
    if (!rule) continue;
    const own = { ...shared, tables };
    const word = /^[A-Z]+/.exec(source.name)?.[0] ?? '';
    const relative = rule.from.length === 0 && isV2Type(word);
    compileResource(rule, compilerFor(own, issues), relative ? word : undefined);
  }
}

function usedNames(tree: TreeMap): string[] {
  const resources = tree.entries.get('resources')?.value;
  if (resources?.kind !== 'map') return [];
  return [...resources.entries.values()].flatMap(({ value }) => {
    const use = value.kind === 'map' ? value.entries.get('use')?.value : undefined;
    const items = use?.kind === 'list' ? use.items : use ? [use] : [];
    return items.map((item) => (item.kind === 'scalar' ? String(item.value) : ''));
  });
}

function checkPins(selector: OverlaySelector, sources: Sources, issues: MapIssues): void {
  for (const { value, place } of selector.base) {
    const base = sources.map.get(value.map);
    if (!base) {
      issues.add(place, `There is no map \`${value.map}\` to lay an overlay on`);
    } else if (base.version !== value.version) {
      const now = `\`${value.map}\` is at version ${base.version}, the overlay at ${value.version}`;
      issues.add(place, `${now}; look at what changed, then pin \`${value.map}@${base.version}\``);
    }
  }
}

function compileMap(source: Source, own: readonly Overlay[], scope: PackScope): PackMap {
  const tree = expandMessage(source, scope.sources, scope.issues);
  const base = compileTree(source, tree, { ...scope, overlays: [] });
  const variants = combinations(own).map((chosen): Variant => {
    const laid = chosen.reduce(
      (below, overlay) => applyOverlay(below, overlay.source, scope),
      tree,
    );
    return {
      overlays: chosen.map(({ selector }) => selector),
      map: compileTree(source, laid, { ...scope, overlays: chosen }),
    };
  });
  return { name: source.name, events: base.events, base, variants };
}

/** The sets of overlays that some message can choose, each in the order of the files. */
function combinations(overlays: readonly Overlay[]): Overlay[][] {
  const senders = new Set([
    undefined,
    ...overlays.flatMap(({ selector }) => selector.senders ?? []),
  ]);
  const feeds = new Set([undefined, ...overlays.flatMap(({ selector }) => selector.feeds ?? [])]);
  const sets = new Map<string, Overlay[]>();
  for (const sender of senders) {
    for (const feed of feeds) {
      const chosen = overlays.filter(({ selector }) =>
        applies(selector, [sender ?? ''], feed ?? ''),
      );
      if (chosen.length > 0)
        sets.set(chosen.map(({ selector }) => selector.name).join('+'), chosen);
    }
  }
  return [...sets.values()];
}

function applies(selector: OverlaySelector, senders: readonly string[], feed: string): boolean {
  if (selector.senders && !senders.some((sender) => selector.senders?.includes(sender))) {
    return false;
  }
  return !selector.feeds || selector.feeds.includes(feed);
}

function compileTree(
  source: Source,
  tree: TreeMap,
  { shared, made, issues, overlays }: PackScope & { readonly overlays: readonly Overlay[] },
): CompiledMap {
  const message = readMessage(source, tree, issues);
  const compiler = compilerFor(shared, issues, message);
  const own = message.resources.flatMap((rule) => compileResource(rule, compiler) ?? []);
  const ownNames = new Set(message.resources.map(({ name }) => name));
  const further = own.length === 0 ? [] : made.resources.filter(({ name }) => !ownNames.has(name));
  const resources = [...own, ...further];
  const effects = compileEffects(message.effects, compiler);
  const names = overlays.map(({ selector }) => `+${selector.name}`).join('');
  const codeSystems = compiler.tables.get('CodingSystem');
  return {
    name: source.name,
    label: `${source.name}@${source.version}${names}`,
    events: message.events.map(({ value }) => value),
    resources,
    effects,
    settings: new Map([...compiler.settings].map(([name, setting]) => [name, setting.default])),
    ignored: new Set([...shared.ignored, ...made.ignored, ...message.ignore.keys()]),
    packCodeSystem:
      codeSystems &&
      ((name) => {
        const row = codeSystems.find(name)?.translation;
        return row?.kind === 'row' ? String(row.code) : undefined;
      }),
    tables: compiler.asked,
    rules: further.length === 0 ? compiler.rules : [...compiler.rules, ...made.rules],
    nothing: message.nothing,
    refuse: message.refuse,
  };
}

function checkEvents(maps: readonly PackMap[], sources: Sources, issues: MapIssues): void {
  const taken = new Map<string, string>();
  for (const { name, events } of maps) {
    for (const event of events) {
      const other = taken.get(event);
      const place = sources.map.get(name)?.place;
      if (other !== undefined && other !== name && place) {
        issues.add(place, `The event \`${event}\` is already taken by the map \`${other}\``);
      }
      taken.set(event, name);
    }
  }
}

/** Why no map takes a message. */
export type NoMap = 'message-type-unsupported' | 'event-unsupported';

/**
 * The map for a message, with the overlays of its sender (MSH-4.1 or MSH-3.1) and feed. Where MSH-9.2 is
 * empty the trigger is that of MSH-9.3.
 */
export function selectMap(
  { maps }: CompiledPack,
  message: Message,
  feed: string,
): CompiledMap | NoMap {
  const [code = '', trigger = ''] = message.type.split('^');
  const [, structureTrigger = ''] = message.structure.split('_');
  const event = `${code}^${trigger === '' ? structureTrigger : trigger}`;
  const found =
    maps.find(({ events }) => events.includes(event)) ??
    maps.find(({ events }) => events.includes(`${code}^*`));
  if (!found) {
    const known = maps.some(({ events }) => events.some((one) => one.startsWith(`${code}^`)));
    return known ? 'event-unsupported' : 'message-type-unsupported';
  }
  const header = message.segment('MSH');
  const senders = [4, 3].map((field) => header?.field(field).component(1).text ?? '');
  const matching = (variant: Variant): boolean =>
    variant.overlays.every((overlay) => applies(overlay, senders, feed));
  const [best] = found.variants
    .filter(matching)
    .toSorted((a, b) => b.overlays.length - a.overlays.length);
  return best?.map ?? found.base;
}
