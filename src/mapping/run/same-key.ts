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
  const draft = structuredCloneOf(earlier.body);
  const joined = sameKey === 'lines' ? joinLines(draft, later.body) : later.body;
  if (choicesDiffer(draft, joined) || valueMeetsParts(draft, joined)) return false;
  if (!mergeInto(draft, joined)) return false;
  // References live in the objects of the earlier body, so what is new is added to these.
  addNew(earlier.body, joined);
  if (sameKey === 'lines') adoptText(earlier.body, draft);
  return true;
}

const lineKeys = ['valueString', 'text'] as const;

/** Joins the text of the later one to that of the draft; the rest must not contradict. */
function joinLines(draft: MutableObject, later: MutableObject): MutableObject {
  for (const key of lineKeys) {
    const above = draft[key];
    const { [key]: below, ...rest } = later;
    if (typeof above !== 'string' || typeof below !== 'string') continue;
    draft[key] = `${above}\n${below}`;
    return rest;
  }
  return later;
}

function adoptText(body: MutableObject, draft: MutableObject): void {
  for (const key of lineKeys) if (typeof draft[key] === 'string') body[key] = draft[key];
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

/** Whether everything of `from` fits into `into`, which is changed on the way. */
function mergeInto(into: MutableObject, from: MutableObject): boolean {
  for (const [key, value] of Object.entries(from)) {
    const own = into[key];
    if (own === undefined) into[key] = value;
    else if (isObject(own) && isObject(value)) {
      if (!mergeInto(own, value)) return false;
    } else if (!(Array.isArray(own) && Array.isArray(value)) && !isDeepStrictEqual(own, value)) {
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
      const fresh = value.filter((one) => !own.some((other) => isDeepStrictEqual(one, other)));
      into[key] = [...own, ...fresh];
    }
  }
}

/** Objects and arrays only; numbers with their own text stay as they are. */
function structuredCloneOf(body: MutableObject): MutableObject {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      isObject(value) && Object.getPrototypeOf(value) === Object.prototype
        ? structuredCloneOf(value)
        : value,
    ]),
  );
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
