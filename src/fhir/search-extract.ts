/** The index entries of a resource: every search parameter of its type, evaluated once per write. */
import { searchParameters, type SearchParameterDefinition } from './definitions.ts';
import type { Resource } from './resource.ts';
import type { IndexEntry } from './search-ast.ts';
import { compileSearchPath, type SearchPath } from './search-path.ts';
import { entriesOf, isIndexedType, type IndexedType } from './search-values.ts';

/** Counts the changes to what is extracted: entries stored under another one are to be made again. */
export const extractionVersion = 2;

/**
 * Extracts the entries by which a resource is found, without those the store keeps itself (`_id`,
 * `_lastUpdated`) and without composite and special parameters. Entries of one parameter are distinct. Values that
 * do not fit their type (a date that is none) have no entry; validation tells of them. Works on resources
 * with raw numbers. An unknown type has no entries.
 */
export function extractIndex(resource: Resource): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const { code, type, path } of extractorsOf(resource.resourceType)) {
    const first = entries.length;
    path(resource, (value, valueType, property) => {
      entriesOf({ param: code, kind: type, valueType, property }, value, entries);
    });
    if (entries.length - first > 1) dropRepeated(entries, first);
  }
  return entries;
}

interface Extractor {
  readonly code: string;
  readonly type: IndexedType;
  readonly path: SearchPath;
}

/** By the parameters that they were made from: others are another map. */
const extractors = new WeakMap<object, readonly Extractor[]>();

function extractorsOf(typeName: string): readonly Extractor[] {
  const parameters = searchParameters(typeName);
  let found = extractors.get(parameters);
  if (!found) {
    found = [...parameters.values()].flatMap((p) => extractorOf(typeName, p));
    extractors.set(parameters, found);
  }
  return found;
}

function extractorOf(
  typeName: string,
  { code, type, expression }: SearchParameterDefinition,
): readonly Extractor[] {
  if (expression === undefined || !isIndexedType(type)) return [];
  if (code === '_id' || code === '_lastUpdated') return [];
  return [{ code, type, path: compileSearchPath(typeName, expression) }];
}

/** Keeps the first of equal entries from `first` on. */
function dropRepeated(entries: IndexEntry[], first: number): void {
  const seen = new Set<string>();
  let kept = first;
  for (const entry of entries.slice(first)) {
    const key = JSON.stringify(Object.values(entry));
    if (!seen.has(key)) {
      seen.add(key);
      entries[kept++] = entry;
    }
  }
  entries.length = kept;
}
