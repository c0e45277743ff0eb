/**
 * Paths into FHIR resources, as out-maps write them:
 *
 * - `name.family`, `value*` (whichever `value[x]` is there), `.` (the value itself), `/subject` (from the resource of the map)
 * - `identifier[type.coding.code=FILL]`, `[use!=work]`, `[code=a,b]`, `[reference^=Device/]` (begins so), `[url]` (has one), `[!url]`, `[0]`, `[1-]` (from the second on)
 * - `subject->Patient` (the resource that a reference names, if it is one of that type), `->` (of any type)
 * - `~status`: from the resource that the value stands in
 * - `a | b`: the first that has a value
 */
import { parseReference } from '../../fhir/reference.ts';
import { isRawNumber } from '../../fhir/decimal.ts';
import type { Resource } from '../../fhir/resource.ts';

/** A value with the place where it stands. */
export interface Place {
  readonly value: unknown;
  /** `Appointment/1:participant[0].actor`. */
  readonly at: string;
  /** The resource it stands in. */
  readonly owner: Resource;
}

/** Alternatives, in their order. */
export type OutPath = readonly Alternative[];

interface Alternative {
  readonly from: 'here' | 'root' | 'owner';
  readonly steps: readonly Step[];
}

type Step =
  | { readonly kind: 'name'; readonly name: string; readonly isChoice: boolean }
  | { readonly kind: 'follow'; readonly type: string }
  | { readonly kind: 'index'; readonly from: number; readonly to: number }
  | {
      readonly kind: 'filter';
      readonly path: OutPath;
      readonly wanted: 'any' | 'none' | 'in' | 'not in' | 'begins';
      readonly values: readonly string[];
    };

/** What a walk needs besides the place it begins at. */
export interface Walk {
  readonly root: Place;
  /** The resource of a reference; undefined where there is none, or it was not read yet. */
  readonly resolve: (reference: string) => Resource | undefined;
  /** Told of each reference that led somewhere. */
  readonly onFollow?: (reference: Place) => void;
}

export function placeOf(resource: Resource): Place {
  return {
    value: resource,
    at: `${resource.resourceType}/${resource.id ?? ''}:`,
    owner: resource,
  };
}

/** Reads a path, or undefined where it is none. */
export function parseOutPath(text: string): OutPath | undefined {
  const alternatives = splitOutside(text, '|').map((part) => parseAlternative(part.trim()));
  return alternatives.some((each) => each === undefined)
    ? undefined
    : (alternatives as Alternative[]);
}

function parseAlternative(text: string): Alternative | undefined {
  if (text === '.') return { from: 'here', steps: [] };
  const from = text.startsWith('/') ? 'root' : text.startsWith('~') ? 'owner' : 'here';
  const steps: Step[] = [];
  let rest = from === 'here' ? text : text.slice(1);
  while (rest !== '') {
    const read = readStep(rest);
    if (read === undefined) return undefined;
    steps.push(read.step);
    rest = rest.slice(read.length);
    if (rest.startsWith('.')) rest = rest.slice(1);
  }
  return steps.length === 0 ? undefined : { from, steps };
}

function readStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const name = /^([A-Za-z_][A-Za-z0-9_]*)(\*?)/.exec(text);
  if (name) {
    const [all, word = '', star] = name;
    return { step: { kind: 'name', name: word, isChoice: star === '*' }, length: all.length };
  }
  const follow = /^->([A-Z][A-Za-z]*)?/.exec(text);
  if (follow) {
    return { step: { kind: 'follow', type: follow[1] ?? '' }, length: follow[0].length };
  }
  const end = text.startsWith('[') ? closing(text) : -1;
  const step = end < 0 ? undefined : readBrackets(text.slice(1, end));
  return step && { step, length: end + 1 };
}

function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '[') depth += 1;
    if (text[at] === ']') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

const signs: Readonly<Record<string, 'in' | 'not in' | 'begins'>> = {
  '=': 'in',
  '!=': 'not in',
  '^=': 'begins',
};

function readBrackets(text: string): Step | undefined {
  const index = /^(\d{1,3})(-?)$/.exec(text);
  if (index) {
    const from = Number(index[1]);
    return { kind: 'index', from, to: index[2] === '-' ? Infinity : from + 1 };
  }
  const [, left = '', sign = '', right = ''] = /^(.*?)(?:([!^]?=)(.*))?$/s.exec(text) ?? [];
  const isNone = sign === '' && left.startsWith('!');
  const path = parseOutPath(isNone ? left.slice(1) : left);
  if (path === undefined) return undefined;
  const values = right.split(',').map((value) => value.trim());
  if (sign === '') return { kind: 'filter', path, wanted: isNone ? 'none' : 'any', values: [] };
  return { kind: 'filter', path, wanted: signs[sign] ?? 'in', values };
}

/** Splits where no bracket is open. */
function splitOutside(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '[') depth += 1;
    if (text[at] === ']') depth -= 1;
    if (depth === 0 && text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

/** The values at a path, in their order; lists are walked through. */
export function valuesAt(path: OutPath, from: Place, walk: Walk): readonly Place[] {
  for (const { from: start, steps } of path) {
    let places: readonly Place[] = [startOf(start, from, walk)];
    for (const step of steps) places = take(step, places, walk);
    if (places.length > 0) return places;
  }
  return [];
}

function startOf(start: Alternative['from'], here: Place, { root }: Walk): Place {
  if (start === 'here') return here;
  return start === 'root' ? root : placeOf(here.owner);
}

function take(step: Step, places: readonly Place[], walk: Walk): readonly Place[] {
  switch (step.kind) {
    case 'name':
      return places.flatMap((place) => membersOf(place, step));
    case 'index':
      return places.slice(step.from, step.to);
    case 'follow':
      return places.flatMap((place) => followed(place, step.type, walk));
    case 'filter':
      return places.filter((place) => isWanted(step, place, walk));
  }
}

function membersOf(place: Place, step: { name: string; isChoice: boolean }): readonly Place[] {
  const { value, owner } = place;
  if (!isObject(value)) return [];
  const names = step.isChoice ? Object.keys(value).filter(choiceOf(step.name)) : [step.name];
  return names.flatMap((name) => {
    const member = value[name];
    if (member === undefined || member === null) return [];
    const at = place.at.endsWith(':') ? place.at + name : `${place.at}.${name}`;
    if (!Array.isArray(member)) return [{ value: member, at, owner }];
    return member.flatMap((item: unknown, index) =>
      item === null ? [] : [{ value: item, at: `${at}[${String(index)}]`, owner }],
    );
  });
}

function choiceOf(name: string): (key: string) => boolean {
  return (key) => key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length));
}

function followed(place: Place, type: string, walk: Walk): readonly Place[] {
  const { value, owner } = place;
  const reference = isObject(value) ? value['reference'] : undefined;
  if (typeof reference !== 'string') return [];
  const parsed = parseReference(reference);
  if (parsed?.kind === 'contained') return contained(owner, parsed.id, type);
  if (parsed?.kind !== 'relative' && parsed?.kind !== 'absolute') return [];
  if (type !== '' && parsed.type !== type) return [];
  const found = walk.resolve(`${parsed.type}/${parsed.id}`);
  if (found === undefined) return [];
  walk.onFollow?.(place);
  return [placeOf(found)];
}

function contained(owner: Resource, id: string, type: string): readonly Place[] {
  const all = Array.isArray(owner['contained']) ? (owner['contained'] as Resource[]) : [];
  const found = all.find((each) => each.id === id);
  if (found === undefined || (type !== '' && found.resourceType !== type)) return [];
  return [{ value: found, at: `${owner.resourceType}/${owner.id ?? ''}#${id}:`, owner }];
}

function isWanted(
  { path, wanted, values }: Extract<Step, { kind: 'filter' }>,
  place: Place,
  walk: Walk,
): boolean {
  const found = valuesAt(path, place, walk);
  if (wanted === 'any') return found.length > 0;
  if (wanted === 'none') return found.length === 0;
  const texts = found.map(({ value }) => textOf(value));
  if (wanted === 'begins')
    return texts.some((text) => values.some((head) => text.startsWith(head)));
  const has = texts.some((text) => values.includes(text));
  return wanted === 'in' ? has : !has;
}

/** A primitive as text, numbers to the digit; `''` for anything else. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isRawNumber(value) ? value.rawJSON : '';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}
