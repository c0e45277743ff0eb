/**
 * What FHIR R4 (4.0.1) says of its own types: a digest of the specification's StructureDefinitions,
 * SearchParameters, required value sets and compartments, made by scripts/digest-definitions.ts.
 *
 * A type is a string of JSON until it is first asked for (loading all of them takes some 3 ms and 1.3 MB;
 * a type in use takes its objects only).
 */
import compartmentText from './definitions/compartments.json' with { type: 'json' };
import parameterText from './definitions/search-parameters.json' with { type: 'json' };
import structureText from './definitions/structures.json' with { type: 'json' };
import valueSetText from './definitions/value-sets.json' with { type: 'json' };

/** One element as the specification defines it. */
export interface ElementDefinition {
  /** Type codes, such as `HumanName`; several for a choice `value[x]`; `BackboneElement` for a group. */
  readonly types: readonly string[];
  /** Path below the type of the group whose children this one has too (`Questionnaire.item.item`). */
  readonly sameAs?: string;
  readonly min: number;
  /** Infinity for `*`. */
  readonly max: number;
  /** `valueSet` is a canonical URL without version. */
  readonly binding?: { readonly strength: BindingStrength; readonly valueSet: string };
  /** What a Reference or canonical may point to; `Resource` is anything. */
  readonly targets?: readonly string[];
  /** A Quantity here has no comparator: it is a SimpleQuantity. */
  readonly simple?: boolean;
  /** Part of `_summary=true`. */
  readonly summary: boolean;
  readonly modifier: boolean;
  /** Constraints by key; see {@link TypeDefinition.rules}. */
  readonly rules: readonly string[];
}

export type BindingStrength = 'required' | 'extensible' | 'preferred' | 'example';

/** A constraint of the specification; `expression` is FHIRPath on the element it stands at. */
export interface Rule {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

export interface TypeDefinition {
  readonly name: string;
  readonly kind: 'resource' | 'complex' | 'primitive';
  readonly abstract: boolean;
  readonly base?: string;
  /** By path below the type, such as `contact.name` or `value[x]`, in the specification's order. */
  readonly elements: ReadonlyMap<string, ElementDefinition>;
  /** Keys of the constraints on the type itself. */
  readonly root: readonly string[];
  readonly rules: ReadonlyMap<string, Rule>;
}

export interface SearchParameterDefinition {
  readonly code: string;
  /** Of http://hl7.org/fhir/SearchParameter/{id}, where there is no `url`. */
  readonly id: string;
  /** Canonical URL of a parameter that is not R4's own. */
  readonly url?: string;
  readonly type:
    | 'string'
    | 'token'
    | 'date'
    | 'number'
    | 'quantity'
    | 'uri'
    | 'reference'
    | 'composite'
    | 'special';
  /** FHIRPath from the resource; absent for `_text`, `_content`, `_query`. */
  readonly expression?: string;
  readonly target?: readonly string[];
  /** Code of the part and its FHIRPath from the element that `expression` gives. */
  readonly component?: readonly (readonly [code: string, expression: string])[];
}

/** The file's form of a type. */
interface PackedType {
  readonly kind: TypeDefinition['kind'];
  readonly abstract?: boolean;
  readonly base?: string;
  readonly elements: Readonly<Record<string, PackedElement>>;
  readonly root?: readonly string[];
  readonly rules?: Readonly<Record<string, readonly [Rule['severity'], string, string]>>;
}

interface PackedElement {
  readonly types?: readonly string[];
  /** Content is as at this path (contentReference). */
  readonly as?: string;
  readonly targets?: readonly string[];
  readonly simple?: boolean;
  readonly min?: number;
  readonly max?: string;
  readonly binding?: readonly [BindingStrength, string];
  readonly summary?: boolean;
  readonly modifier?: boolean;
  readonly rules?: readonly string[];
}

const types = lazy(structureText, unpackType);
const parameters = lazy(
  parameterText,
  (text) => JSON.parse(text) as readonly SearchParameterDefinition[],
);
const parametersByCode = new Map<string, ReadonlyMap<string, SearchParameterDefinition>>();
let addedParameters: ReadonlyMap<string, readonly SearchParameterDefinition[]> = new Map();
const valueSets = lazy(valueSetText, unpackValueSet);
const compartments = lazy(
  compartmentText,
  (text) => JSON.parse(text) as Readonly<Record<string, readonly string[]>>,
);

let typeNames: ReadonlySet<string> | undefined;

/** The names of all concrete resource types of R4, sorted. */
export function resourceTypes(): readonly string[] {
  return [...concreteTypes()];
}

/** Whether the name is a concrete resource type of R4; `Resource` and `DomainResource` are not. */
export function isResourceType(name: string): boolean {
  return concreteTypes().has(name);
}

/** The definition of a resource or data type; undefined if R4 has no such type. */
export function typeDefinition(name: string): TypeDefinition | undefined {
  return types(name);
}

/** The names of all complex data types, such as `HumanName`. */
export function dataTypes(): readonly string[] {
  return Object.entries(structureText)
    .filter(([, text]) => text.startsWith('{"kind":"complex"'))
    .map(([name]) => name);
}

/** Whether R4 has a data or resource type of this name. */
export function isType(name: string): boolean {
  return Object.hasOwn(structureText, name);
}

/**
 * The element at a path from a type: `Patient.name.given`, `HumanName.given`. A choice answers to
 * `Observation.value[x]` and `Observation.value` with all its types, to `Observation.valueQuantity` with the
 * one. Undefined if the specification has no such element. Nothing is known below `Resource` (contained,
 * Bundle.entry.resource) and extensions are addressed as the elements they are.
 */
export function elementType(path: string): ElementDefinition | undefined {
  const [typeName = '', ...names] = path.split('.');
  let type = types(typeName);
  let below = '';
  let found: ElementDefinition | undefined;
  for (const name of names) {
    if (!type) return undefined;
    const step = childElement(type, below, name);
    if (!step) return undefined;
    found = step.element;
    [type, below] = stepInto(type, step);
  }
  return found;
}

/** An element as found below a place in a type. */
export interface ElementStep {
  readonly element: ElementDefinition;
  /** Path of the definition in its type; children of a group are below it. */
  readonly path: string;
}

/**
 * The element `name` (as in JSON or FHIRPath: `valueQuantity`, `value`, `value[x]`) below the path `below` of a
 * type; `''` is the type itself.
 */
function childElement(type: TypeDefinition, below: string, name: string): ElementStep | undefined {
  const path = below === '' ? name : `${below}.${name}`;
  const plain = type.elements.get(path);
  if (plain) return { element: plain, path: plain.sameAs ?? path };
  const choice = type.elements.get(`${path}[x]`);
  if (choice) return { element: choice, path: `${path}[x]` };
  return typedChoice(type, path);
}

/** Where the children of a found element are defined: its own type, or the same type for a group. */
export function stepInto(
  type: TypeDefinition,
  step: ElementStep,
): readonly [type: TypeDefinition | undefined, below: string] {
  const [first = ''] = step.element.types;
  if (first === 'BackboneElement' || first === 'Element') return [type, step.path];
  return step.element.types.length === 1 ? [types(first), ''] : [undefined, ''];
}

/**
 * Search parameters of a resource type, with those of Resource and DomainResource and with those that were added
 * (search-registry.ts), by code. The map is the same one until others are added.
 */
export function searchParameters(type: string): ReadonlyMap<string, SearchParameterDefinition> {
  let found = parametersByCode.get(type);
  if (!found) {
    const bases = isResourceType(type) ? [type, 'DomainResource', 'Resource'] : [type];
    const all = [
      ...bases.flatMap((base) => addedParameters.get(base) ?? []),
      ...bases.flatMap((base) => parameters(base) ?? []),
    ];
    found = new Map(all.map((parameter) => [parameter.code, parameter]));
    if (isType(type)) parametersByCode.set(type, found);
  }
  return found;
}

/** Takes the place of all parameters added before; by base. For search-registry.ts, which checks them. */
export function addSearchParameters(
  byBase: ReadonlyMap<string, readonly SearchParameterDefinition[]>,
): void {
  addedParameters = byBase;
  parametersByCode.clear();
}

/**
 * Codes by system of a value set to which some element has a required binding. Undefined where it cannot be
 * listed (MIME types, UCUM, currencies): then any code may be right.
 */
export function valueSetCodes(url: string): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  return valueSets(url);
}

/** The code systems that those value sets take their codes from, sorted. */
export function codeSystems(): readonly string[] {
  const found = Object.keys(valueSetText).flatMap((url) => [...(valueSetCodes(url)?.keys() ?? [])]);
  return [...new Set(found)].sort();
}

/** The names of R4's compartments: Patient, Encounter, Practitioner, RelatedPerson, Device. */
export function compartmentNames(): readonly string[] {
  return Object.keys(compartmentText);
}

/**
 * The search parameters by which a resource of `type` belongs to a patient's compartment; empty if it never
 * does. For a Patient itself R4 says `link`; that the Patient is in its own compartment goes without saying.
 */
export function patientCompartment(type: string): readonly string[] {
  return compartmentParameters('Patient', type);
}

/**
 * The same for any of R4's compartments: Patient, Encounter, Practitioner, RelatedPerson, Device. `{def}` stands for the
 * resource whose compartment it is.
 */
export function compartmentParameters(compartment: string, type: string): readonly string[] {
  const members = compartments(compartment);
  return members && Object.hasOwn(members, type) ? (members[type] ?? []) : [];
}

/** The types that a compartment takes in, sorted; undefined where R4 defines no such compartment. */
export function compartmentTypes(compartment: string): readonly string[] | undefined {
  const members = compartments(compartment);
  return members && Object.keys(members).sort();
}

function concreteTypes(): ReadonlySet<string> {
  typeNames ??= new Set(
    Object.entries(structureText)
      .filter(
        ([, text]) => text.startsWith('{"kind":"resource"') && !text.includes('"abstract":true'),
      )
      .map(([name]) => name),
  );
  return typeNames;
}

/** A reader of one file: by name, parsed at the first question. */
function lazy<T>(
  texts: Readonly<Record<string, string>>,
  parse: (text: string, name: string) => T,
): (name: string) => T | undefined {
  const parsed = new Map<string, T>();
  return (name) => {
    let value = parsed.get(name);
    if (value === undefined && Object.hasOwn(texts, name)) {
      value = parse(texts[name] ?? '', name);
      parsed.set(name, value);
    }
    return value;
  };
}

function unpackType(text: string, name: string): TypeDefinition {
  const packed = JSON.parse(text) as PackedType;
  const elements = new Map<string, ElementDefinition>();
  for (const [path, element] of Object.entries(packed.elements)) {
    elements.set(path, unpackElement(element, packed, name));
  }
  const rules = new Map<string, Rule>();
  for (const [key, [severity, human, expression]] of Object.entries(packed.rules ?? {})) {
    rules.set(key, { key, severity, human, expression });
  }
  return {
    name,
    kind: packed.kind,
    abstract: packed.abstract ?? false,
    ...(packed.base === undefined ? {} : { base: packed.base }),
    elements,
    root: packed.root ?? [],
    rules,
  };
}

function unpackElement(packed: PackedElement, type: PackedType, name: string): ElementDefinition {
  const sameAs = packed.as?.slice(name.length + 1);
  const content = sameAs === undefined ? packed : type.elements[sameAs];
  return {
    types: content?.types ?? [],
    ...(sameAs === undefined ? {} : { sameAs }),
    min: packed.min ?? 0,
    max: packed.max === undefined ? 1 : packed.max === '*' ? Infinity : Number(packed.max),
    ...bindingOf(packed),
    ...(packed.targets ? { targets: packed.targets } : {}),
    ...(packed.simple ? { simple: true } : {}),
    summary: packed.summary ?? false,
    modifier: packed.modifier ?? false,
    rules: content?.rules ?? [],
  };
}

function bindingOf({ binding }: PackedElement): Pick<ElementDefinition, 'binding'> {
  return binding ? { binding: { strength: binding[0], valueSet: binding[1] } } : {};
}

/** `valueQuantity` as the choice `value[x]` narrowed to Quantity. */
function typedChoice(type: TypeDefinition, path: string): ElementStep | undefined {
  for (let at = path.length - 1; at > path.lastIndexOf('.') + 1; at--) {
    const choice = isUpper(path.charCodeAt(at)) && type.elements.get(`${path.slice(0, at)}[x]`);
    if (choice) {
      const suffix = path.slice(at);
      const narrowed = choice.types.find((code) => capitalized(code) === suffix);
      if (narrowed) {
        return { element: { ...choice, types: [narrowed] }, path: `${path.slice(0, at)}[x]` };
      }
    }
  }
  return undefined;
}

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90;
}

/** `dateTime` as it stands in `valueDateTime`. */
export function capitalized(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}

function unpackValueSet(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const packed = JSON.parse(text) as Readonly<Record<string, readonly string[]>>;
  return new Map(Object.entries(packed).map(([system, codes]) => [system, new Set(codes)]));
}
