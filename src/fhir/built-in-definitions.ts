/**
 * The terminology that comes with the program: the code systems, value sets and concept maps of FHIR R4, HL7 v2
 * and v3, without definitions of concepts, and R4's own profiles and extensions (scripts/digest-terminology.ts). Loaded
 * when one is first asked for: 2.6 MB that a start and an idle server do without. One resource becomes objects when it is wanted.
 */
import type { Resource } from './resource.ts';

export type DefinitionType = 'CodeSystem' | 'ValueSet' | 'ConceptMap' | 'StructureDefinition';

export interface BuiltInDefinitions {
  /** The resource of a canonical URL without version, always the same object; undefined where there is none. */
  find(type: DefinitionType, url: string): Resource | undefined;
  urls(type: DefinitionType): readonly string[];
}

let loading: Promise<BuiltInDefinitions> | undefined;

export function builtInDefinitions(): Promise<BuiltInDefinitions> {
  loading ??= load();
  return loading;
}

type Texts = Readonly<Record<string, string>>;

async function load(): Promise<BuiltInDefinitions> {
  const [systems, sets, maps, profiles] = await Promise.all([
    import('./definitions/code-systems.json', { with: { type: 'json' } }),
    import('./definitions/compositions.json', { with: { type: 'json' } }),
    import('./definitions/concept-maps.json', { with: { type: 'json' } }),
    import('./definitions/profiles.json', { with: { type: 'json' } }),
  ]);
  const texts: Readonly<Record<DefinitionType, Texts>> = {
    CodeSystem: systems.default,
    ValueSet: sets.default,
    ConceptMap: maps.default,
    StructureDefinition: profiles.default,
  };
  const kept = new Map<string, Resource>();
  return {
    find(type, url) {
      const key = `${type} ${url}`;
      let resource = kept.get(key);
      const text = Object.hasOwn(texts[type], url) ? texts[type][url] : undefined;
      if (!resource && text !== undefined) {
        resource = unpack(type, url, JSON.parse(text) as Readonly<Record<string, unknown>>);
        kept.set(key, resource);
      }
      return resource;
    },
    urls: (type) => Object.keys(texts[type]),
  };
}

function unpack(
  resourceType: DefinitionType,
  url: string,
  packed: Readonly<Record<string, unknown>>,
): Resource {
  const id = url.replace(/^.*\//, '').replace(/[^A-Za-z0-9\-.]/g, '-');
  const resource = { resourceType, id: id.slice(-64), url, ...packed };
  if (resourceType !== 'CodeSystem') return resource;
  const concept = (packed['concept'] ?? []) as readonly PackedConcept[];
  return { ...resource, concept: concept.map(unpackConcept) };
}

type PackedConcept = readonly [
  code: string,
  display?: string | 0,
  flags?: string,
  children?: readonly PackedConcept[],
  more?: readonly string[],
];

function unpackConcept([
  code,
  display,
  flags = '',
  children = [],
  more = [],
]: PackedConcept): object {
  const property = [
    ...(flags.includes('a') ? [{ code: 'notSelectable', valueBoolean: true }] : []),
    ...(flags.includes('i') ? [{ code: 'status', valueCode: 'retired' }] : []),
    ...more.map((child) => ({ code: 'child', valueCode: child })),
  ];
  return {
    code,
    display: display === 0 || display === undefined ? code : display,
    ...(property.length === 0 ? {} : { property }),
    ...(children.length === 0 ? {} : { concept: children.map(unpackConcept) }),
  };
}
