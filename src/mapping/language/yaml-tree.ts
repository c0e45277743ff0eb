import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import { limits } from '../../limits.ts';
import type { MapIssues, MapPlace } from '../map-issue.ts';

/** A YAML value that knows where it stands. Merging moves nodes, so that places survive it. */
export type Tree = TreeMap | TreeList | TreeScalar;

export interface TreeMap {
  readonly kind: 'map';
  readonly place: MapPlace;
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

export interface TreeEntry {
  /** Of the key. */
  readonly place: MapPlace;
  readonly value: Tree;
}

export interface TreeList {
  readonly kind: 'list';
  readonly place: MapPlace;
  readonly items: readonly Tree[];
}

export interface TreeScalar {
  readonly kind: 'scalar';
  readonly place: MapPlace;
  readonly value: string | number | boolean | null;
}

export interface MapFile {
  readonly path: string;
  readonly text: string;
}

const depthMax = 32;

/**
 * Reads one mapping file: YAML 1.2 core schema, one document that is a map, without anchors, aliases,
 * tags, merge keys and duplicate keys, within `limits.mapFileBytesMax`. Faults go to `issues`; what can be read is read.
 */
export function readYaml(file: MapFile, issues: MapIssues): TreeMap | undefined {
  const known = trees.get(file);
  if (known !== undefined) return known;
  const count = issues.count;
  const tree = parseTree(file, issues);
  if (tree !== undefined && issues.count === count) trees.set(file, tree);
  return tree;
}

/** What faultless files hold, as long as somebody has them: of a pack that is read again few files have changed. */
const trees = new WeakMap<MapFile, TreeMap>();

function parseTree(file: MapFile, issues: MapIssues): TreeMap | undefined {
  const start = { file: file.path, line: 1, column: 1 };
  if (file.text.length > limits.mapFileBytesMax) {
    const bound = String(limits.mapFileBytesMax);
    issues.add(start, `The file is longer than ${bound} bytes; split it into several files`);
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(file.text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: false,
  });
  const at = (offset: number): MapPlace => {
    const { line, col } = lines.linePos(offset);
    return { file: file.path, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  for (const error of [...document.errors, ...document.warnings]) {
    issues.add(at(error.pos[0]), `This is not YAML: ${sentence(error.message)}`);
  }
  if (document.errors.length > 0) return undefined;
  const tree = document.contents && new TreeReader(at, issues).read(document.contents, 0);
  if (tree?.kind === 'map') return tree;
  issues.add(start, 'The file must be a map whose first key says its kind, such as `map: adt-a01`');
  return undefined;
}

function sentence(text: string): string {
  return text.split('\n')[0]?.replace(/\.$/, '') ?? text;
}

class TreeReader {
  readonly #at: (offset: number) => MapPlace;
  readonly #issues: MapIssues;

  constructor(at: (offset: number) => MapPlace, issues: MapIssues) {
    this.#at = at;
    this.#issues = issues;
  }

  read(node: ParsedNode, depth: number): Tree {
    const place = this.#at(node.range[0]);
    if (depth > depthMax) {
      this.#issues.add(place, `Nested deeper than ${String(depthMax)}; flatten it`);
      return { kind: 'scalar', place, value: null };
    }
    if (isAlias(node)) {
      this.#issues.add(place, 'Aliases (*name) are not allowed; write the value out');
      return { kind: 'scalar', place, value: null };
    }
    if (node.anchor !== undefined) {
      this.#issues.add(place, 'Anchors (&name) are not allowed; leave it away');
    }
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      this.#issues.add(place, `Tags (${node.tag}) are not allowed; leave it away`);
    }
    if (isMap(node)) return this.#map(node, place, depth);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, depth + 1));
      return { kind: 'list', place, items };
    }
    return { kind: 'scalar', place, value: scalarValue(node) };
  }

  #map(node: YAMLMap<ParsedNode, ParsedNode | null>, place: MapPlace, depth: number): TreeMap {
    const entries = new Map<string, TreeEntry>();
    for (const { key, value } of node.items) {
      const keyPlace = this.#at(key.range[0]);
      if (!isScalar(key)) {
        this.#issues.add(keyPlace, 'A key must be a text; quote it');
        continue;
      }
      const name = key.source ?? String(key.value);
      if (name === '<<') this.#issues.add(keyPlace, 'Merge keys (<<) are not allowed; use `use`');
      const earlier = entries.get(name);
      if (earlier) {
        const line = String(earlier.place.line);
        this.#issues.add(keyPlace, `\`${name}\` is already given in line ${line}; keep one`);
        continue;
      }
      const empty: TreeScalar = { kind: 'scalar', place: keyPlace, value: null };
      entries.set(name, {
        place: keyPlace,
        value: value === null ? empty : this.read(value, depth + 1),
      });
    }
    return { kind: 'map', place, entries };
  }
}

/** `4.10` must not become `4.1`: a number keeps its text where that differs. */
function scalarValue(node: ParsedNode): TreeScalar['value'] {
  if (!isScalar(node)) return null;
  const { value, source } = node;
  if (typeof value === 'number' && source !== undefined && String(value) !== source) return source;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}
