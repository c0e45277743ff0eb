/** The index entries of a resource: every search parameter of its type, evaluated once per write. */
import { searchParameters, type SearchParameterDefinition } from './definitions.ts';
import type { Resource } from './resource.ts';
import type { IndexEntry } from './search-ast.ts';
import { compositeExtractor } from './search-composite.ts';
import { compileSearchPath } from './search-path.ts';
import { textEntries } from './search-text.ts';
import { containedParam, currentItemParam, entriesOf, positionEntry } from './search-values.ts';

/** Counts the changes to what is extracted: entries stored under another one are to be made again. */
export const extractionVersion = 3;

/**
 * Extracts the entries by which a resource is found, without those the store keeps itself (`_id`,
 * `_lastUpdated`). Entries of one parameter are distinct, and a composite has at most limits.compositeEntriesMax.
 * Values that do not fit their type (a date that is none) have no entry; validation tells of them. Works on
 * resources with raw numbers. An unknown type has no entries.
 */
export function extractIndex(resource: Resource): readonly IndexEntry[] {
  const entries: IndexEntry[] = [];
  for (const extract of extractorsOf(resource.resourceType)) {
    const first = entries.length;
    extract(resource, entries);
    if (entries.length - first > 1) dropRepeated(entries, first);
  }
  return entries;
}

/** Why a parameter has no entries; undefined if it has. */
export function notIndexed({
  code,
  type,
  expression,
}: SearchParameterDefinition): string | undefined {
  if (code === '_id' || code === '_lastUpdated') return 'the store knows it of itself';
  if (code === textParam) return undefined;
  if (expression === undefined) return 'it asks for no element';
  if (type === 'special' && code !== 'near') return 'its meaning is not in the definitions';
  return undefined;
}

/** Its entries are the words of the narrative; it has no expression. */
const textParam = '_text';

/** Appends the entries of one parameter. */
type Extractor = (resource: Resource, entries: IndexEntry[]) => void;

/** By the parameters that they were made from: others are another map. */
const extractors = new WeakMap<object, readonly Extractor[]>();

function extractorsOf(typeName: string): readonly Extractor[] {
  const parameters = searchParameters(typeName);
  let found = extractors.get(parameters);
  if (!found) {
    const own = [...parameters.values()].flatMap((p) => extractorOf(typeName, p));
    const ofLists = typeName === 'List' ? [extractCurrentItems] : [];
    found = [...own, ...ofLists, extractContainedTypes].map(forgiving);
    extractors.set(parameters, found);
  }
  return found;
}

function extractorOf(
  typeName: string,
  definition: SearchParameterDefinition,
): readonly Extractor[] {
  if (notIndexed(definition) !== undefined) return [];
  const { code, type, expression = '' } = definition;
  if (code === textParam) {
    return [(resource, entries) => void entries.push(...textEntries(code, resource['text']))];
  }
  if (type === 'composite') return [compositeExtractor(typeName, definition)];
  const path = compileSearchPath(typeName, expression);
  if (type === 'special') {
    return [
      (resource, entries) => {
        path(resource, (value) => {
          const entry = positionEntry(code, value);
          if (entry) entries.push(entry);
        });
      },
    ];
  }
  return [
    (resource, entries) => {
      path(resource, (value, valueType, property) => {
        entriesOf({ param: code, kind: type, valueType, property }, value, entries);
      });
    },
  ];
}

/** Entries of a List that are not marked as deleted. */
function extractCurrentItems(resource: Resource, entries: IndexEntry[]): void {
  const place = { param: currentItemParam, kind: 'reference', valueType: 'Reference' } as const;
  for (const entry of (resource['entry'] ?? []) as readonly Record<string, unknown>[]) {
    if (entry['deleted'] === true) continue;
    entriesOf({ ...place, property: undefined }, entry['item'], entries);
  }
}

function extractContainedTypes(resource: Resource, entries: IndexEntry[]): void {
  for (const { resourceType } of (resource['contained'] ?? []) as readonly Resource[]) {
    entries.push({ kind: 'token', param: containedParam, system: null, code: resourceType });
  }
}

/**
 * An expression may fail on some resource (a site's own; one whose value has a member `valueOf`): there it
 * finds nothing, and the write goes on.
 */
function forgiving(extract: Extractor): Extractor {
  return (resource, entries) => {
    const before = entries.length;
    try {
      extract(resource, entries);
    } catch {
      entries.length = before;
    }
  };
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
