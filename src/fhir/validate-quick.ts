/**
 * The base of validation (validate-base.ts) at one glance: a walk over the members that a resource has, where the
 * base goes through all that its types may have. It knows no places and no words: it says that all is well, or
 * nothing, and then the base is asked. That it never says so where the base has an error is a property test.
 */
import { isRawNumber } from './decimal.ts';
import type { Members } from './fault.ts';
import { quickPrimitive } from './quick-primitive.ts';
import { hasDomainRulesAlone, quickRules, type QuickRule } from './quick-rules.ts';
import type { Resource } from './resource.ts';
import { shapeOf, type Property, type Shape } from './shape.ts';

/**
 * Whether the base would surely find no error. False says nothing: the resource has a fault, or something that is
 * left to the base (a constraint that is not code here, most extensions without a value, a Bundle's own rules).
 */
export function isSurelyValid(resource: Resource): boolean {
  const form = resourceForm(resource.resourceType);
  return form?.rules !== undefined && isWhole(resource, form) && meetsAll(resource, form.rules);
}

/** What an object may have, must have and must meet at one place of a type. */
interface Form {
  readonly members: ReadonlyMap<string, Member>;
  /** A bit for each element that must be there. */
  readonly required: number;
  /** Of a resource by itself; undefined where one of them is the base's to tell. */
  readonly rules: readonly QuickRule[] | undefined;
  readonly isResource: boolean;
  /** Whether an extension may stand for a value (`_endpoint` without `endpoint`) without anything else to ask. */
  readonly mayLackValues: boolean;
}

/** A member of an object, by its JSON name. */
interface Member {
  readonly array: boolean;
  readonly primitive: boolean;
  /** The bit of its element among the required ones; 0 for none. */
  readonly bit: number;
  readonly accepts: (value: unknown) => boolean;
}

const forms = new Map<string, Form | undefined>();

/** Required elements are counted in the bits of an integer; no type has more than a dozen. */
const requiredMax = 30;

function resourceForm(type: unknown): Form | undefined {
  if (typeof type !== 'string') return undefined;
  const known = forms.get(type);
  if (known !== undefined || forms.has(type)) return known;
  const shape = shapeOf(type);
  const isKnown = shape?.type.kind === 'resource' && !shape.type.abstract;
  const form = isKnown ? formOf(shape) : undefined;
  // Whatever callers name a type must not fill the memory.
  if (shape !== undefined) forms.set(type, form);
  return form;
}

function formOf(shape: Shape): Form {
  const { type, below, properties } = shape;
  const names = [...properties.values()].filter(({ element }) => element.min > 0);
  const required = [...new Set(names.map(({ name }) => name))];
  if (required.length > requiredMax) throw new Error(`${type.name} has too many required elements`);
  const bitOf = ({ element, name }: Property): number =>
    element.min > 0 ? 1 << required.indexOf(name) : 0;
  return {
    members: new Map(
      [...properties].map(([key, property]) => [key, memberOf(property, shape, bitOf(property))]),
    ),
    required: 2 ** required.length - 1,
    rules: below === '' ? quickRules(type, type.root) : [],
    isResource: type.kind === 'resource' && below === '',
    mayLackValues: hasDomainRulesAlone(type),
  };
}

function memberOf(property: Property, { type }: Shape, bit: number): Member {
  const rules = quickRules(type, property.element.rules);
  const value = acceptsValue(property);
  return {
    array: property.element.max > 1,
    primitive: property.primitive,
    bit,
    accepts:
      rules === undefined
        ? () => false
        : rules.length === 0
          ? value
          : (given) => value(given) && meetsAll(given as Members, rules),
  };
}

function acceptsValue(property: Property): Member['accepts'] {
  if (property.primitive) return quickPrimitive(property.type);
  if (property.type === 'Resource') {
    return (value) => {
      const form = isObject(value) ? resourceForm(value['resourceType']) : undefined;
      return form !== undefined && isWhole(value as Members, form);
    };
  }
  let form: Form | undefined;
  return (value) => {
    if (!isObject(value)) return false;
    form ??= innerForm(property);
    return form !== undefined && isWhole(value, form);
  };
}

/** One for all places of a type: types hold each other. */
const innerForms = new Map<Shape, Form>();

function innerForm(property: Property): Form | undefined {
  const shape = property.shape();
  if (shape === undefined) return undefined;
  let form = innerForms.get(shape);
  if (form === undefined) innerForms.set(shape, (form = formOf(shape)));
  return form;
}

function isObject(value: unknown): value is Members {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}

/** Whether all members are known and right, and none is missing. */
function isWhole(object: Members, form: Form): boolean {
  let seen = 0;
  let count = 0;
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    count += 1;
    const member = form.members.get(key);
    if (member === undefined) {
      if (form.isResource && key === 'resourceType') continue;
      if (!isRightExtra(object, key, form)) return false;
      seen |= form.members.get(key.slice(1))?.bit ?? 0;
    } else if (!isRightMember(value, member)) {
      return false;
    } else {
      seen |= member.bit;
    }
  }
  return count > 0 && seen === form.required;
}

function isRightMember(value: unknown, { array, accepts }: Member): boolean {
  if (!Array.isArray(value)) return !array && accepts(value);
  if (!array || value.length === 0) return false;
  for (const item of value as readonly unknown[]) if (!accepts(item)) return false;
  return true;
}

/** `_birthDate` beside a `birthDate`: its id and extensions, for each item of a list. */
function isRightExtra(object: Members, key: string, { members, mayLackValues }: Form): boolean {
  if (!key.startsWith('_')) return false;
  const member = members.get(key.slice(1));
  if (member?.primitive !== true) return false;
  const extra = object[key];
  const value = object[key.slice(1)];
  if (member.array) return isBeside(value, extra);
  return isElement(extra) && (value !== undefined || (mayLackValues && 'extension' in extra));
}

/** Whether each value of a list is there, and has extensions beside it or null. */
function isBeside(values: unknown, extras: unknown): boolean {
  if (!Array.isArray(values) || !Array.isArray(extras)) return false;
  if (values.length !== extras.length) return false;
  return extras.some(isElement) && extras.every((extra) => extra === null || isElement(extra));
}

function isElement(extra: unknown): extra is Members {
  const shape = shapeOf('Element');
  if (!isObject(extra) || shape === undefined) return false;
  elementForm ??= formOf(shape);
  return isWhole(extra, elementForm);
}

let elementForm: Form | undefined;

function meetsAll(value: Members, rules: readonly QuickRule[]): boolean {
  for (const rule of rules) if (!rule(value)) return false;
  return true;
}
