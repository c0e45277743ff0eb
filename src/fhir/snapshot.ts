/**
 * Profiles (http://hl7.org/fhir/R4/profiling.html): a StructureDefinition and those it derives from, down to a type of R4,
 * as one tree of what they add to that type. It is the snapshot without what the type says itself, which the validation of
 * base R4 sees to; so it is made from differentials, and from a snapshot where a profile has nothing else.
 */
import { listOf, textOf } from './code-system.ts';
import { isType, typeDefinition } from './definitions.ts';
import { splitCanonical } from './reference.ts';
import type { Resource } from './resource.ts';

export interface Profile {
  readonly url: string;
  /** The type that it constrains. */
  readonly type: string;
  readonly root: ProfileElement;
}

/** What is asked of one element, or of one slice of it. */
export interface ProfileElement {
  /** As in a path: `component`, `value[x]`; the JSON name where a choice is named by one type: `valueQuantity`. */
  readonly name: string;
  readonly sliceName?: string;
  min?: number;
  max?: number;
  maxLength?: number;
  types?: readonly ProfileType[];
  fixed?: unknown;
  pattern?: unknown;
  binding?: { readonly strength: string; readonly valueSet: string };
  slicing?: Slicing;
  readonly rules: Map<string, ProfileRule>;
  readonly children: Map<string, ProfileElement>;
  readonly slices: Map<string, ProfileElement>;
}

export interface ProfileType {
  readonly code: string;
  readonly profiles: readonly string[];
  readonly targets: readonly string[];
}

export interface ProfileRule {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

export interface Slicing {
  readonly discriminators: readonly { readonly type: string; readonly path: string }[];
  readonly rules: string;
  readonly ordered: boolean;
}

type Members = Readonly<Record<string, unknown>>;

/** Finds a StructureDefinition by its canonical. */
export type DefinitionByUrl = (canonical: string) => Resource | undefined;

/**
 * The profile as a tree; a text where it cannot be made: a profile that it derives from is not known, or it derives
 * from itself.
 */
export function compileProfile(definition: Resource, byUrl: DefinitionByUrl): Profile | string {
  const chain: Resource[] = [];
  let lowest: readonly Members[] | undefined;
  let next: Resource | undefined = definition;
  while (next) {
    if (chain.includes(next)) return `The profile ${urlOf(next)} derives from itself`;
    chain.unshift(next);
    const base = baseUrl(next);
    if (base === undefined || isOwnType(base) || standsAlone(next)) break;
    next = byUrl(base);
    if (!next && !hasSnapshot(chain[0])) return `The profile ${base} is not known`;
    // Its snapshot holds what the unknown one asks for.
    if (!next) lowest = partOf(chain[0], 'snapshot');
  }
  const type = textOf(definition['type']) ?? '';
  if (!isType(type)) return `The profile ${urlOf(definition)} is for no type of FHIR R4`;
  const root = elementNamed(type);
  for (const [at, each] of chain.entries()) {
    applyAll(root, (at === 0 ? lowest : undefined) ?? elementsOf(each), type);
  }
  return { url: urlOf(definition), type, root };
}

/** The profiles that a definition names: its base, and those of types; not the targets of references. */
export function profilesNamedBy(definition: Resource): readonly string[] {
  const base = baseUrl(definition);
  const named = elementsOf(definition).flatMap((element) =>
    typesOf(element).flatMap(({ profiles }) => profiles),
  );
  return [...(base === undefined ? [] : [base]), ...named].filter((url) => !isOwnType(url));
}

/** The value sets of its bindings. */
export function valueSetsNamedBy(definition: Resource): readonly string[] {
  return elementsOf(definition).flatMap((element) => {
    const { strength, valueSet } = (element['binding'] ?? {}) as Members;
    const isChecked = strength === 'required' || strength === 'extensible';
    return isChecked && typeof valueSet === 'string' ? [valueSet] : [];
  });
}

const ownBase = 'http://hl7.org/fhir/StructureDefinition/';

/** The R4 type that a URL names; undefined where it names a profile. */
export function typeOfUrl(canonical: string): string | undefined {
  const { url } = splitCanonical(canonical);
  const name = url.startsWith(ownBase) ? url.slice(ownBase.length) : '';
  return isType(name) ? name : undefined;
}

function isOwnType(canonical: string): boolean {
  return typeOfUrl(canonical) !== undefined;
}

function urlOf(definition: Resource): string {
  return textOf(definition['url']) ?? '';
}

function baseUrl(definition: Resource): string | undefined {
  return textOf(definition['baseDefinition']);
}

function partOf(definition: Resource | undefined, name: string): readonly Members[] {
  return listOf(((definition?.[name] ?? {}) as Members)['element']);
}

function hasSnapshot(definition: Resource | undefined): boolean {
  return partOf(definition, 'snapshot').length > 0;
}

/** Whether its snapshot is all that it has, which holds what it derives from. */
function standsAlone(definition: Resource): boolean {
  return hasSnapshot(definition) && partOf(definition, 'differential').length === 0;
}

function elementsOf(definition: Resource): readonly Members[] {
  const differential = partOf(definition, 'differential');
  return differential.length > 0 ? differential : partOf(definition, 'snapshot');
}

function elementNamed(name: string, sliceName?: string): ProfileElement {
  return {
    name,
    ...(sliceName === undefined ? {} : { sliceName }),
    rules: new Map(),
    children: new Map(),
    slices: new Map(),
  };
}

function applyAll(root: ProfileElement, elements: readonly Members[], type: string): void {
  /** By path: the slice that elements below it belong to. */
  const current = new Map<string, string>();
  for (const element of elements) {
    const path = textOf(element['path']);
    if (path === undefined || path.split('.').length > 32) continue;
    const steps = stepsOf(element, path, current);
    let node = root;
    for (const [name, sliceName] of steps) node = childOf(node, name, sliceName);
    apply(node, element, type);
  }
}

type Step = readonly [name: string, sliceName: string | undefined];

/** Names and slices on the way to an element: from its `id` where that fits its path, else from what came before it. */
function stepsOf(element: Members, path: string, current: Map<string, string>): readonly Step[] {
  const [, ...names] = path.split('.');
  const [, ...parts] = (textOf(element['id']) ?? '').split('.');
  const sliceName = textOf(element['sliceName']);
  for (const known of current.keys()) {
    if (known.startsWith(`${path}.`)) current.delete(known);
  }
  if (sliceName === undefined) current.delete(path);
  else current.set(path, sliceName);
  const fits = parts.length === names.length && parts.every((part, i) => nameOf(part) === names[i]);
  if (fits && names.length > 0) {
    return parts.map((part, i) => [nameOf(part), sliceOf(part) ?? lastSlice(i, parts, sliceName)]);
  }
  let so = path.split('.')[0] ?? '';
  return names.map((name) => {
    so = `${so}.${name}`;
    return [name, current.get(so)];
  });
}

function lastSlice(at: number, parts: readonly string[], slice: string | undefined) {
  return at === parts.length - 1 ? slice : undefined;
}

function nameOf(part: string): string {
  return part.split(':')[0] ?? part;
}

function sliceOf(part: string): string | undefined {
  return part.includes(':') ? part.slice(part.indexOf(':') + 1) : undefined;
}

function childOf(
  node: ProfileElement,
  name: string,
  sliceName: string | undefined,
): ProfileElement {
  const child = node.children.get(name) ?? elementNamed(name);
  node.children.set(name, child);
  if (sliceName === undefined) return child;
  // `[x]` of a choice that is named by its type in the slice.
  const slice = child.slices.get(sliceName) ?? elementNamed(name, sliceName);
  child.slices.set(sliceName, slice);
  return slice;
}

function apply(node: ProfileElement, element: Members, type: string): void {
  const { min, max, maxLength } = element;
  if (typeof min === 'number') node.min = min;
  if (typeof max === 'string') node.max = max === '*' ? Infinity : Number(max);
  if (typeof maxLength === 'number') node.maxLength = maxLength;
  const types = typesOf(element);
  if (types.length > 0) node.types = types;
  for (const [key, value] of Object.entries(element)) {
    if (/^fixed[A-Z]/.test(key)) node.fixed = value;
    if (/^pattern[A-Z]/.test(key)) node.pattern = value;
  }
  const { strength, valueSet } = (element['binding'] ?? {}) as Members;
  if (typeof strength === 'string' && typeof valueSet === 'string') {
    node.binding = { strength, valueSet };
  }
  const slicing = element['slicing'] as Members | undefined;
  if (slicing) node.slicing = slicingOf(slicing);
  for (const rule of listOf(element['constraint'])) applyRule(node, rule, type);
}

/** Types with all their profiles; a FHIRPath type such as that of `id` says nothing. */
function typesOf(element: Members): readonly ProfileType[] {
  return listOf(element['type']).flatMap((type) => {
    const code = textOf(type['code']);
    if (code === undefined || code.startsWith('http://hl7.org/fhirpath/')) return [];
    return [{ code, profiles: urlsOf(type['profile']), targets: urlsOf(type['targetProfile']) }];
  });
}

function urlsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? (value as readonly unknown[]).filter((url) => typeof url === 'string')
    : [];
}

function slicingOf(source: Members): Slicing {
  return {
    discriminators: listOf(source['discriminator']).map(({ type, path }) => ({
      type: textOf(type) ?? '',
      path: textOf(path) ?? '',
    })),
    rules: textOf(source['rules']) ?? 'open',
    ordered: source['ordered'] === true,
  };
}

/** The constraints of R4 itself, which snapshots repeat, are checked with base R4. */
function applyRule(node: ProfileElement, source: Members, type: string): void {
  const [key, expression] = [textOf(source['key']), textOf(source['expression'])];
  if (key === undefined || expression === undefined) return;
  if (/^(?:ele|ext|dom|txt)-\d+$/.test(key) || typeDefinition(type)?.rules.has(key)) return;
  node.rules.set(key, {
    key,
    severity: source['severity'] === 'warning' ? 'warning' : 'error',
    human: textOf(source['human']) ?? '',
    expression,
  });
}
