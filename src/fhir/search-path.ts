/**
 * The FHIRPath of search parameters, compiled to plain property access. R4's 1,375 expressions use a handful
 * of forms: paths, `.where(a='b')`, `.where(resolve() is T)`, `.ofType(T)`, `.as(T)`, `[0]`, unions. Types are
 * known from the definitions, so a compiled path knows the type of what it finds. Any other expression goes to
 * the FHIRPath engine of @medplum/core; test/fhir/search-path.test.ts holds the two equal.
 */
import { evalFhirPathTyped, parseFhirPath, toTypedValue } from '@medplum/core';
import { parseReference } from './reference.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';

/** Receives each value found, with the FHIR type it has and, where known, its property. */
export type See = (value: unknown, type: string, property?: Property) => void;

/** What one component of a composite finds. */
export interface Found {
  readonly value: unknown;
  readonly type: string;
  readonly property: Property | undefined;
}

/** Receives, for one element of a composite, what each component finds in it. */
export type SeeElement = (components: readonly (readonly Found[])[]) => void;

/** A compiled expression: shows every value that it finds in a resource, in the resource's order. */
export type SearchPath = (resource: unknown, see: See) => void;

/**
 * Compiles the expression of a search parameter for one resource type. An expression that is neither one of the
 * known forms nor FHIRPath throws: definitions are checked before they are used.
 */
export function compileSearchPath(typeName: string, expression: string): SearchPath {
  const root = rootOf(typeName);
  const walk = root && compileUnion(expression, { at: root, root, unknown: [], end: showing });
  if (!walk) return engineSearchPath(expression);
  return (resource, see) => {
    walk(resource, see, resource);
  };
}

/**
 * Compiles a composite: `expression` finds elements in the resource, the components' expressions start from
 * each of them (or, with `%resource.`, from the resource). Throws as {@link compileSearchPath} does.
 */
export function compileCompositePath(
  typeName: string,
  expression: string,
  components: readonly string[],
): (resource: unknown, see: SeeElement) => void {
  const root = rootOf(typeName);
  const end = (at: At): Walk<SeeElement> | undefined => {
    if (!root) return undefined;
    const parts = components.map((part) =>
      compileUnion(part, { at, root, unknown: [], end: showing }),
    );
    const known = parts.filter((part) => part !== undefined);
    if (known.length < parts.length) return undefined;
    return (value, see, resource) => {
      see(known.map((part) => gather(part, value, resource)));
    };
  };
  const walk = root && compileUnion(expression, { at: root, root, unknown: [], end });
  if (!walk) return engineCompositePath(expression, components);
  return (resource, see) => {
    walk(resource, see, resource);
  };
}

/**
 * The first element that an expression names and the type does not have, as `Patient.nmae`; undefined where all are
 * known, or where only the FHIRPath engine can tell.
 */
export function unknownElement(typeName: string, expression: string): string | undefined {
  const root = rootOf(typeName);
  const unknown: string[] = [];
  const walk = root && compileUnion(expression, { at: root, root, unknown, end: showing });
  return walk ? undefined : unknown[0];
}

/** The FHIR types of what an expression may find in a type; none where only the FHIRPath engine can tell. */
export function valueTypes(typeName: string, expression: string): ReadonlySet<string> {
  const types = new Set<string>();
  const root = rootOf(typeName);
  const end = (at: At): Walk<See> => {
    types.add(at.type);
    return showing(at);
  };
  const walk = root && compileUnion(expression, { at: root, root, unknown: [], end });
  return walk ? types : new Set();
}

function gather(part: Walk<See>, value: unknown, resource: unknown): readonly Found[] {
  const found: Found[] = [];
  const see: See = (item, type, property) => found.push({ value: item, type, property });
  part(value, see, resource);
  return found;
}

/** The same by the FHIRPath engine, whose types are guesses where no schema is loaded. */
export function engineSearchPath(expression: string): SearchPath {
  const atom = parseFhirPath(expression);
  return (resource, see) => {
    for (const { value, type } of evalFhirPathTyped(atom, [toTypedValue(resource)])) {
      see((value as unknown)?.valueOf(), type);
    }
  };
}

/** Composites by the FHIRPath engine. */
export function engineCompositePath(
  expression: string,
  components: readonly string[],
): (resource: unknown, see: SeeElement) => void {
  const atom = parseFhirPath(expression);
  const parts = components.map((part) => parseFhirPath(part));
  return (resource, see) => {
    const root = toTypedValue(resource);
    for (const element of evalFhirPathTyped(atom, [root])) {
      const found = parts.map((part) => evalFhirPathTyped(part, [element], { '%resource': root }));
      see(
        found.map((values) =>
          values.map(({ value, type }) => {
            return { value: (value as unknown)?.valueOf(), type, property: undefined };
          }),
        ),
      );
    }
  };
}

/** Splits at `|` outside of parentheses, and takes one pair of parentheses around a part away. */
function unionParts(expression: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= expression.length; at++) {
    const character = expression[at];
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (at === expression.length || (character === '|' && depth === 0)) {
      parts.push(expression.slice(start, at).trim());
      start = at + 1;
    }
  }
  return parts;
}

/** One step of a path. */
type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'first' }
  | { readonly kind: 'ofType'; readonly type: string }
  | { readonly kind: 'whereEquals'; readonly name: string; readonly value: string }
  | { readonly kind: 'whereResolves'; readonly type: string };

const stepForms: readonly (readonly [RegExp, (...groups: string[]) => Step])[] = [
  [/^where\(resolve\(\) is (\w+)\)/, (type) => ({ kind: 'whereResolves', type: type ?? '' })],
  [
    /^where\((\w+)\s*=\s*'([^']*)'\)/,
    (name, value) => ({ kind: 'whereEquals', name: name ?? '', value: value ?? '' }),
  ],
  [/^(?:ofType|as)\((\w+)\)/, (type) => ({ kind: 'ofType', type: type ?? '' })],
  [/^\[0\]/, () => ({ kind: 'first' })],
  [/^(\w+)(?!\()/, (name) => ({ kind: 'name', name: name ?? '' })],
];

/** The steps after the type; undefined where there is a form that we do not compile. */
function parseSteps(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const form = stepForms.map(([pattern, make]) => ({ match: pattern.exec(rest), make }));
    const hit = form.find(({ match }) => match);
    if (!hit?.match) return undefined;
    steps.push(hit.make(...hit.match.slice(1)));
    rest = rest.slice(hit.match[0].length);
    if (rest.startsWith('.')) rest = rest.slice(1);
    else if (rest !== '' && !rest.startsWith('[')) return undefined;
  }
  return steps;
}

/** What an expression is compiled for. */
interface Compilation<Shown> {
  /** Where it starts. */
  readonly at: At;
  readonly root: At;
  /** Takes the elements that do not exist. */
  readonly unknown: string[];
  /** What is done with what is found. */
  readonly end: (at: At) => Walk<Shown> | undefined;
}

/** Walks on from one value; the root is what `%resource` is and `resolve()` finds contained resources in. */
type Walk<Shown> = (value: unknown, see: Shown, root: unknown) => void;

/** What is known of the value at a step; without a property it is the resource. */
interface At {
  readonly type: string;
  readonly shape: Shape | undefined;
  readonly property: Property | undefined;
}

function rootOf(typeName: string): At | undefined {
  const shape = shapeOf(typeName);
  return shape && { type: typeName, shape, property: undefined };
}

function showing({ type, property }: At): Walk<See> {
  return (value, see) => {
    see(value, type, property);
  };
}

/** Undefined where a part cannot be compiled: then the engine decides. */
function compileUnion<Shown>(
  expression: string,
  compilation: Compilation<Shown>,
): Walk<Shown> | undefined {
  const parts = unionParts(expression).map((part) => compilePart(part, compilation));
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  const [only] = known;
  if (only && known.length === 1) return only;
  return (value, see, root) => {
    for (const part of known) part(value, see, root);
  };
}

function compilePart<Shown>(
  part: string,
  compilation: Compilation<Shown>,
): Walk<Shown> | undefined {
  const { at, root } = compilation;
  const plain = part.replace(/^\(([^()]*(?:\([^()]*\))?)\)/, '$1');
  if (plain.startsWith('%resource.')) {
    const steps = parseSteps(plain.slice('%resource.'.length));
    const walk = steps && compileSteps(steps, root, compilation);
    return (
      walk &&
      ((_value, see, resource) => {
        walk(resource, see, resource);
      })
    );
  }
  const [head = ''] = /^\w+/.exec(plain) ?? [];
  const isTyped = head === at.type || head === 'Resource' || head === 'DomainResource';
  const steps = parseSteps(isTyped ? plain.slice(head.length).replace(/^\./, '') : plain);
  return steps && compileSteps(steps, at, compilation);
}

/** Undefined where a step cannot be followed by type. */
function compileSteps<Shown>(
  steps: readonly Step[],
  at: At,
  compilation: Compilation<Shown>,
): Walk<Shown> | undefined {
  const [step, ...rest] = steps;
  if (!step) return compilation.end(at);
  if (step.kind === 'name') return compileName(step.name, rest, at, compilation);
  if (step.kind === 'ofType') {
    // A choice was split by type before, so the type is one; what is of another type ends here.
    return sameType(step.type, at.type) ? compileSteps(rest, at, compilation) : nothing;
  }
  const next = compileSteps(rest, at, compilation);
  if (!next) return undefined;
  if (step.kind === 'first') return next;
  const test = step.kind === 'whereEquals' ? equalsTest(step) : resolvesTest(step.type);
  return (value, see, root) => {
    if (test(value, root)) next(value, see, root);
  };
}

const nothing: Walk<unknown> = () => {
  // The type never fits.
};

function sameType(asked: string, type: string): boolean {
  return asked === type || asked.charAt(0).toLowerCase() + asked.slice(1) === type;
}

function compileName<Shown>(
  name: string,
  rest: readonly Step[],
  at: At,
  compilation: Compilation<Shown>,
): Walk<Shown> | undefined {
  // FHIRPath says `value`, and many a guide `valueDateTime`.
  const properties = [...(at.shape?.properties.values() ?? [])].filter(
    (property) => property.name === name || (property.choice && property.key === name),
  );
  if (properties.length === 0) {
    if (at.shape) compilation.unknown.push(`${at.type}.${name}`);
    return undefined;
  }
  const onlyFirst = rest[0]?.kind === 'first';
  const branches = properties.map((property) => {
    const place = { type: property.type, shape: property.shape(), property };
    return { key: property.key, next: compileSteps(rest, place, compilation) };
  });
  // Of a choice, the types that lack what is asked for next have nothing to show.
  const known = branches.flatMap(({ key, next }) => (next ? [{ key, next }] : []));
  if (known.length === 0) return undefined;
  const live = known.filter(({ next }) => next !== nothing);
  if (live.length === 0) return nothing;
  return (value, see, root) => {
    const members = value as Readonly<Record<string, unknown>>;
    for (const { key, next } of live) {
      const found = members[key];
      if (found === undefined || found === null) continue;
      if (!Array.isArray(found)) next(found, see, root);
      else {
        for (const item of onlyFirst ? found.slice(0, 1) : (found as readonly unknown[])) {
          if (item !== null && item !== undefined) next(item, see, root);
        }
      }
    }
  };
}

type Test = (value: unknown, root: unknown) => boolean;

function equalsTest({
  name,
  value: wanted,
}: {
  readonly name: string;
  readonly value: string;
}): Test {
  return (value) => {
    const found = (value as Readonly<Record<string, unknown>>)[name];
    return Array.isArray(found) ? found.includes(wanted) : found === wanted;
  };
}

/** `resolve() is T` by what the reference says: its address, the contained resource, or its `type`. */
function resolvesTest(type: string): Test {
  return (value, root) => referencedType(value, root) === type;
}

interface ReferenceLike {
  readonly reference?: unknown;
  readonly type?: unknown;
}

interface ContainerLike {
  readonly contained?: unknown;
}

function referencedType(value: unknown, root: unknown): string | undefined {
  const { reference, type } = value as ReferenceLike;
  const parsed = typeof reference === 'string' ? parseReference(reference) : undefined;
  if (parsed && 'type' in parsed) return parsed.type;
  if (parsed?.kind === 'contained') {
    const { contained } = root as ContainerLike;
    const inside = Array.isArray(contained) ? (contained as readonly unknown[]) : [];
    const target = inside.find((r) => (r as { readonly id?: unknown } | null)?.id === parsed.id);
    const found = (target as { readonly resourceType?: unknown } | undefined)?.resourceType;
    return typeof found === 'string' ? found : undefined;
  }
  return typeof type === 'string' ? type : undefined;
}
