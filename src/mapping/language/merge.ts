import { suggestion, type MapIssues } from '../map-issue.ts';
import { sourceVerbs } from './read-slot.ts';
import type { Tree, TreeEntry, TreeMap } from './yaml-tree.ts';

/** How `top` is laid over `base`. */
export interface MergeOptions {
  readonly issues: MapIssues;
  /** An overlay: a resource, slot or table that the base lacks must say `new: true`. */
  readonly strict: boolean;
}

/** Names in these maps are handles: they are what an overlay may miss. */
const namedIn: ReadonlyMap<string, string> = new Map([
  ['resources', 'resource'],
  ['set', 'slot'],
  ['settings', 'setting'],
  ['effects', 'effect'],
]);

/** What is replaced, never merged. */
const whole: ReadonlySet<string> = new Set(['const', 'system', 'type', 'args', 'key']);

/**
 * Key by key: maps merge, texts and lists replace, `null` removes. In a slot a new source (`from`,
 * `each`, ...) replaces the old one; a slot that is a text is taken as `{ from: text }`.
 */
export function mergeTrees(base: TreeMap, top: TreeMap, options: MergeOptions): TreeMap {
  return mergeMaps(base, top, { ...options, parent: '' });
}

/** No key can be called so. */
const slotBody = 'a slot';
const resourceBody = 'a resource';

type Walk = MergeOptions & { readonly parent: string };

function mergeMaps(base: TreeMap, top: TreeMap, walk: Walk): TreeMap {
  const entries = new Map(base.entries);
  if (walk.parent === slotBody && sourceVerbs.some((verb) => top.entries.has(verb))) {
    for (const verb of [...sourceVerbs, 'ref', 'args']) entries.delete(verb);
  }
  for (const [key, entry] of top.entries) {
    const earlier = entries.get(key);
    if (!earlier && isMissing(key, { entry, base, walk })) continue;
    if (entry.value.kind === 'scalar' && entry.value.value === null) entries.delete(key);
    else entries.set(key, mergeEntry(key, earlier, { entry, walk }));
  }
  return { kind: 'map', place: base.place, entries };
}

function mergeEntry(
  key: string,
  earlier: TreeEntry | undefined,
  { entry, walk }: { entry: TreeEntry; walk: Walk },
): TreeEntry {
  const slot = walk.parent === 'set';
  if (!earlier || (!slot && whole.has(key))) return entry;
  const below = slot ? asSlotBody(earlier.value) : earlier.value;
  const above = entry.value;
  if (below.kind !== 'map' || above.kind !== 'map') return entry;
  const parent = slot ? slotBody : walk.parent === 'resources' ? resourceBody : key;
  return { place: earlier.place, value: mergeMaps(below, above, { ...walk, parent }) };
}

function asSlotBody(value: Tree): Tree {
  if (value.kind !== 'scalar') return value;
  const { place } = value;
  return { kind: 'map', place, entries: new Map([['from', { place, value }]]) };
}

interface Missing {
  readonly entry: TreeEntry;
  readonly base: TreeMap;
  readonly walk: Walk;
}

/** Reports what an overlay names and the base lacks; such an entry is left out. */
function isMissing(key: string, { entry, base, walk }: Missing): boolean {
  const what = namedIn.get(walk.parent);
  if (!walk.strict || what === undefined || declaresNew(entry.value)) return false;
  const hint = suggestion(key, base.entries.keys()) || '; add `new: true` if it is meant as new';
  walk.issues.add(entry.place, `The base has no ${what} \`${key}\`${hint}`);
  return true;
}

function declaresNew(value: Tree): boolean {
  const flag = value.kind === 'map' ? value.entries.get('new')?.value : undefined;
  return flag?.kind === 'scalar' && flag.value === true;
}
