/** Our own reading of a resource: what the base of validation passes over, element by element. */
import { isRawNumber } from './decimal.ts';
import type { Fault, Members } from './fault.ts';
import { valueSetCodes } from './definitions.ts';
import { errorIssue, type Issue } from './issue.ts';
import { narrativeFault } from './narrative.ts';
import type { Resource } from './resource.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';
import { brokenRules } from './validate-rules.ts';
import { brokenResourceRule } from './validate-resource-rules.ts';
import { containedIssues, referenceFault } from './validate-references.ts';
import { primitiveFault } from './validate-primitives.ts';

/** Issues of one resource and the resources inside of it. */
export function elementIssues(resource: Resource): readonly Issue[] {
  const issues: Issue[] = [];
  const place = { parent: undefined, name: resource.resourceType, index: undefined };
  checkResource(resource, place, { issues, root: resource });
  return issues;
}

/** Where an element stands; written out only for an issue. */
interface Place {
  readonly parent: Place | undefined;
  readonly name: string;
  readonly index: number | undefined;
}

interface Run {
  readonly issues: Issue[];
  /** The resource that holds the contained ones. */
  readonly root: Members;
}

function pathOf(place: Place): string {
  const own = place.index === undefined ? place.name : `${place.name}[${String(place.index)}]`;
  return place.parent ? `${pathOf(place.parent)}.${own}` : own;
}

function tell(run: Run, place: Place, fault: Fault): void {
  run.issues.push(errorIssue(fault.code, fault.diagnostics, { expression: [pathOf(place)] }));
}

function checkResource(resource: Members, place: Place, run: Run): void {
  const { resourceType } = resource;
  const shape = typeof resourceType === 'string' ? shapeOf(resourceType) : undefined;
  if (shape?.type.kind !== 'resource' || shape.type.abstract) {
    tell(run, place, { code: 'structure', diagnostics: 'Not a resource type of FHIR R4' });
    return;
  }
  checkMembers(resource, shape, place, run);
  const broken = brokenResourceRule(resource);
  if (broken) tell(run, broken.path === '' ? place : member(place, broken.path), broken.fault);
  if (resource['contained'] !== undefined && resource === run.root) {
    for (const { fault, index } of containedIssues(resource, shape)) {
      tell(run, { parent: place, name: 'contained', index }, fault);
    }
  }
}

/** Every member of an object by its shape; unknown names are the base's to tell. */
function checkMembers(members: Members, shape: Shape, place: Place, run: Run): void {
  let choices: Map<string, string> | undefined;
  let count = 0;
  for (const key of Object.keys(members)) {
    count++;
    const isExtra = key.startsWith('_');
    const property = shape.properties.get(isExtra ? key.slice(1) : key);
    if (!property) {
      // The base finds these names on every object and takes them for known.
      if (key in Object.prototype) tell(run, place, noSuch);
      continue;
    }
    if (isExtra && !property.primitive) {
      tell(run, member(place, property.name), noSuch);
      continue;
    }
    if (property.choice) {
      choices ??= new Map();
      const first = choices.get(property.name) ?? property.key;
      choices.set(property.name, first);
      if (first !== property.key) tell(run, member(place, property.name), twoValues);
    }
    checkMember(members, key, { property, place: member(place, property.name), run });
  }
  if (count === 0) tell(run, place, emptyObject);
}

const noSuch: Fault = { code: 'structure', diagnostics: 'R4 has no such element here' };
const twoValues: Fault = { code: 'structure', diagnostics: 'A choice has one value, not two' };
const emptyObject: Fault = { code: 'structure', diagnostics: 'An object may not be empty' };
const emptyArray: Fault = { code: 'structure', diagnostics: 'An array may not be empty' };
const misplacedNull: Fault = {
  code: 'structure',
  diagnostics: 'null stands only in an array, where its partner array has a value',
};
const unpaired: Fault = {
  code: 'structure',
  diagnostics: 'The array of extensions is longer than that of the values',
};

function member(parent: Place, name: string): Place {
  return { parent, name, index: undefined };
}

interface MemberCheck {
  readonly property: Property;
  readonly place: Place;
  readonly run: Run;
}

function checkMember(members: Members, key: string, check: MemberCheck): void {
  const { place, run, property } = check;
  const value = members[key];
  const isExtra = key.startsWith('_');
  if (!Array.isArray(value)) {
    if (value === null) tell(run, place, misplacedNull);
    else if (value !== undefined) checkValue(value, isExtra, check);
    return;
  }
  if (value.length === 0) tell(run, place, emptyArray);
  const partner = members[isExtra ? key.slice(1) : `_${key}`];
  const partners = Array.isArray(partner) ? (partner as readonly unknown[]) : [];
  if (isExtra && partners.length > 0 && value.length > partners.length) tell(run, place, unpaired);
  for (const [index, item] of (value as readonly unknown[]).entries()) {
    const itemPlace = { parent: place.parent, name: place.name, index };
    if (item !== null) checkValue(item, isExtra, { property, place: itemPlace, run });
    else if ((partners[index] ?? null) === null) tell(run, itemPlace, misplacedNull);
  }
}

/** One value: of a primitive, of its `id` and `extension`, of a group or data type, of a resource. */
function checkValue(value: unknown, isExtra: boolean, check: MemberCheck): void {
  const { property, place, run } = check;
  if (isExtra) {
    checkExtra(value, place, run);
  } else if (property.primitive) {
    checkPrimitive(value, check);
  } else if (typeof value !== 'object' || isRawNumber(value)) {
    tell(run, place, { code: 'structure', diagnostics: 'An object is expected here' });
  } else if (property.type === 'Resource') {
    const root = property.name === 'contained' ? run.root : (value as Members);
    checkResource(value as Members, place, { issues: run.issues, root });
  } else {
    const shape = property.shape();
    if (shape) checkComplex(value as Members, shape, check);
  }
}

function checkExtra(value: unknown, place: Place, run: Run): void {
  const shape = shapeOf('Element');
  if (!shape) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    tell(run, place, { code: 'structure', diagnostics: 'An object is expected here' });
    return;
  }
  const unknown = Object.keys(value).some((key) => !shape.properties.has(key));
  if (unknown) tell(run, place, noSuch);
  checkMembers(value as Members, shape, place, run);
}

function checkPrimitive(value: unknown, { property, place, run }: MemberCheck): void {
  const fault =
    primitiveFault(value, property) ??
    (property.type === 'xhtml' && typeof value === 'string' ? narrativeFault(value) : undefined) ??
    (property.type === 'code' ? codeFault(value, property) : undefined);
  if (fault) tell(run, place, fault);
}

function checkComplex(value: Members, shape: Shape, check: MemberCheck): void {
  const { property, place, run } = check;
  checkMembers(value, shape, place, run);
  if (shape.below === '') {
    for (const fault of brokenRules(value, shape.type, run.root)) tell(run, place, fault);
  }
  if (property.type === 'Reference') {
    const fault = referenceFault(value, property.element.targets, run.root);
    if (fault) tell(run, place, fault);
  } else if (property.element.simple && property.type === 'Quantity') {
    if (value['comparator'] !== undefined) tell(run, place, comparedQuantity);
  } else if (property.type === 'CodeableConcept') {
    const fault = conceptFault(value, property);
    if (fault) tell(run, place, fault);
  }
}

const comparedQuantity: Fault = {
  code: 'invariant',
  diagnostics: 'Constraint sqty-1 not met: The comparator is not used on a SimpleQuantity',
};

const unboundCode: Fault = {
  code: 'code-invalid',
  diagnostics: 'The code is not in the value set to which the element is bound',
};

function requiredCodes(property: Property): ReturnType<typeof valueSetCodes> {
  const { binding } = property.element;
  return binding?.strength === 'required' ? valueSetCodes(binding.valueSet) : undefined;
}

function codeFault(value: unknown, property: Property): Fault | undefined {
  const codes = requiredCodes(property);
  if (!codes || typeof value !== 'string') return undefined;
  for (const known of codes.values()) if (known.has(value)) return undefined;
  return unboundCode;
}

/** One of the codings must be of the value set. */
function conceptFault(value: Members, property: Property): Fault | undefined {
  const codes = requiredCodes(property);
  if (!codes) return undefined;
  const codings = Array.isArray(value['coding']) ? (value['coding'] as readonly unknown[]) : [];
  const bound = codings.some((coding) => {
    const { system, code } = (coding ?? {}) as Members;
    return typeof system === 'string' && codes.get(system)?.has(String(code));
  });
  return bound ? undefined : unboundCode;
}
