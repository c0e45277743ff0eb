import { pathText } from '../../fhir/element-path.ts';
import type { MutableObject, Target } from '../run/compiled.ts';
import type { Json } from '../../fhir/resource.ts';
import {
  capitalized,
  elementType,
  isType,
  typeDefinition,
  type ElementDefinition,
} from '../../fhir/definitions.ts';
import type { ElementStep } from '../language/element-path.ts';
import type { At } from '../language/model.ts';
import { suggestion, type MapPlace } from '../map-issue.ts';
import type { Compiler, Concept } from './compiler.ts';

/** Where a slot's value goes: the way from the object that is filled, and the element at its end. */
export interface ElementPlace {
  readonly containers: readonly ContainerStep[];
  readonly leaf: LeafStep;
  /** Of `coding` and `code`: the CodeableConcept or Coding that they are part of. */
  readonly concept?: Concept;
  /** As written: `period.start`. */
  readonly text: string;
}

interface ContainerStep {
  /** With `_` before it below a primitive. */
  readonly name: string;
  readonly array: boolean;
  readonly url?: string;
}

interface LeafStep {
  readonly name: string;
  readonly choice: boolean;
  readonly array: boolean;
  readonly url?: string;
  readonly types: readonly string[];
  /** Of a choice, the name by type: `valueQuantity`. Made once, as a text put together anew is slow to find in an object. */
  readonly choices: ReadonlyMap<string, string>;
  readonly definition: ElementDefinition;
  /** Path of the element's own children: `Patient.contact`, or its type. */
  readonly base: string | undefined;
}

/** Finds a FHIR element below a type (`Patient`) or group (`Patient.contact`); reports what does not exist. */
export function resolveElement(
  element: At<readonly ElementStep[]>,
  base: string,
  compiler: Compiler,
): ElementPlace | undefined {
  const places = resolved.get(element) ?? new Map<string, ElementPlace>();
  const found = places.get(base) ?? findElement(element, base, compiler);
  if (found) resolved.set(element, places.set(base, found));
  return found;
}

/** A slot that many maps use is the same in all of them (see readSet). */
const resolved = new WeakMap<At<readonly ElementStep[]>, Map<string, ElementPlace>>();

function findElement(
  { value: steps, place }: At<readonly ElementStep[]>,
  base: string,
  compiler: Compiler,
): ElementPlace | undefined {
  const text = steps.map(stepText).join('.');
  const containers: ContainerStep[] = [];
  const passed: LeafStep[] = [];
  let below: string | undefined = base;
  for (const [index, step] of steps.entries()) {
    const found = findStep(step, below, { compiler, place, text });
    if (!found) return undefined;
    if (index === steps.length - 1) {
      return { containers, leaf: found, text, ...conceptAround(passed, found) };
    }
    passed.push(found);
    const primitive = isPrimitive(found.types[0] ?? '');
    if (found.choice || (found.types.length > 1 && !primitive)) {
      const example = `\`${step.name}${capitalized(found.types[0] ?? '')}\``;
      compiler.issues.add(
        place,
        `\`${stepText(step)}\` has several types; name one, such as ${example}`,
      );
      return undefined;
    }
    containers.push({
      name: primitive ? `_${found.name}` : found.name,
      array: found.array,
      ...(found.url !== undefined && { url: found.url }),
    });
    below = primitive ? 'Element' : found.base;
  }
  return undefined;
}

/** The concept among the elements passed of which the last is a code or coding. */
function conceptAround(passed: readonly LeafStep[], leaf: LeafStep): { concept?: Concept } {
  const at = passed.findIndex(isConcept);
  const concept = passed[at];
  const isPart = concept && [...passed.slice(at + 1), leaf].every(isPartOfConcept);
  return isPart === true ? { concept } : {};
}

/** The element, as a part of the concept that the `set` around it fills. */
export function withinConcept(place: ElementPlace, concept: Concept | undefined): ElementPlace {
  if (concept === undefined || place.concept) return place;
  return [...place.containers, place.leaf].every(isPartOfConcept) ? { ...place, concept } : place;
}

/** The concept that a `set` of this element fills, or part of which. */
export function conceptOf({ leaf, concept }: ElementPlace): Concept | undefined {
  return concept ?? (isConcept(leaf) ? leaf : undefined);
}

function isConcept({ types }: LeafStep): boolean {
  return types.length === 1 && (types[0] === 'CodeableConcept' || types[0] === 'Coding');
}

/** What says which code a concept is; its text and displays are free. */
function isPartOfConcept({ name }: { readonly name: string }): boolean {
  return name === 'coding' || name === 'code';
}

function stepText(step: ElementStep): string {
  return step.name + (step.choice ? '[x]' : '') + (step.url === undefined ? '' : `(${step.url})`);
}

interface StepPlace {
  readonly compiler: Compiler;
  readonly place: MapPlace;
  readonly text: string;
}

function findStep(
  step: ElementStep,
  base: string | undefined,
  { compiler, place, text }: StepPlace,
): LeafStep | undefined {
  const name = step.name + (step.choice ? '[x]' : '');
  const definition = base === undefined ? undefined : elementAt(base, name);
  if (!definition || base === undefined) {
    const hint = base === undefined ? '' : suggestion(name, childNames(base));
    compiler.issues.add(
      place,
      `FHIR R4 has no element \`${base ?? ''}.${name}\` (\`${text}\`)${hint}`,
    );
    return undefined;
  }
  return leafStep(step, base, definition);
}

function leafStep(step: ElementStep, base: string, definition: ElementDefinition): LeafStep {
  const { types, max } = definition;
  const name = step.name + (step.choice ? '[x]' : '');
  const [type = ''] = types;
  const single = types.length === 1;
  const group = single && (type === 'BackboneElement' || type === 'Element');
  const choice = step.choice || (!single && isChoice(base, name));
  return {
    name: step.name,
    choice,
    choices: new Map(choice ? types.map((one) => [one, step.name + capitalized(one)]) : []),
    array: max > 1,
    ...(step.url !== undefined && { url: step.url }),
    types,
    definition,
    base: group ? `${base}.${name}` : single ? type : undefined,
  };
}

/** Below `Element` there are id and extension only. Maps fill the same elements again and again. */
function elementAt(base: string, name: string): ElementDefinition | undefined {
  const path = `${base}.${name}`;
  const known = elements.get(path);
  if (known) return known;
  const found = elementType(path);
  if (found) elements.set(path, found);
  return found;
}

const elements = new Map<string, ElementDefinition>();

function isChoice(base: string, name: string): boolean {
  const [typeName = '', ...path] = base.split('.');
  return typeDefinition(typeName)?.elements.has([...path, `${name}[x]`].join('.')) ?? false;
}

function childNames(base: string): string[] {
  const [typeName = '', ...path] = base.split('.');
  const prefix = path.length === 0 ? '' : `${path.join('.')}.`;
  return [...(typeDefinition(typeName)?.elements.keys() ?? [])]
    .filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
    .map((key) => key.slice(prefix.length));
}

/** Whether a FHIR type is a primitive: a JSON text, number or boolean. */
export function isPrimitive(type: string): boolean {
  return isType(type) && typeDefinition(type)?.kind === 'primitive';
}

/** Paths that a value of one of these types takes, for `clears`. Of what an extension holds: that extension. */
export function elementNames(place: ElementPlace, types: readonly string[]): string[] {
  const { leaf, containers } = place;
  const steps = [...containers, leaf];
  const extension = steps.findLastIndex(({ url }) => url !== undefined);
  if (extension >= 0) return [pathText(steps.slice(0, extension + 1))];
  const before = containers.map(({ name }) => `${name}.`).join('');
  if (!leaf.choice) return [before + leaf.name];
  return types.map((type) => before + leaf.name + capitalized(type));
}

/** The path of the next value placed, for the trace: `name[1]`, `valueQuantity`. */
export function nextPath(place: ElementPlace, target: Target, type?: string): string {
  const { leaf, containers } = place;
  let path = target.path;
  let node: MutableObject | undefined = target.object;
  for (const step of containers) {
    path += `.${step.name}`;
    const next: unknown = node?.[step.name];
    node = (Array.isArray(next) ? next[0] : next) as MutableObject | undefined;
  }
  const name = leafName(leaf, type);
  if (!leaf.array) return `${path}.${name}`;
  const existing: unknown = node?.[name];
  return `${path}.${name}[${String(Array.isArray(existing) ? existing.length : 0)}]`;
}

/** Whether the element is single and has a value already: then a later slot is passed over. */
export function isFilled(place: ElementPlace, target: Target): boolean {
  const { leaf, containers } = place;
  if (leaf.array) return false;
  let node: MutableObject | undefined = target.object;
  for (const step of containers) {
    const next: unknown = node?.[step.name];
    if (Array.isArray(next)) {
      node = (step.url === undefined ? next[0] : next.find((one) => hasUrl(one, step.url))) as
        MutableObject | undefined;
    } else node = next as MutableObject | undefined;
    if (!node) return false;
  }
  if (!leaf.choice) return node[leaf.name] !== undefined;
  for (const name of leaf.choices.values()) if (node[name] !== undefined) return true;
  return false;
}

/** What the element is called where its value has this type. */
function leafName(leaf: LeafStep, type: string | undefined): string {
  if (!leaf.choice || type === undefined) return leaf.name;
  return leaf.choices.get(type) ?? leaf.name + capitalized(type);
}

/** Puts a value into its element; returns the object and key that hold it (the array, where it repeats). */
export function placeValue(
  place: ElementPlace,
  target: Target,
  { type, value }: { type: string; value: Json | MutableObject },
): { container: MutableObject; key: string } {
  const { leaf } = place;
  let node = target.object;
  for (const step of place.containers) node = enter(node, step);
  const key = leafName(leaf, type);
  const whole = leaf.url === undefined ? value : { url: leaf.url, ...(value as MutableObject) };
  if (leaf.array) {
    const list = node[key] as (Json | MutableObject)[] | undefined;
    if (list === undefined) node[key] = [whole];
    else list.push(whole);
  } else {
    const existing = node[key];
    node[key] = isObject(existing) && isObject(whole) ? { ...whole, ...existing } : whole;
  }
  return { container: node, key };
}

function enter(node: MutableObject, step: ContainerStep): MutableObject {
  if (!step.array) return (node[step.name] ??= {}) as MutableObject;
  const list = node[step.name] as MutableObject[] | undefined;
  const found = step.url === undefined ? list?.[0] : list?.find((one) => hasUrl(one, step.url));
  if (found) return found;
  const made: MutableObject = step.url === undefined ? {} : { url: step.url };
  if (list === undefined) node[step.name] = [made];
  else list.push(made);
  return made;
}

function hasUrl(one: unknown, url: string | undefined): boolean {
  return isObject(one) && one['url'] === url;
}

export function isObject(value: unknown): value is MutableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
