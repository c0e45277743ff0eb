import type { MapIssues, MapPlace } from '../map-issue.ts';
import { defined } from './defined.ts';
import type {
  At,
  DatatypeRule,
  MessageRule,
  OverlaySelector,
  ResourceRule,
  SettingRule,
  TableRule,
} from './model.ts';
import { readEffects } from './read-effect.ts';
import { readResource } from './read-resource.ts';
import { readSet } from './read-slot.ts';
import { readTable } from './read-table.ts';
import type { Source } from './sources.ts';
import { TreeReader } from './tree-reader.ts';
import type { TreeMap } from './yaml-tree.ts';

export const messageKeys = [
  'map',
  'version',
  'doc',
  'guide',
  'when',
  'extends',
  'settings',
  'tables',
  'ignore',
  'nothing',
  'refuse',
  'resources',
  'effects',
] as const;

/** Reads a message map that is expanded already. */
export function readMessage(source: Source, tree: TreeMap, issues: MapIssues): MessageRule {
  const body = new TreeReader(tree, issues);
  body.expectKeys(messageKeys, 'a message map');
  const when = body.map('when');
  when?.expectKeys(['event'], '`when`');
  const events = when?.texts('event') ?? [];
  for (const event of events) {
    if (/^[A-Z][A-Z0-9]{2}\^([A-Z][A-Z0-9]{2}|\*)$/.test(event.value)) continue;
    issues.add(event.place, `\`${event.value}\` is not an event; write it as \`ADT^A01\``);
  }
  if (events.length === 0) {
    issues.add(source.place, `The map \`${source.name}\` needs \`when: { event: [...] }\``);
  }
  const outcomes = (['resources', 'nothing', 'refuse'] as const).filter((key) => body.has(key));
  if (outcomes.length === 0) {
    issues.add(source.place, `The map \`${source.name}\` needs \`resources\``);
  }
  if (outcomes.length > 1) {
    const [one, other] = outcomes.map((key) => `\`${key}\``);
    const text = `A map has either ${String(one)} or ${String(other)}; keep one of them`;
    issues.add(body.placeOf(outcomes[1] ?? 'resources'), text);
  }
  return defined<MessageRule>({
    name: source.name,
    version: source.version,
    place: source.place,
    events,
    settings: readSettings(body),
    tables: readTables(body),
    ignore: readIgnore(body),
    resources: readResources(body),
    effects: readEffects(body),
    nothing: body.text('nothing')?.value,
    refuse: body.text('refuse')?.value,
  });
}

/** What the pack makes of every message, expanded already: its resources, with the tables and ignored fields they bring. */
export function readPackResources(
  tree: TreeMap,
  issues: MapIssues,
): Pick<MessageRule, 'resources' | 'tables' | 'ignore'> {
  const body = new TreeReader(tree, issues);
  return { resources: readResources(body), tables: readTables(body), ignore: readIgnore(body) };
}

function readResources(body: TreeReader): ResourceRule[] {
  return [...(body.map('resources')?.tree.entries ?? [])].flatMap(([name, entry]) => {
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
      body.issues.add(entry.place, `A resource is named like \`patient\` or \`orderNote\``);
    }
    if (entry.value.kind !== 'map') {
      body.issues.add(entry.place, `The resource \`${name}\` must be a map of keys`);
      return [];
    }
    return readResource(name, entry.place, { tree: entry.value, issues: body.issues }) ?? [];
  });
}

/** `settings:` of a message map or the pack. */
export function readSettings(body: TreeReader): Map<string, SettingRule> {
  const settings = new Map<string, SettingRule>();
  for (const [name, entry] of body.map('settings')?.tree.entries ?? []) {
    if (entry.value.kind !== 'map') {
      const forms = '`{ default: ..., question: ... }`';
      body.issues.add(entry.place, `The setting \`${name}\` must be ${forms}`);
      continue;
    }
    const setting = new TreeReader(entry.value, body.issues);
    setting.expectKeys(['default', 'question', 'new', 'doc'], 'a setting');
    const value = setting.value('default');
    if (value?.kind !== 'scalar' || value.value === null) {
      body.issues.add(entry.place, `The setting \`${name}\` needs a \`default\``);
      continue;
    }
    settings.set(
      name,
      defined<SettingRule>({
        name,
        place: entry.place,
        default: value.value,
        question: setting.text('question')?.value,
      }),
    );
  }
  return settings;
}

function readTables(body: TreeReader): Map<string, TableRule> {
  const tables = new Map<string, TableRule>();
  for (const [name, { place, value }] of body.map('tables')?.tree.entries ?? []) {
    if (value.kind === 'map') {
      tables.set(name, readTable(name, place, { tree: value, issues: body.issues }));
    } else {
      body.issues.add(place, `The table \`${name}\` must be a map of rows`);
    }
  }
  return tables;
}

/** `ignore:` of any map: positions and why. */
export function readIgnore(body: TreeReader): Map<string, MapPlace> {
  const ignore = new Map<string, MapPlace>();
  for (const [position, { place, value }] of body.map('ignore')?.tree.entries ?? []) {
    if (!/^[A-Z][A-Z0-9]{2}(-\d+)?$/.test(position)) {
      body.issues.add(place, `\`${position}\` is no field or segment; write \`PID-1\` or \`ZDB\``);
    } else if (value.kind !== 'scalar' || value.value === null || value.value === '') {
      body.issues.add(place, `Say why \`${position}\` is ignored: \`${position}: reason\``);
    } else {
      ignore.set(position, place);
    }
  }
  return ignore;
}

/** Reads a datatype map. */
export function readDatatype(source: Source, issues: MapIssues): DatatypeRule {
  const body = new TreeReader(source.tree, issues);
  body.expectKeys(['datatype', 'version', 'doc', 'guide', 'set', 'tables'], 'a datatype map');
  const set = body.map('set');
  if (!set) issues.add(source.place, `The datatype map \`${source.name}\` needs a \`set\``);
  const match = /^([A-Z]+)\[([A-Za-z0-9]+)/.exec(source.name);
  return {
    name: source.name,
    place: source.place,
    from: match?.[1] ?? '',
    to: match?.[2] ?? '',
    set: set ? readSet(set.tree, issues) : [],
  };
}

/** Which maps an overlay changes and for which messages. */
export function readOverlay(source: Source, issues: MapIssues): OverlaySelector {
  const body = new TreeReader(source.tree, issues);
  const known = ['overlay', 'version', 'doc', 'base', 'when', 'settings', 'tables', 'ignore'];
  body.expectKeys([...known, 'resources', 'effects'], 'an overlay');
  const bases = body.texts('base');
  if (bases.length === 0) {
    issues.add(source.place, `The overlay \`${source.name}\` needs \`base: [adt-a01@1]\``);
  }
  const when = body.map('when');
  when?.expectKeys(['sender', 'feed'], '`when` of an overlay');
  const list = (key: string): string[] | undefined =>
    when?.has(key) ? when.texts(key).map(({ value }) => value) : undefined;
  return defined<OverlaySelector>({
    name: source.name,
    place: source.place,
    base: bases.flatMap((text) => pinned(text, issues)),
    senders: list('sender'),
    feeds: list('feed'),
  });
}

function pinned(text: At<string>, issues: MapIssues): OverlaySelector['base'] {
  const [map = '', version] = text.value.split('@');
  if (version !== undefined && version !== '') {
    return [{ value: { map, version }, place: text.place }];
  }
  issues.add(text.place, `\`${text.value}\` is not pinned; write \`${map}@1\` with its version`);
  return [];
}
