/** Reads out-maps (`*.out.yaml`): FHIR to HL7 v2, as files that an analyst can read and a site can override. */
import { fieldDefinition, knownSegment } from '../../hl7v2/dictionary.ts';
import { mergeTrees } from '../language/merge.ts';
import { scalarText, TreeReader } from '../language/tree-reader.ts';
import { readYaml, type MapFile, type TreeMap } from '../language/yaml-tree.ts';
import { MapIssues, suggestion, type MapIssue } from '../map-issue.ts';
import { parseOutCondition, type OutCondition } from './condition.ts';
import type { OutEvent, OutMap, OutTable, SegmentRule } from './model.ts';
import { readFields } from './read-field.ts';
import { parseOutPath } from './place.ts';

/**
 * The out-maps of all files, those of the program first. A file of a name that is there already is laid over it, key by
 * key; `null` removes. `maps` is empty where there is any issue.
 */
export function readOutMaps(files: readonly MapFile[]): {
  readonly maps: ReadonlyMap<string, OutMap>;
  readonly issues: readonly MapIssue[];
} {
  const issues = new MapIssues();
  const sources = { out: new Map<string, TreeMap>(), outSegment: new Map<string, TreeMap>() };
  for (const file of files) {
    const tree = readYaml(file, issues);
    if (tree !== undefined) take(tree, sources, issues);
  }
  const maps = new Map<string, OutMap>();
  for (const [name, tree] of sources.out) {
    const body = new TreeReader(tree, issues);
    const map = new OutMapReader(body, sources.outSegment).read(name);
    if (map !== undefined) maps.set(name, map);
  }
  return issues.count === 0 ? { maps, issues: [] } : { maps: new Map(), issues: issues.list() };
}

type Trees = Readonly<Record<'out' | 'outSegment', Map<string, TreeMap>>>;

function take(tree: TreeMap, sources: Trees, issues: MapIssues): void {
  const body = new TreeReader(tree, issues);
  const kind = body.has('out') ? 'out' : 'outSegment';
  const name = body.text(kind)?.value;
  if (name === undefined) {
    issues.add(tree.place, 'The file begins with `out: NAME` or `outSegment: NAME`');
    return;
  }
  const earlier = sources[kind].get(name);
  const merged = earlier && mergeTrees(earlier, tree, { issues, strict: false });
  sources[kind].set(name, merged ?? tree);
}

const mapKeys = [
  ...['out', 'version', 'doc', 'resource', 'events', 'segments'],
  ...['reports', 'ignore', 'tables'],
];
const segmentKeys = [
  'segment',
  'use',
  'doc',
  'each',
  'lines',
  'when',
  'set',
  'segments',
  'before',
  'says',
];

class OutMapReader {
  readonly #body: TreeReader;
  readonly #shared: ReadonlyMap<string, TreeMap>;
  readonly #tables = new Map<string, OutTable>();

  constructor(body: TreeReader, shared: ReadonlyMap<string, TreeMap>) {
    this.#body = body;
    this.#shared = shared;
  }

  read(name: string): OutMap | undefined {
    const body = this.#body;
    body.expectKeys(mapKeys, 'an out-map');
    const resource = body.text('resource')?.value;
    if (resource === undefined) {
      body.issues.add(body.place, 'An out-map says for which `resource` it is');
      return undefined;
    }
    this.#readTables(body);
    const segments = this.#segments(body.map('segments'));
    const reports = body.texts('reports').map(({ value }) => value);
    return {
      name,
      version: body.text('version')?.value ?? '1',
      resource,
      events: this.#events(body.map('events')),
      segments,
      reports: new Set(reports.length === 0 ? [resource] : reports),
      ignored: new Set(body.map('ignore')?.tree.entries.keys()),
      tables: this.#tables,
    };
  }

  #events(events: TreeReader | undefined): readonly OutEvent[] {
    return [...(events?.tree.entries ?? [])].flatMap(([key, { place, value }]) => {
      if (events === undefined || value.kind !== 'map') {
        this.#body.issues.add(place, `\`${key}\` is { event: ADT^A31^ADT_A05, when: updated }`);
        return [];
      }
      const event = new TreeReader(value, this.#body.issues);
      event.expectKeys(['event', 'when', 'doc'], 'an event');
      const text = event.text('event');
      const match = /^([A-Z]{3})\^([A-Z]\w\d)\^([A-Z]{3}_[A-Z]\w\d)$/.exec(text?.value ?? '');
      if (!match) {
        event.issues.add(text?.place ?? place, '`event` is MSH-9 such as ADT^A31^ADT_A05');
        return [];
      }
      const [, code = '', trigger = '', structure = ''] = match;
      return [{ code, trigger, structure, when: conditionOf(event) }];
    });
  }

  /** In their order; one with `before` goes before the slot that it names. */
  #segments(segments: TreeReader | undefined): readonly SegmentRule[] {
    const rules: SegmentRule[] = [];
    for (const [slot, { place, value }] of segments?.tree.entries ?? []) {
      if (segments === undefined || value.kind !== 'map') {
        this.#body.issues.add(place, `\`${slot}\` is a map that says its segment`);
        continue;
      }
      const body = this.#expanded(new TreeReader(value, this.#body.issues));
      const rule = this.#segment(slot, body);
      if (rule === undefined) continue;
      const before = body.text('before');
      const at = rules.findIndex((other) => other.slot === before?.value);
      if (before !== undefined && at < 0) {
        body.issues.add(before.place, `There is no slot \`${before.value}\` before this one`);
      }
      rules.splice(at < 0 ? rules.length : at, 0, rule);
    }
    return rules;
  }

  /** `use` takes a shared segment as its base. */
  #expanded(body: TreeReader): TreeReader {
    const use = body.text('use');
    if (use === undefined) return body;
    const base = this.#shared.get(use.value);
    if (base === undefined) {
      const hint = suggestion(use.value, this.#shared.keys());
      body.issues.add(use.place, `There is no outSegment \`${use.value}\`${hint}`);
      return body;
    }
    this.#readTables(new TreeReader(base, body.issues));
    const entries = new Map(base.entries);
    for (const key of ['outSegment', 'version', 'tables']) entries.delete(key);
    const merged = mergeTrees({ ...base, entries }, body.tree, {
      issues: body.issues,
      strict: false,
    });
    return new TreeReader(merged, body.issues);
  }

  #segment(slot: string, body: TreeReader): SegmentRule | undefined {
    body.expectKeys(segmentKeys, 'a segment');
    const segment = body.text('segment');
    const name = segment?.value ?? '';
    if (!knownSegment(name) && !/^Z[A-Z0-9]{2}$/.test(name)) {
      body.issues.add(segment?.place ?? body.place, `\`${slot}\` says no segment of HL7 v2`);
      return undefined;
    }
    const paths = { each: body.text('each'), lines: body.text('lines') };
    const found = Object.entries(paths).flatMap(([key, text]) => {
      if (text === undefined) return [];
      const path = parseOutPath(text.value);
      if (path === undefined) body.issues.add(text.place, `\`${text.value}\` is not a path`);
      return path === undefined ? [] : [[key, path] as const];
    });
    return {
      slot,
      segment: name,
      place: body.place,
      ...Object.fromEntries(found),
      when: conditionOf(body),
      fields: readFields(body.map('set'), {
        tables: this.#tables,
        typeOf: (number) => fieldDefinition(name, number, '2.5.1')?.dataType,
      }),
      says: saysOf(body.map('says')),
      segments: this.#segments(body.map('segments')),
    };
  }

  #readTables(body: TreeReader): void {
    const tables = body.map('tables');
    for (const [name, { place, value }] of tables?.tree.entries ?? []) {
      if (value.kind !== 'map' || !value.entries.has('else')) {
        body.issues.add(
          place,
          `Table \`${name}\` is a map of codes with an \`else\`: keep, drop or a code`,
        );
        continue;
      }
      const rows = new Map<string, string>();
      for (const [code, entry] of value.entries) {
        if (code !== 'else') rows.set(code, scalarText(entry.value) ?? '');
      }
      const other = value.entries.get('else');
      const word = (other && scalarText(other.value)) ?? 'drop';
      const otherwise = { keep: word === 'keep', code: word === 'drop' ? '' : word };
      this.#tables.set(name, { rows, otherwise });
    }
  }
}

/** `says: { description: [reasonCode.text, serviceType.text] }`. */
function saysOf(body: TreeReader | undefined): SegmentRule['says'] {
  return [...(body?.tree.entries.keys() ?? [])].flatMap((key) => {
    const element = parseOutPath(key);
    return (body?.texts(key) ?? []).flatMap(({ value, place }) => {
      const other = parseOutPath(value);
      if (element !== undefined && other !== undefined) return [[element, other] as const];
      body?.issues.add(place, `\`${key}\` is a path with the paths of what says the same`);
      return [];
    });
  });
}

/** `when`, a text or a list of texts of which all must hold. */
function conditionOf(body: TreeReader): OutCondition {
  return body.texts('when').flatMap(({ value, place }) => {
    const condition = parseOutCondition(value);
    if (condition !== undefined) return condition;
    body.issues.add(place, `\`${value}\` is not a condition, such as \`status = booked\``);
    return [];
  });
}
