import type { Instance, MutableObject } from './compiled.ts';
import { isDeepStrictEqual } from 'node:util';
import { typeDefinition } from '../../fhir/definitions.ts';
import { isObject } from '../compile/element.ts';
import { fullUrlOf } from '../identity.ts';
import type { Run } from './run.ts';

/**
 * One resource for one identity: instances that do not contradict each other become one (a doctor named in
 * five fields); what does contradict keeps apart under a numbered key, so that nothing is overwritten.
 */
export function uniteSameKeys(run: Run, instances: readonly Instance[]): void {
  for (const { holder, to } of run.links) holder['reference'] = to.fullUrl;
  const first = new Map<string, Instance>();
  const counts = new Map<string, number>();
  for (const instance of instances) {
    if (instance.state !== 'built' || instance.identity.kind === 'none') continue;
    if (instance.rule.write === 'never') continue;
    const earlier = first.get(instance.fullUrl);
    if (!earlier) first.set(instance.fullUrl, instance);
    else if (isWithdrawn(instance) && !isWithdrawn(earlier)) instance.mergedInto = earlier;
    else if (isWithdrawn(earlier) && !isWithdrawn(instance)) {
      earlier.mergedInto = instance;
      first.set(instance.fullUrl, instance);
    } else if (unite(earlier, instance)) instance.mergedInto = earlier;
    else number(run, instance, { taken: first, counts });
  }
}

/** Taken back and said anew in one message (OBX-11 W, then C): what is said anew counts. */
function isWithdrawn({ body }: Instance): boolean {
  return body['status'] === 'entered-in-error';
}

function unite(earlier: Instance, later: Instance): boolean {
  const { sameKey } = later.rule;
  if (sameKey === 'number') return false;
  const { body } = earlier;
  const lines = sameKey === 'lines' ? linesOf(body, later.body) : undefined;
  const joined = lines?.rest ?? later.body;
  if (choicesDiffer(body, joined) || valueMeetsParts(body, joined)) return false;
  if (!fits(body, joined)) return false;
  // References live in the objects of the earlier body, so what is new is added to these.
  addNew(body, joined);
  if (lines) body[lines.key] = lines.text;
  return true;
}

const lineKeys = ['valueString', 'text'] as const;

interface Lines {
  readonly key: (typeof lineKeys)[number];
  /** Of both, joined. */
  readonly text: string;
  /** Of the later one, which must not contradict. */
  readonly rest: MutableObject;
}

function linesOf(earlier: MutableObject, later: MutableObject): Lines | undefined {
  for (const key of lineKeys) {
    const above = earlier[key];
    const { [key]: below, ...rest } = later;
    if (typeof above !== 'string' || typeof below !== 'string') continue;
    return { key, text: `${above}\n${below}`, rest };
  }
  return undefined;
}

/** Whether both have the same `value[x]`, each as another type. */
function choicesDiffer(into: MutableObject, from: MutableObject): boolean {
  return choicesOf(into['resourceType'] as string).some((name) => {
    const own = chosen(into, name);
    const other = own === undefined ? undefined : chosen(from, name);
    return other !== undefined && own !== other;
  });
}

const choices = new Map<string, readonly string[]>();

/** `value` for each `value[x]` of a resource type. */
function choicesOf(type: string): readonly string[] {
  let names = choices.get(type);
  if (names === undefined) {
    names = [...(typeDefinition(type)?.elements.keys() ?? [])]
      .filter((name) => name.endsWith('[x]') && !name.includes('.'))
      .map((name) => name.slice(0, -3));
    choices.set(type, names);
  }
  return names;
}

/** A value of the whole contradicts parts of the same code, be they of repetitions (obs-7). */
function valueMeetsParts(a: MutableObject, b: MutableObject): boolean {
  const hasValue = (body: MutableObject): boolean => chosen(body, 'value') !== undefined;
  return ('component' in b && hasValue(a)) || ('component' in a && hasValue(b));
}

/** `valueQuantity` for `value`. */
function chosen(body: MutableObject, base: string): string | undefined {
  for (const key in body) {
    const code = key.charCodeAt(base.length);
    if (code >= 65 && code <= 90 && key.startsWith(base)) return key;
  }
  return undefined;
}

/** Whether nothing of `from` contradicts what `into` says. */
function fits(into: MutableObject, from: MutableObject): boolean {
  for (const key of Object.keys(from)) {
    const own = into[key];
    const value = from[key];
    if (own === undefined) continue;
    if (isObject(own) && isObject(value)) {
      if (!fits(own, value)) return false;
    } else if (!(Array.isArray(own) && Array.isArray(value)) && !isSame(own, value)) {
      return false;
    }
  }
  return true;
}

function addNew(into: MutableObject, from: MutableObject): void {
  for (const [key, value] of Object.entries(from)) {
    const own = into[key];
    if (own === undefined) into[key] = value;
    else if (isObject(own) && isObject(value)) addNew(own, value);
    else if (Array.isArray(own) && Array.isArray(value)) {
      const fresh = newOf(value, own);
      if (fresh.length > 0) into[key] = [...own, ...fresh];
    }
  }
}

/** Comparisons of two items, up to which they are cheaper than to write both lists as texts. */
const comparisonsMax = 400;

/** The items that a list does not have. */
function newOf<T>(items: readonly T[], list: readonly T[]): readonly T[] {
  if (items.length * list.length <= comparisonsMax) {
    return items.filter((one) => !list.some((other) => isSame(one, other)));
  }
  const texts = new Set(list.map(sortedText));
  return items.filter((one) => !texts.has(sortedText(one)));
}

/** Equal where {@link isSame} says so. */
function sortedText(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    isPlain(one) ? Object.fromEntries(Object.entries(one).sort(byName)) : one,
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** JSON is compared here, at a fraction of the price; numbers with their own text by Node. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
  }
  if (!isPlain(a) || !isPlain(b)) return isDeepStrictEqual(a, b);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
  );
}

function isPlain(value: unknown): value is MutableObject {
  return isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function number(
  run: Run,
  instance: Instance,
  { taken, counts }: { taken: Map<string, Instance>; counts: Map<string, number> },
): void {
  const { identity, rule, fullUrl: shared } = instance;
  if (identity.kind !== 'key') return;
  for (let count = (counts.get(shared) ?? 1) + 1; ; count += 1) {
    const numbered = { ...identity, key: `${identity.key}#${String(count)}` };
    const fullUrl = fullUrlOf(rule.type, numbered, '');
    if (taken.has(fullUrl)) continue;
    instance.identity = numbered;
    instance.fullUrl = fullUrl;
    taken.set(fullUrl, instance);
    counts.set(shared, count);
    break;
  }
  const diagnostics = `Two ${rule.type} of the message have the same key but contradict; the later one was numbered`;
  run.issue('information', 'duplicate-identity', { diagnostics, location: rule.key?.source });
}
