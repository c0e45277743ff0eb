import type { Resource } from '../fhir/resource.ts';

/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: not a list, not null, not a raw number. */
export function isFields(value: unknown): value is Fields {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
  );
}

/** Whether two JSON values say the same: key order does not count, decimals compare by their text. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return numberText(a) === numberText(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (isFields(a) && isFields(b)) {
    const names = definedNames(a);
    return names.length === definedNames(b).length && names.every((name) => same(a[name], b[name]));
  }
  return false;
}

/** A text that is equal exactly where {@link same} says so; for keys of maps. */
export function canonicalText(value: unknown): string {
  if (isNumber(value)) return numberText(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (isFields(value)) {
    const pairs = definedNames(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name])}`);
    return `{${pairs.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** The object without some of its elements, such as may be absent. */
export function without<T extends object>(fields: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name))) as T;
}

/** The items of a list element; anything else is an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A string element by its name; empty where it is absent or no string. */
export function textOf(value: unknown, name: string): string {
  const text = isFields(value) ? value[name] : undefined;
  return typeof text === 'string' ? text : '';
}

/** The names of a resource's elements that a source can speak of. */
export function elementNames(resource: Resource): string[] {
  return definedNames(resource).filter((name) => name !== 'resourceType' && name !== 'id');
}

function definedNames(value: Fields): string[] {
  return Object.keys(value).filter((name) => value[name] !== undefined);
}

function isRawNumber(value: unknown): value is { readonly rawJSON: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'rawJSON' in value &&
    typeof value.rawJSON === 'string'
  );
}

function isNumber(value: unknown): value is number | { readonly rawJSON: string } {
  return typeof value === 'number' || isRawNumber(value);
}

function numberText(value: number | { readonly rawJSON: string }): string {
  return typeof value === 'number' ? JSON.stringify(value) : value.rawJSON;
}
