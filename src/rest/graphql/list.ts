import type { Json, JsonObject } from '../../fhir/resource.ts';
import { numberText } from '../../fhir/decimal.ts';
import { isObject } from '../body.ts';
import type { Place } from './place.ts';

/** One value of a field; `place` says what its fields are, undefined for primitives. */
export interface Item {
  readonly value: Json;
  readonly place: Place | undefined;
  /** The resource it stands in; undefined where it is a resource of its own. */
  readonly owner: JsonObject | undefined;
}

export interface Items {
  readonly isList: boolean;
  readonly items: readonly Item[];
}

/**
 * The values of a field, filtered by its arguments (http://hl7.org/fhir/R4/graphql.html#list): `use: official` keeps
 * the items with that value, then `_offset` leaves some out and `_count` keeps some.
 */
export function itemsOf(
  value: Json | undefined,
  place: Place | undefined,
  given: ReadonlyMap<string, unknown>,
  owner: JsonObject | undefined,
): Items {
  if (value === undefined || value === null) return { isList: false, items: [] };
  const isList = Array.isArray(value);
  const all = isList ? (value as readonly Json[]) : [value];
  const filters = [...given].filter(([name]) => !ofLists.has(name));
  const kept = all.filter((item) => filters.every(([name, wanted]) => fits(item, name, wanted)));
  const offset = countOf(given.get('_offset')) ?? 0;
  const count = countOf(given.get('_count')) ?? kept.length;
  const some = kept.slice(offset, offset + count);
  return { isList, items: some.map((item) => ({ value: item, place, owner })) };
}

/** What is said of the list, not of an element of its items; `fhirpath` is looked at before (path-filter.ts). */
const ofLists = new Set(['_count', '_offset', 'fhirpath']);

function fits(item: Json, name: string, wanted: unknown): boolean {
  const value = isObject(item) ? item[name] : undefined;
  const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const texts = values.map((one) => plainText(one));
  const alternatives = Array.isArray(wanted) ? wanted : [wanted];
  return alternatives.some((one) => texts.includes(String(one)));
}

function plainText(value: Json | undefined): string | undefined {
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  return numberText(value);
}

function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' ? Number(value) : value;
  return typeof count === 'number' && Number.isInteger(count) && count >= 0 ? count : undefined;
}

/** What @slice adds to the names: the value of an element of the item, or its place with `$index`. */
export function sliceName(
  slice: ReadonlyMap<string, unknown>,
  { value }: Item,
  index: number,
): string {
  const path = String(slice.get('path') ?? slice.get('fhirpath'));
  if (path === '$index') return String(index);
  return (isObject(value) ? plainText(value[path]) : undefined) ?? '';
}
