/**
 * The base of validation: `validateResource` of @medplum/core, fed with our own digest of R4. Its index of
 * structures is one per process and only ever gets R4's own, each type when a resource of it is first seen.
 */
import {
  loadDataType,
  OperationOutcomeError,
  validateResource as validateStructure,
} from '@medplum/core';
import type {
  ElementDefinition as ElementSource,
  OperationOutcomeIssue,
  Resource as AnyResource,
  StructureDefinition,
} from '@medplum/fhirtypes';
import { limits } from '../limits.ts';
import {
  dataTypes,
  isResourceType,
  typeDefinition,
  type ElementDefinition,
  type TypeDefinition,
} from './definitions.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import type { Resource } from './resource.ts';

/**
 * What the base finds in a resource of plain JSON numbers. It throws on shapes that it does not expect; those
 * are then in `known`, what our own walk has found, or else one issue of their own.
 */
export function baseIssues(resource: Resource, known: readonly Issue[]): readonly Issue[] {
  try {
    loadTypesOf(resource);
    validateStructure(resource as unknown as AnyResource, {
      base64BinaryMaxBytes: limits.restBodyBytesMax,
    });
    return [];
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return error.outcome.issue?.filter((i) => i.severity === 'error').map(toIssue) ?? [];
    }
    if (known.length > 0) return [];
    return [
      errorIssue('structure', 'The resource has a shape that cannot be validated', {
        expression: [resource.resourceType],
      }),
    ];
  }
}

/** Kinds of complaint by the beginning of their text; the version of the package is pinned. */
const complaints: readonly (readonly [RegExp, IssueCode, string?])[] = [
  [/^Missing required property/, 'required', 'A required element is missing'],
  [/^Invalid number of values: expected [1-9]/, 'required'],
  [/^Invalid additional property/, 'structure', 'R4 has no such element here'],
  [/^Constraint /, 'invariant'],
  [/^Error evaluating/, 'invariant', 'A constraint cannot be evaluated on these values'],
  [/^Invalid \w+ (?:format|value)|^Invalid numeric/, 'value'],
  [/^(?:String|base64Binary|Expected number)/, 'value'],
];

function toIssue(issue: OperationOutcomeIssue): Issue {
  const text = issue.details?.text ?? '';
  const [, code, wording] = complaints.find(([form]) => form.test(text)) ?? [
    undefined,
    'structure' as const,
  ];
  const path = issue.expression?.[0];
  return errorIssue(code, wording ?? text, path ? { expression: [placeOf(path)] } : {});
}

/** A FHIRPath: choices without `[x]`, and no text of the caller's that is not a name. */
function placeOf(path: string): string {
  const plain = path.replaceAll('[x]', '');
  return /^[\w.[\]]{1,300}$/.test(plain) ? plain : (/^\w+/.exec(plain)?.[0] ?? 'Resource');
}

const loaded = new Set<string>();

function loadTypesOf(resource: Resource): void {
  if (loaded.size === 0) {
    for (const name of dataTypes()) load(name);
  }
  loadNested(resource);
}

/** A resource's own type and those of all resources inside of it. */
function loadNested(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) loadNested(item);
    return;
  }
  const { resourceType, contained, entry, parameter, part, resource } = value as Readonly<
    Record<string, unknown>
  >;
  if (typeof resourceType === 'string' && !loaded.has(resourceType)) load(resourceType);
  for (const inside of [contained, entry, parameter, part, resource]) loadNested(inside);
}

function load(name: string): void {
  const type = typeDefinition(name);
  if (!type || (type.kind === 'resource' && !isResourceType(name))) return;
  loadDataType(structureDefinition(type));
  loaded.add(name);
}

function structureDefinition(type: TypeDefinition): StructureDefinition {
  const { name } = type;
  const root = { path: name, id: name, min: 0, max: '*', constraint: constraints(type, type.root) };
  const element = [...type.elements].map(([below, definition]) => {
    const path = `${name}.${below}`;
    const { min } = definition;
    const max = Number.isFinite(definition.max) ? String(definition.max) : '*';
    return {
      ...{ path, id: path, min, max },
      // Whether it is a list is told by this: else of what has the content of another by that one's.
      base: { path, min, max },
      ...contentOf(name, definition),
      constraint: constraints(type, definition.rules),
    };
  });
  return {
    resourceType: 'StructureDefinition',
    name,
    type: name,
    url: `http://hl7.org/fhir/StructureDefinition/${name}`,
    kind: type.kind === 'resource' ? 'resource' : 'complex-type',
    snapshot: { element: [root, ...element] },
  } as StructureDefinition;
}

function contentOf(name: string, { sameAs, types }: ElementDefinition): Partial<ElementSource> {
  if (sameAs !== undefined) return { contentReference: `#${name}.${sameAs}` };
  return { type: types.map((code) => ({ code })) };
}

function constraints(type: TypeDefinition, keys: readonly string[]): ElementSource['constraint'] {
  return keys.flatMap((key) => {
    const rule = type.rules.get(key);
    if (rule === undefined) return [];
    return [{ ...rule, expression: boundedForm(key, rule.expression) }];
  });
}

function boundedForm(key: string, expression: string): string {
  const compared = comparedByRules[key];
  if (compared === undefined) return linearForms[key] ?? expression;
  return `iif(${compared}.count() > ${String(limits.comparedMax)}, true, ${expression})`;
}

/** What rules of R4 compare each with each; of very many they are not asked. */
const comparedByRules: Readonly<Record<string, string>> = {
  'sdf-1': 'snapshot.element',
  'sdf-16': 'snapshot.element',
  'sdf-17': 'differential.element',
  'csd-1': 'concept',
};

/** The type before the first dot is one for all, and all but the first path have a dot. */
const oneType =
  "element.path.select(replaceMatches('\\\\..*', '')).distinct().count() <= 1 and element.tail().all(path.contains('.'))";

/** Rules of R4 that go through all elements for each element, said so that they take time by their number. */
const linearForms: Readonly<Record<string, string>> = {
  'sdf-8':
    "iif(%resource.kind = 'logical', " +
    `${oneType}, element.first().path = %resource.type and ` +
    "element.tail().all(path.startsWith(%resource.type & '.')))",
  'sdf-8a': `(%resource.kind = 'logical' or element.first().path.startsWith(%resource.type)) and ${oneType}`,
};
