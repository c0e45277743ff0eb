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

/** A compiled expression: shows every value that it finds in a resource, in the resource's order. */
export type SearchPath = (resource: unknown, see: See) => void;

/**
 * Compiles the expression of a search parameter for one resource type. An expression that is neither one of the
 * known forms nor FHIRPath throws: definitions are checked before they are used.
 */
export function compileSearchPath(typeName: string, expression: string): SearchPath {
  const parts = unionParts(expression).map((part) => compilePart(typeName, part));
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return engineSearchPath(expression);
  const [only] = known;
  if (only && known.length === 1) return only;
  return (resource, see) => {
    for (const part of known) part(resource, see);
  };
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

function compilePart(typeName: string, part: string): SearchPath | undefined {
  const plain = part.replace(/^\(([^()]*(?:\([^()]*\))?)\)/, '$1');
  const [head = ''] = /^\w+/.exec(plain) ?? [];
  const isTyped = head === typeName || head === 'Resource' || head === 'DomainResource';
  const steps = parseSteps(isTyped ? plain.slice(head.length).replace(/^\./, '') : plain);
  const shape = shapeOf(typeName);
  if (!steps || !shape) return undefined;
  const start = compileSteps(steps, { type: typeName, shape, property: undefined });
  return start && ((resource, see) => start(resource, see, resource));
}

/** Walks on from one value; the root is what `resolve()` finds contained resources in. */
type Walk = (value: unknown, see: See, root: unknown) => void;

/** What is known of the value at a step; without a property it is the resource. */
interface At {
  readonly type: string;
  readonly shape: Shape | undefined;
  readonly property: Property | undefined;
}

/** Undefined where a step cannot be followed by type: then the engine decides. */
function compileSteps(steps: readonly Step[], at: At): Walk | undefined {
  const [step, ...rest] = steps;
  if (!step) {
    const { type, property } = at;
    return (value, see) => {
      see(value, type, property);
    };
  }
  if (step.kind === 'name') return compileName(step.name, rest, at);
  if (step.kind === 'ofType') {
    // A choice was split by type before, so the type is one; what is of another type ends here.
    return sameType(step.type, at.type) ? compileSteps(rest, at) : nothing;
  }
  const next = compileSteps(rest, at);
  if (!next) return undefined;
  if (step.kind === 'first') return next;
  const test = step.kind === 'whereEquals' ? equalsTest(step) : resolvesTest(step.type);
  return (value, see, root) => {
    if (test(value, root)) next(value, see, root);
  };
}

const nothing: Walk = () => {
  // The type never fits.
};

function sameType(asked: string, type: string): boolean {
  return asked === type || asked.charAt(0).toLowerCase() + asked.slice(1) === type;
}

function compileName(name: string, rest: readonly Step[], at: At): Walk | undefined {
  const properties = [...(at.shape?.properties.values() ?? [])].filter((p) => p.name === name);
  if (properties.length === 0) return undefined;
  const onlyFirst = rest[0]?.kind === 'first';
  const branches = properties.map((property) => {
    const next = compileSteps(rest, {
      type: property.type,
      shape: property.shape(),
      property,
    });
    return next && { key: property.key, next };
  });
  const known = branches.filter((branch) => branch !== undefined);
  if (known.length < branches.length) return undefined;
  const live = known.filter(({ next }) => next !== nothing);
  if (live.length === 0) return nothing;
  return (value, see, root) => {
    const members = value as Readonly<Record<string, unknown>>;
    for (const { key, next } of live) {
      const found = members[key];
      if (found === undefined || found === null) continue;
      if (!Array.isArray(found)) next(found, see, root);
      else followAll(onlyFirst ? found.slice(0, 1) : found, next, see, root);
    }
  };
}

// The four things that a walk is made of.
function followAll(items: readonly unknown[], next: Walk, see: See, root: unknown): void {
  for (const item of items) {
    if (item !== null && item !== undefined) next(item, see, root);
  }
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
