/** A CodeSystem resource made ready for look-ups: http://hl7.org/fhir/R4/codesystem.html. */
import { fold } from './fold.ts';
import type { Resource } from './resource.ts';

export interface Concept {
  readonly code: string;
  readonly display?: string;
  readonly definition?: string;
  readonly designation: readonly Designation[];
  readonly property: readonly ConceptProperty[];
  /** Retired or deprecated. */
  readonly inactive: boolean;
  /** A heading that is not to be used as a code. */
  readonly abstract: boolean;
  readonly parents: readonly string[];
  readonly children: readonly string[];
}

export interface Designation {
  readonly language?: string;
  readonly use?: unknown;
  readonly value: string;
}

/** `value` with its JSON name: `valueCode`. */
export interface ConceptProperty {
  readonly code: string;
  readonly name: string;
  readonly value: unknown;
}

export interface CodeSystem {
  readonly url: string;
  readonly version?: string;
  readonly name?: string;
  readonly title?: string;
  /** `complete`, or a `fragment` that has some of them; `grammar`: they cannot be listed (grammar-system.ts). */
  readonly content: string;
  readonly caseSensitive: boolean;
  /** The property codes that it declares or uses. */
  readonly properties: ReadonlySet<string>;
  /** In the order of the resource. */
  readonly concepts: ReadonlyMap<string, Concept>;
  /** The concept of a code, with case as the system wants it. */
  find(code: string): Concept | undefined;
}

type Members = Readonly<Record<string, unknown>>;
type Draft = { -readonly [K in keyof Concept]: Concept[K] } & {
  parents: string[];
  children: string[];
};

const made = new WeakMap<Resource, CodeSystem>();

/** The same object for the same resource. Members of a wrong shape are passed over. */
export function codeSystemOf(resource: Resource): CodeSystem {
  let system = made.get(resource);
  if (!system) {
    system = build(resource);
    made.set(resource, system);
  }
  return system;
}

function build(resource: Resource): CodeSystem {
  const concepts = new Map<string, Draft>();
  const properties = new Set(
    listOf(resource['property']).flatMap(({ code }) => (typeof code === 'string' ? [code] : [])),
  );
  addConcepts(listOf(resource['concept']), undefined, concepts);
  for (const concept of concepts.values()) {
    for (const { code } of concept.property) properties.add(code);
    linkByProperty(concept, concepts);
  }
  const caseSensitive = resource['caseSensitive'] !== false;
  const folded = caseSensitive
    ? undefined
    : new Map([...concepts.values()].map((concept) => [fold(concept.code), concept]));
  return {
    url: textOf(resource['url']) ?? '',
    ...given('version', textOf(resource['version'])),
    ...given('name', textOf(resource['name'])),
    ...given('title', textOf(resource['title'])),
    content: textOf(resource['content']) ?? 'complete',
    caseSensitive,
    properties,
    concepts,
    find: (code) => concepts.get(code) ?? folded?.get(fold(code)),
  };
}

function addConcepts(
  sources: readonly Members[],
  parent: Draft | undefined,
  concepts: Map<string, Draft>,
): void {
  for (const source of sources) {
    const code = textOf(source['code']);
    if (code === undefined) continue;
    let concept = concepts.get(code);
    if (!concept) {
      concept = conceptOf(code, source);
      concepts.set(code, concept);
    }
    if (parent && parent !== concept) link(parent, concept);
    addConcepts(listOf(source['concept']), concept, concepts);
  }
}

function conceptOf(code: string, source: Members): Draft {
  const property = listOf(source['property']).flatMap(propertyOf);
  const valueOf = (name: string): unknown => property.find((each) => each.code === name)?.value;
  return {
    code,
    ...given('display', textOf(source['display'])),
    ...given('definition', textOf(source['definition'])),
    designation: designationsOf(source),
    property,
    inactive:
      valueOf('inactive') === true || inactiveStatus.has(String(valueOf('status')).toLowerCase()),
    abstract: valueOf('notSelectable') === true || valueOf('abstract') === true,
    parents: [],
    children: [],
  };
}

const inactiveStatus: ReadonlySet<string> = new Set(['retired', 'deprecated', 'inactive']);

function propertyOf(source: Members): readonly ConceptProperty[] {
  const code = textOf(source['code']);
  const name = Object.keys(source).find((key) => key.startsWith('value'));
  return code === undefined || name === undefined ? [] : [{ code, name, value: source[name] }];
}

/** The designations of a concept that have a value. */
export function designationsOf(source: Members | undefined): readonly Designation[] {
  return listOf(source?.['designation']).filter(isDesignation);
}

function isDesignation(source: Members): source is Members & Designation {
  return typeof source['value'] === 'string';
}

/** Hierarchy as properties (http://hl7.org/fhir/R4/codesystem.html#defined-props): `parent`, `child`, `subsumedBy`. */
function linkByProperty(concept: Draft, concepts: ReadonlyMap<string, Draft>): void {
  for (const { code, value } of concept.property) {
    const other = typeof value === 'string' ? concepts.get(value) : undefined;
    if (!other || other === concept) continue;
    if (code === 'parent' || code === 'subsumedBy') link(other, concept);
    if (code === 'child') link(concept, other);
  }
}

function link(parent: Draft, child: Draft): void {
  if (child.parents.includes(parent.code)) return;
  child.parents.push(parent.code);
  parent.children.push(child.code);
}

/** Whether `ancestor` stands above `code`; a circle in the hierarchy ends the walk. */
export function isBelow(system: CodeSystem, code: string, ancestor: string): boolean {
  return reach(system, code, 'parents').has(ancestor);
}

/** All above or below a code, without itself. */
export function reach(
  { concepts }: CodeSystem,
  code: string,
  way: 'parents' | 'children',
): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(concepts.get(code)?.[way] ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === code || found.has(next)) continue;
    found.add(next);
    open.push(...(concepts.get(next)?.[way] ?? []));
  }
  return found;
}

function given<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}

/** The objects of an array; nothing where it is none. */
export function listOf(value: unknown): readonly Members[] {
  return Array.isArray(value)
    ? (value as readonly unknown[]).filter(
        (item): item is Members => typeof item === 'object' && item !== null,
      )
    : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
