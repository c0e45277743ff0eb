import { suggestion, type MapIssues, type MapPlace } from '../map-issue.ts';
import { TreeReader } from './tree-reader.ts';
import { readYaml, type MapFile, type TreeMap } from './yaml-tree.ts';

/** The first key of a mapping file: its kind. */
const fileKinds = ['pack', 'map', 'segment', 'datatype', 'table', 'overlay'] as const;
export type FileKind = (typeof fileKinds)[number];

/** One mapping file, as a tree. */
export interface Source {
  readonly kind: FileKind;
  readonly name: string;
  readonly version: string;
  readonly place: MapPlace;
  readonly tree: TreeMap;
}

/** The files of a pack by kind and name. */
export type Sources = Readonly<Record<FileKind, ReadonlyMap<string, Source>>>;

/** Reads all files; what cannot be read is reported and left away. */
export function readSources(files: readonly MapFile[], issues: MapIssues): Sources {
  const sources: Record<FileKind, Map<string, Source>> = {
    pack: new Map(),
    map: new Map(),
    segment: new Map(),
    datatype: new Map(),
    table: new Map(),
    overlay: new Map(),
  };
  for (const file of files) {
    const tree = readYaml(file, issues);
    const source = tree && identify(tree, issues);
    if (!source) continue;
    const earlier = sources[source.kind].get(source.name);
    if (earlier) {
      const where = `${earlier.place.file}:${String(earlier.place.line)}`;
      issues.add(
        source.place,
        `The ${source.kind} \`${source.name}\` is already in ${where}; rename one`,
      );
    } else {
      sources[source.kind].set(source.name, source);
    }
  }
  return sources;
}

const nameForms: Readonly<Record<FileKind, readonly [RegExp, string]>> = {
  pack: [/^[a-z][a-z0-9-]*$/, 'a name such as `base`'],
  map: [/^[a-z][a-z0-9-]*$/, 'a name such as `adt-a01`'],
  segment: [/^[A-Z][A-Z0-9]+\[[A-Za-z0-9-]+\]$/, 'a name such as `PID[Patient]`'],
  datatype: [/^[A-Z]{2,3}\[[A-Za-z0-9-]+\]$/, 'a name such as `CX[Identifier]`'],
  table: [/^[A-Za-z][A-Za-z0-9]*$/, 'a name such as `AdministrativeSex`'],
  overlay: [/^[a-z][a-z0-9-]*$/, 'a name such as `st-marys`'],
};

function identify(tree: TreeMap, issues: MapIssues): Source | undefined {
  const body = new TreeReader(tree, issues);
  const kinds = fileKinds.filter((kind) => body.has(kind));
  const [kind] = kinds;
  if (kind === undefined) {
    const first = [...tree.entries.keys()][0] ?? '';
    const hint = suggestion(first, fileKinds) || `, one of ${fileKinds.join(', ')}`;
    issues.add(tree.place, `The file has no key that says its kind${hint}`);
    return undefined;
  }
  const name = body.text(kind);
  if (!name) return undefined;
  const [form, words] = nameForms[kind];
  if (!form.test(name.value)) issues.add(name.place, `\`${kind}\` must be ${words}`);
  const version = body.text('version')?.value;
  if (version === undefined && kind !== 'overlay') {
    issues.add(name.place, `The ${kind} \`${name.value}\` needs a \`version\``);
  }
  return { kind, name: name.value, version: version ?? '1', place: name.place, tree };
}
