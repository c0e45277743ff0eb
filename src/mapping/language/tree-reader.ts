import type { Json } from '../../fhir/resource.ts';
import { suggestion, type MapIssues, type MapPlace } from '../map-issue.ts';
import { parseCondition, type Condition } from './condition-syntax.ts';
import type { At } from './model.ts';
import { parsePath, type SourcePath } from './path-syntax.ts';
import type { Tree, TreeMap } from './yaml-tree.ts';

const pathForms =
  'write a field (`PID-5.1`), a relative path (`"4.1"` or `"."`), a segment (`NTE`) or a setting (`$name`)';

/** Reads the keys of one map of a mapping file; whatever does not fit is reported and left away. */
export class TreeReader {
  readonly tree: TreeMap;
  readonly issues: MapIssues;

  constructor(tree: TreeMap, issues: MapIssues) {
    this.tree = tree;
    this.issues = issues;
  }

  get place(): MapPlace {
    return this.tree.place;
  }

  /** Reports every key that is not one of `known`; whether there was none. */
  expectKeys(known: readonly string[], what: string): boolean {
    let all = true;
    for (const [key, { place }] of this.tree.entries) {
      if (known.includes(key)) continue;
      const hint = suggestion(key, known) || `; known are ${known.join(', ')}`;
      this.issues.add(place, `\`${key}\` is no key of ${what}${hint}`);
      all = false;
    }
    return all;
  }

  has(key: string): boolean {
    return this.tree.entries.has(key);
  }

  value(key: string): Tree | undefined {
    return this.tree.entries.get(key)?.value;
  }

  placeOf(key: string): MapPlace {
    return this.tree.entries.get(key)?.place ?? this.tree.place;
  }

  text(key: string): At<string> | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const text = scalarText(value);
    if (text !== undefined) return { value: text, place: value.place };
    return this.#wrong(key, value, 'a text');
  }

  textOf<const T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const found = allowed.find((word) => word === text.value);
    if (found === undefined) {
      this.issues.add(text.place, `\`${key}\` must be one of ${allowed.join(', ')}`);
    }
    return found;
  }

  flag(key: string): boolean {
    const value = this.value(key);
    if (value === undefined) return false;
    if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value;
    this.#wrong(key, value, '`true` or `false`');
    return false;
  }

  map(key: string): TreeReader | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (value.kind === 'map') return new TreeReader(value, this.issues);
    return this.#wrong(key, value, 'a map of `name: value`');
  }

  /** A text or a list of texts. */
  texts(key: string): At<string>[] {
    const value = this.value(key);
    if (value === undefined) return [];
    const items = value.kind === 'list' ? value.items : [value];
    return items.flatMap((item) => {
      const text = scalarText(item);
      if (text !== undefined) return [{ value: text, place: item.place }];
      this.#wrong(key, item, 'a text or a list of texts');
      return [];
    });
  }

  path(key: string): At<SourcePath> | undefined {
    const text = this.text(key);
    return text && this.parsePath(text);
  }

  paths(key: string): At<SourcePath>[] {
    return this.texts(key).flatMap((text) => this.parsePath(text) ?? []);
  }

  parsePath({ value, place }: At<string>): At<SourcePath> | undefined {
    const path = parsePath(value);
    if (path) return { value: path, place };
    this.issues.add(place, `\`${value}\` is not a path; ${pathForms}`);
    return undefined;
  }

  condition(key: string): At<Condition> | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const result = parseCondition(text.value);
    if (result.ok) return { value: result.condition, place: text.place };
    this.issues.add(text.place, result.message);
    return undefined;
  }

  #wrong(key: string, value: Tree, wanted: string): undefined {
    this.issues.add(value.place, `\`${key}\` must be ${wanted}, not ${kindOf(value)}`);
  }
}

export function scalarText(tree: Tree): string | undefined {
  return tree.kind === 'scalar' && tree.value !== null ? String(tree.value) : undefined;
}

function kindOf(tree: Tree): string {
  if (tree.kind === 'scalar') return tree.value === null ? 'empty' : `\`${String(tree.value)}\``;
  return `a ${tree.kind}`;
}

/** A constant as JSON. */
export function treeJson(tree: Tree): Json {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(treeJson);
    case 'map':
      return Object.fromEntries(
        [...tree.entries].map(([key, { value }]) => [key, treeJson(value)]),
      );
  }
}
