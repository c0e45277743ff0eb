import type { MapIssues } from '../map-issue.ts';
import { alternatives } from './alternatives.ts';
import { defined } from './defined.ts';
import { parseElementPath, type ElementStep } from './element-path.ts';
import type { At, MatchPair, Required, SlotRule, SlotSource, ValueType } from './model.ts';
import type { SourcePath } from './path-syntax.ts';
import { scalarText, TreeReader, treeJson } from './tree-reader.ts';
import type { Tree, TreeEntry, TreeMap } from './yaml-tree.ts';

/** The verbs that say where a value comes from; a slot has one of them at most (`ref` and `set` may stand beside). */
export const sourceVerbs = ['from', 'each', 'first', 'oneOf', 'const', 'call', 'clear'] as const;

export const slotKeys = [
  ...sourceVerbs,
  'ref',
  'match',
  'to',
  'initial',
  'set',
  'at',
  'as',
  'map',
  'where',
  'when',
  'required',
  'type',
  'unit',
  'system',
  'join',
  'args',
  'guide',
  'doc',
  'new',
] as const;

/**
 * Reads the slots of a `set`. A segment map is used by many message maps: what none of them changes is the same entry
 * in all, and is read once for whoever collects the faults.
 */
export function readSet(tree: TreeMap, issues: MapIssues): SlotRule[] {
  const known = slotsRead.get(issues) ?? new WeakMap<TreeEntry, SlotRule | undefined>();
  slotsRead.set(issues, known);
  return [...tree.entries].flatMap(([name, entry]) => {
    if (!known.has(entry)) known.set(entry, readSlot(name, entry, issues));
    return known.get(entry) ?? [];
  });
}

const slotsRead = new WeakMap<MapIssues, WeakMap<TreeEntry, SlotRule | undefined>>();

function readSlot(name: string, entry: TreeEntry, issues: MapIssues): SlotRule | undefined {
  const body = slotBody(entry, `The slot \`${name}\``, issues);
  if (!body) return undefined;
  const at = body.text('at');
  const text = at?.value ?? name;
  const place = at?.place ?? entry.place;
  const steps = parseElementPath(text);
  if (!steps) {
    const what = at ? '`at` must be' : 'A slot without `at` is named after';
    issues.add(place, `${what} an element path such as \`period.start\`, not \`${text}\``);
    return undefined;
  }
  return readVerbs(name, body, { entry, element: { value: steps, place } });
}

/** A text is short for `{ from: text }`. */
function slotBody(
  entry: { value: Tree; place: TreeEntry['place'] },
  what: string,
  issues: MapIssues,
): TreeReader | undefined {
  const { value, place } = entry;
  if (value.kind === 'map') return new TreeReader(value, issues);
  const text = scalarText(value);
  if (text !== undefined) {
    const from: TreeEntry = { place: value.place, value };
    return new TreeReader({ kind: 'map', place, entries: new Map([['from', from]]) }, issues);
  }
  const found = value.kind === 'list' ? 'a list' : 'empty';
  issues.add(place, `${what} must be a path or a map of verbs, not ${found}`);
  return undefined;
}

interface SlotPlace {
  readonly entry: { readonly place: TreeEntry['place'] };
  readonly element: At<readonly ElementStep[]>;
}

function readVerbs(name: string, body: TreeReader, { entry, element }: SlotPlace): SlotRule {
  const known = body.expectKeys(slotKeys, 'a slot');
  const set = body.map('set');
  const names = body.texts('ref');
  return defined<SlotRule>({
    name,
    place: entry.place,
    element,
    source: readSource(body, element, known),
    ref: names.length > 0 ? { value: names, place: body.placeOf('ref') } : undefined,
    match: readMatch(body),
    to: body.text('to'),
    initial: body.flag('initial'),
    set: set && readSet(set.tree, body.issues),
    as: body.text('as'),
    map: body.text('map'),
    where: body.condition('where'),
    when: body.condition('when'),
    required: readRequired(body),
    type: readType(body),
    unit: body.path('unit'),
    system: readSystem(body),
    join: body.text('join')?.value,
  });
}

function readSource(
  body: TreeReader,
  element: SlotPlace['element'],
  knownKeys: boolean,
): SlotSource {
  const [verb, second] = sourceVerbs.filter((one) => body.has(one));
  if (second !== undefined) {
    const both = `\`${String(verb)}\` and \`${second}\``;
    body.issues.add(body.placeOf(second), `A slot has one source, not ${both}; keep one of them`);
  }
  if (body.has('args') && verb !== 'call') {
    body.issues.add(body.placeOf('args'), '`args` belongs to `call`');
  }
  if (verb !== undefined) return readVerb(verb, body, element);
  if (knownKeys && !body.has('ref') && !body.has('set')) {
    const verbs = [...sourceVerbs, 'ref', 'set'].map((name) => `\`${name}\``).join(', ');
    body.issues.add(body.place, `The slot has no source; give one of ${verbs}`);
  }
  return { kind: 'none' };
}

function readVerb(
  verb: (typeof sourceVerbs)[number],
  body: TreeReader,
  element: SlotPlace['element'],
): SlotSource {
  switch (verb) {
    case 'from': {
      const path = body.path('from');
      return path ? { kind: 'from', path } : { kind: 'none' };
    }
    case 'each':
    case 'first':
      return { kind: verb, paths: body.paths(verb) };
    case 'oneOf':
      return { kind: 'oneOf', alternatives: readAlternatives(body, element) };
    case 'const': {
      const value = body.value('const') as Tree;
      return { kind: 'const', value: { value: treeJson(value), place: value.place } };
    }
    case 'call':
      return readCall(body, element);
    case 'clear':
      return { kind: body.flag('clear') ? 'clear' : 'none' };
  }
}

function readAlternatives(body: TreeReader, element: SlotPlace['element']): SlotRule[] {
  const list = body.value('oneOf');
  if (list?.kind !== 'list') {
    body.issues.add(body.placeOf('oneOf'), '`oneOf` must be a list of alternatives');
    return [];
  }
  return list.items.flatMap((item, index) => {
    const entry = { place: item.place, value: item };
    const alternative = slotBody(entry, 'An alternative of `oneOf`', body.issues);
    if (!alternative) return [];
    for (const key of ['at', 'required']) {
      if (alternative.has(key)) {
        const place = alternative.placeOf(key);
        body.issues.add(place, `\`${key}\` belongs to the slot, not to an alternative`);
      }
    }
    return [readVerbs(String(index + 1), alternative, { entry, element })];
  });
}

function readCall(body: TreeReader, element: SlotPlace['element']): SlotSource {
  const name = body.text('call');
  if (!name) return { kind: 'none' };
  const args = new Map<string, SlotRule>();
  for (const [key, entry] of body.map('args')?.tree.entries ?? []) {
    const arg = slotBody(entry, `The argument \`${key}\``, body.issues);
    if (arg) args.set(key, readVerbs(key, arg, { entry, element }));
  }
  return { kind: 'call', function: name, args };
}

function readRequired(body: TreeReader): Required | undefined {
  const value = body.value('required');
  if (value === undefined) return undefined;
  if (value.kind === 'scalar' && value.value === false) return undefined;
  if (value.kind === 'scalar' && value.value === true) return 'refuse';
  if (value.kind === 'scalar' && (value.value === 'warn' || value.value === 'skip')) {
    return value.value;
  }
  body.issues.add(value.place, '`required` must be one of true, warn, skip');
  return undefined;
}

/** Each key is a path of the other instance, the value the path here that must say the same. */
function readMatch(body: TreeReader): SlotRule['match'] {
  const match = body.map('match');
  if (!match) return undefined;
  if (!body.has('ref')) body.issues.add(body.placeOf('match'), '`match` needs a `ref` beside it');
  const pairs = [...match.tree.entries].flatMap(([key, { place }]): MatchPair[] => {
    const here = match.text(key);
    const theirs = alternatives({ value: key, place }, body.issues);
    return here ? [{ theirs, mine: alternatives(here, body.issues) }] : [];
  });
  return { value: pairs, place: body.placeOf('match') };
}

function readType(body: TreeReader): ValueType | undefined {
  const value = body.value('type');
  if (value === undefined) return undefined;
  if (value.kind !== 'map') {
    const text = body.text('type');
    if (!text) return undefined;
    if (/^[A-Za-z]+$/.test(text.value)) return { kind: 'fhir', type: text };
    const path = body.parsePath(text);
    return path && { kind: 'path', path };
  }
  const type = new TreeReader(value, body.issues);
  type.expectKeys(['from', 'map'], '`type`');
  const path = type.path('from');
  const table = type.text('map');
  return path && { kind: 'path', path, ...(table && { table }) };
}

function readSystem(body: TreeReader): SlotRule['system'] {
  const value = body.value('system');
  if (value === undefined) return undefined;
  if (value.kind !== 'map') {
    const constant = body.text('system');
    return constant && { constant };
  }
  const system = new TreeReader(value, body.issues);
  system.expectKeys(['from'], '`system`');
  const path: At<SourcePath> | undefined = system.path('from');
  return path && { path };
}
