/** Turns the values that a search parameter finds into index entries (http://hl7.org/fhir/R4/search.html#ptypes). */
import { limits } from '../limits.ts';
import { dateInterval, periodInterval, type Interval } from './date-interval.ts';
import { numberText } from './decimal.ts';
import { valueSetCodes } from './definitions.ts';
import { fold } from './fold.ts';
import { parseReference, splitCanonical } from './reference.ts';
import type { IndexEntry, ValueEntry } from './search-ast.ts';
import type { Property } from './shape.ts';
import { canonicalUnit, canonicalValue, ucumSystem, type CanonicalUnit } from './ucum.ts';

/** The parameter types whose values have entries each by itself. */
export type IndexedType = 'string' | 'token' | 'date' | 'number' | 'quantity' | 'uri' | 'reference';

export function isIndexedType(type: string): type is IndexedType {
  return Object.hasOwn(converters, type);
}

/** What a value is found by, and what it is. */
export interface ValuePlace {
  readonly param: string;
  readonly kind: IndexedType;
  /** FHIR type of the value. */
  readonly valueType: string;
  readonly property: Property | undefined;
}

/** Appends the entries of one value; none where the value does not fit the parameter. */
export function entriesOf(place: ValuePlace, value: unknown, entries: EntrySink): void {
  if (value === null || value === undefined) return;
  converters[place.kind](place, value, entries);
}

/**
 * The parameter under which the identifiers of a token parameter are found by `:of-type`: tokens whose system
 * is the type's `system|code`. They are apart, so that plain searches and `:missing` do not meet them.
 */
export function ofTypeParam(param: string): string {
  return `${param}:of-type`;
}

/**
 * The parameter of a List under which its entries are found that are not marked as deleted, for `_list`; those of
 * `item` are all of them.
 */
export const currentItemParam = 'item:current';

/** The parameter of every type under which a resource is found by the types that it contains; the query's `_contained`. */
export const containedParam = '_contained';

/** The entry of a position as `Location.position` has it; undefined where that is none on earth. */
export function positionEntry(param: string, value: unknown): IndexEntry | undefined {
  const members = (value ?? {}) as Members;
  const latitude = finiteNumber(members['latitude']);
  const longitude = finiteNumber(members['longitude']);
  if (latitude === undefined || longitude === undefined) return undefined;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined;
  return { kind: 'position', param, latitude, longitude };
}

/** Where entries go: a list of them, or of more kinds. */
interface EntrySink {
  push(entry: ValueEntry): unknown;
}

type Converter = (place: ValuePlace, value: unknown, entries: EntrySink) => void;
type Members = Readonly<Record<string, unknown>>;

const converters: Readonly<Record<IndexedType, Converter>> = {
  string: addStrings,
  token: addTokens,
  date: addDate,
  number: addNumber,
  quantity: addQuantity,
  uri: addUri,
  reference: addReference,
};

/** The parts of a type by which it is found as a string. */
const stringParts: Readonly<Record<string, readonly string[]>> = {
  HumanName: ['text', 'family', 'given', 'prefix', 'suffix'],
  Address: ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'],
  CodeableConcept: ['text'],
  Coding: ['display'],
  ContactPoint: ['value'],
  Annotation: ['text'],
  Identifier: ['value'],
};

function addStrings(place: ValuePlace, value: unknown, entries: EntrySink): void {
  if (typeof value === 'string') {
    addString(place.param, value, entries);
    return;
  }
  for (const part of stringParts[place.valueType] ?? []) {
    const found = (value as Members)[part];
    for (const text of Array.isArray(found) ? listOf(found) : [found]) {
      if (typeof text === 'string') addString(place.param, text, entries);
    }
  }
}

function addString(param: string, text: string, entries: EntrySink): void {
  const exact = indexedText(text);
  const folded = indexedText(fold(exact));
  if (folded !== '') entries.push({ kind: 'string', param, folded, exact });
}

/** The part of a text that is indexed and compared: its beginning, never half a surrogate pair. */
export function indexedText(text: string): string {
  if (text.length <= limits.searchStringCharsMax) return text;
  return text.slice(0, limits.searchStringCharsMax).replace(/[\ud800-\udbff]$/, '');
}

function addTokens(place: ValuePlace, value: unknown, entries: EntrySink): void {
  const { param, valueType } = place;
  if (typeof value === 'string') {
    entries.push({ kind: 'token', param, system: impliedSystem(place, value), code: value });
  } else if (typeof value === 'boolean') {
    entries.push({ kind: 'token', param, system: booleanSystem, code: String(value) });
  } else if (valueType === 'CodeableConcept') {
    const { coding, text } = value as Members;
    addTokenText(param, text, entries);
    for (const item of listOf(coding)) addCoding(param, item, entries);
  } else if (valueType === 'Coding') {
    addCoding(param, value, entries);
  } else if (valueType === 'Identifier') {
    addToken(param, value, 'value', entries);
    addIdentifierType(param, value as Members, entries);
  } else if (valueType === 'ContactPoint') {
    addToken(param, value, 'value', entries);
  } else {
    const code = numberText(value);
    if (code !== undefined) entries.push({ kind: 'token', param, system: null, code });
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function addCoding(param: string, coding: unknown, entries: EntrySink): void {
  addToken(param, coding, 'code', entries);
  addTokenText(param, (coding as Members | null)?.['display'], entries);
}

/** For `:text`, which compares folded: texts that differ in case only are one entry. */
function addTokenText(param: string, text: unknown, entries: EntrySink): void {
  if (typeof text !== 'string') return;
  const folded = indexedText(fold(indexedText(text)));
  if (folded !== '') entries.push({ kind: 'string', param, folded, exact: folded });
}

/** For `:of-type` and `:text`. */
function addIdentifierType(param: string, identifier: Members, entries: EntrySink): void {
  const { coding, text } = (identifier['type'] ?? {}) as Members;
  addTokenText(param, text, entries);
  const value = identifier['value'];
  if (typeof value !== 'string') return;
  for (const item of listOf(coding)) {
    const { system, code } = (item ?? {}) as Members;
    if (typeof code !== 'string') continue;
    const type = `${textOrNull(system) ?? ''}|${code}`;
    entries.push({ kind: 'token', param: ofTypeParam(param), system: type, code: value });
  }
}

/** http://hl7.org/fhir/R4/search.html#token: the system that boolean values have. */
const booleanSystem = 'http://terminology.hl7.org/CodeSystem/special-values';

function addToken(
  param: string,
  value: unknown,
  codeName: 'code' | 'value',
  entries: EntrySink,
): void {
  const { system, [codeName]: code } = (value ?? {}) as Members;
  if (typeof code !== 'string' && typeof system !== 'string') return;
  entries.push({
    kind: 'token',
    param,
    system: textOrNull(system),
    code: typeof code === 'string' ? code : '',
  });
}

/** A `code` has the system of the value set to which it is bound, where that names one for it. */
function impliedSystem({ property, valueType }: ValuePlace, code: string): string | null {
  const binding = property?.element.binding;
  if (valueType !== 'code' || binding?.strength !== 'required') return null;
  for (const [system, codes] of valueSetCodes(binding.valueSet) ?? []) {
    if (codes.has(code)) return system;
  }
  return null;
}

function addDate({ param, valueType }: ValuePlace, value: unknown, entries: EntrySink): void {
  const interval = dateOf(valueType, value);
  if (interval) entries.push({ kind: 'date', param, ...interval });
}

function dateOf(valueType: string, value: unknown): Interval | undefined {
  if (typeof value === 'string') return dateInterval(value);
  const members = value as Members;
  if (valueType === 'Period') return periodInterval(members['start'], members['end']);
  return valueType === 'Timing' ? timingInterval(members) : undefined;
}

/** The outer limits of a Timing: its events and the bounds of its repetition. */
function timingInterval({ event, repeat }: Members): Interval | undefined {
  const { start, end } = ((repeat as Members | undefined)?.['boundsPeriod'] ?? {}) as Members;
  const events = listOf(event).map((text) =>
    typeof text === 'string' ? dateInterval(text) : undefined,
  );
  const known = [...events, periodInterval(start, end)].filter((i) => i !== undefined);
  if (known.length === 0) return undefined;
  return { lo: Math.min(...known.map((i) => i.lo)), hi: Math.max(...known.map((i) => i.hi)) };
}

/** A closed interval of numbers, with the value that stands for it. */
interface Span {
  readonly lo: number;
  readonly hi: number;
  readonly value: number;
}

function addNumber({ param, valueType }: ValuePlace, value: unknown, entries: EntrySink): void {
  const span = valueType === 'Range' ? rangeSpan(value as Members) : pointSpan(value);
  if (span) entries.push({ kind: 'number', param, ...span });
}

function pointSpan(value: unknown): Span | undefined {
  const number = finiteNumber(value);
  return number === undefined ? undefined : { lo: number, hi: number, value: number };
}

function finiteNumber(value: unknown): number | undefined {
  const text = numberText(value);
  const number = text === undefined ? NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** From the lower to the upper; the value is the known end, or the middle of both. */
function spanBetween(low: number | undefined, high: number | undefined): Span | undefined {
  if (low === undefined && high === undefined) return undefined;
  const middle =
    low !== undefined && high !== undefined ? low + (high - low) / 2 : (low ?? high ?? 0);
  return { lo: low ?? -Infinity, hi: high ?? Infinity, value: middle };
}

function rangeSpan({ low, high }: Members): Span | undefined {
  return spanBetween(quantityValue(low), quantityValue(high));
}

function quantityValue(quantity: unknown): number | undefined {
  return finiteNumber((quantity as Members | undefined)?.['value']);
}

function addQuantity({ param, valueType }: ValuePlace, value: unknown, entries: EntrySink): void {
  const members = value as Members;
  const [span, unitSource] = quantitySpan(valueType, members);
  if (!span) return;
  const unit =
    valueType === 'Money'
      ? { system: 'urn:iso:std:iso:4217', code: textOrNull(members['currency']), unit: null }
      : unitOf(unitSource);
  entries.push({ kind: 'quantity', param, ...span, ...unit });
  const canonical =
    unit.system === ucumSystem && unit.code !== null ? canonicalUnit(unit.code) : undefined;
  if (!canonical) return;
  entries.push({ kind: 'ucum', param, ...canonicalSpan(span, canonical), unit: canonical.unit });
}

/** The same in the canonical unit; open ends stay open. */
export function canonicalSpan({ lo, hi, value }: Span, unit: CanonicalUnit): Span {
  const converted = canonicalValue(value, unit);
  const bound = (end: number): number => (end === value ? converted : canonicalValue(end, unit));
  return { lo: bound(lo), hi: bound(hi), value: converted };
}

/** The span of a quantity-like value and where its unit stands. */
function quantitySpan(valueType: string, members: Members): readonly [Span | undefined, unknown] {
  if (valueType === 'Range') return [rangeSpan(members), members['low'] ?? members['high']];
  if (valueType === 'SampledData') {
    const { lowerLimit, upperLimit, origin } = members;
    return [spanBetween(finiteNumber(lowerLimit), finiteNumber(upperLimit)), origin];
  }
  const value = finiteNumber(members['value']);
  return [value === undefined ? undefined : comparedSpan(value, members['comparator']), members];
}

/** `<5` is anything below 5: an open end; the bound itself is taken in. */
function comparedSpan(value: number, comparator: unknown): Span {
  switch (comparator) {
    case '<':
    case '<=':
      return { lo: -Infinity, hi: value, value };
    case '>':
    case '>=':
      return { lo: value, hi: Infinity, value };
    default:
      return { lo: value, hi: value, value };
  }
}

function unitOf(quantity: unknown): {
  readonly system: string | null;
  readonly code: string | null;
  readonly unit: string | null;
} {
  const { system, code, unit } = (quantity ?? {}) as Members;
  return { system: textOrNull(system), code: textOrNull(code), unit: textOrNull(unit) };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A canonical with a version is found with it and without. */
function addUri({ param, valueType }: ValuePlace, value: unknown, entries: EntrySink): void {
  if (typeof value !== 'string') return;
  entries.push({ kind: 'uri', param, value });
  if (valueType === 'canonical' && value.includes('|')) {
    entries.push({ kind: 'uri', param, value: splitCanonical(value).url });
  }
}

function addReference({ param }: ValuePlace, value: unknown, entries: EntrySink): void {
  if (typeof value === 'string') {
    addAddress(param, value, entries);
    return;
  }
  const { reference, identifier, resourceType, id } = value as Members;
  if (typeof reference === 'string') addAddress(param, reference, entries);
  if (typeof resourceType === 'string' && typeof id === 'string') {
    addAddress(param, `${resourceType}/${id}`, entries);
  }
  const { system, value: code } = (identifier ?? {}) as Members;
  if (typeof code === 'string') {
    entries.push({ kind: 'referenceIdentifier', param, system: textOrNull(system), code });
  }
}

/** Contained and conditional references point at nothing that can be searched for. */
function addAddress(param: string, text: string, entries: EntrySink): void {
  const parsed = parseReference(text);
  if (parsed?.kind === 'relative') {
    const { type, id, version = null } = parsed;
    entries.push({ kind: 'reference', param, type, id, version, url: null });
  } else if (parsed?.kind === 'absolute' || parsed?.kind === 'url') {
    const { url, version = null } = parsed;
    entries.push({ kind: 'reference', param, type: null, id: null, version, url });
  }
}
