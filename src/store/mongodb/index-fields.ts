import type { IndexEntry, ValueEntry, WithoutParam } from '../../fhir/search-ast.ts';
import { compareSortValues } from '../order.ts';
import { indexKey, rangeName, sortField } from './index-key.ts';

/** What the documents of `resource` are found and sorted by. Arrays that would be empty are left out. */
export interface IndexFields {
  readonly keys: readonly string[];
  readonly dates?: readonly DateField[];
  readonly numbers?: readonly NumberField[];
  readonly composites?: readonly CompositeField[];
  readonly points?: readonly PointField[];
  readonly references?: readonly ReferenceField[];
  /** By {@link sortField}; `has` is 1, so that what has a value comes first in both directions. */
  readonly sort: Readonly<Record<string, SortField>>;
}
export interface DateField {
  readonly p: string;
  readonly lo: number;
  readonly hi: number;
}
/** `code` and `unit` are of quantities; `unit` alone is the canonical one of UCUM. */
export interface NumberField extends DateField {
  readonly value: number;
  readonly system?: string | null;
  readonly code?: string | null;
  readonly unit?: string | null;
}
/** The values of a composite, in their order: `v0`, `v1` ... */
export interface CompositeField {
  readonly p: string;
  readonly parts: number;
  readonly [value: `v${number}`]: Readonly<Record<string, unknown>>;
}
export interface PointField {
  readonly p: string;
  readonly latitude: number;
  readonly longitude: number;
}
export interface ReferenceField {
  readonly p: string;
  readonly type: string | null;
  readonly id: string | null;
  readonly version: string | null;
  readonly url: string | null;
}
export interface SortField {
  readonly has: 1;
  readonly least: string | number;
  readonly greatest: string | number;
}

/** The fields of a resource's index entries. */
export function indexFields(type: string, entries: readonly IndexEntry[]): IndexFields {
  const gathered = new Gathered(type);
  for (const entry of entries) gathered.add(entry);
  return gathered.fields();
}

/** Of what is deleted. */
export const noFields: IndexFields = { keys: [], sort: {} };

class Gathered {
  readonly #type: string;
  readonly #keys = new Set<string>();
  readonly #dates: DateField[] = [];
  readonly #numbers: NumberField[] = [];
  readonly #composites: CompositeField[] = [];
  readonly #points: PointField[] = [];
  readonly #references: ReferenceField[] = [];
  readonly #sort: Record<string, SortField> = {};

  constructor(type: string) {
    this.#type = type;
  }

  fields(): IndexFields {
    return {
      keys: [...this.#keys],
      ...valued('dates', this.#dates),
      ...valued('numbers', this.#numbers),
      ...valued('composites', this.#composites),
      ...valued('points', this.#points),
      ...valued('references', this.#references),
      sort: this.#sort,
    };
  }

  add(entry: IndexEntry): void {
    this.#keys.add(indexKey.present(entry.param));
    const p = rangeName(this.#type, entry.param, entry.kind);
    switch (entry.kind) {
      case 'composite':
        this.#composites.push({ p, parts: entry.parts.length, ...partValues(entry.parts) });
        return;
      case 'position':
        this.#points.push({ p, latitude: entry.latitude, longitude: entry.longitude });
        return;
      default:
        this.#addValue(entry, p);
    }
  }

  #addValue(entry: ValueEntry, p: string): void {
    switch (entry.kind) {
      case 'token':
        this.#addToken(entry, 'c', 's');
        return this.#sortBy(entry.param, 'token', entry.code);
      case 'referenceIdentifier':
        return this.#addToken(entry, 'i', 'j');
      case 'string':
        this.#keys.add(indexKey.folded(entry.param, entry.folded));
        this.#keys.add(indexKey.exact(entry.param, entry.exact));
        return this.#sortBy(entry.param, 'string', entry.folded);
      case 'date': {
        const lo = boundedInteger(entry.lo);
        this.#dates.push({ p, lo, hi: boundedInteger(entry.hi) });
        return this.#sortBy(entry.param, 'date', lo);
      }
      case 'uri':
        this.#keys.add(indexKey.uri(entry.param, entry.value));
        return this.#sortBy(entry.param, 'uri', entry.value);
      case 'reference':
        return this.#addReference(entry);
      case 'number':
      case 'quantity':
      case 'ucum':
        this.#numbers.push({ p, ...(valueFields(entry) as Omit<NumberField, 'p'>) });
        if (entry.kind !== 'ucum') this.#sortBy(entry.param, entry.kind, boundedReal(entry.value));
    }
  }

  #addToken(
    { param, system, code }: { param: string; system: string | null; code: string },
    form: 'c' | 'i',
    withSystem: 's' | 'j',
  ): void {
    this.#keys.add(indexKey.token(param, form, code));
    this.#keys.add(indexKey.systemToken(param, withSystem, system, code));
  }

  #addReference(entry: Extract<ValueEntry, { kind: 'reference' }>): void {
    const { param, type, id, version, url } = entry;
    this.#references.push({ p: param, type, id, version, url });
    this.#keys.add(indexKey.reference(param));
    if (type !== null) {
      const target =
        id === null ? indexKey.targetWithoutId(param, type) : indexKey.target(param, type, id);
      this.#keys.add(target);
    }
    if (id !== null) this.#keys.add(indexKey.targetId(param, id));
    if (url !== null) this.#keys.add(indexKey.address(param, url));
    this.#sortBy(param, 'reference', url ?? (type === null ? '' : `${type}/`) + (id ?? ''));
  }

  #sortBy(param: string, kind: string, value: string | number): void {
    const field = sortField(param, kind);
    const known = this.#sort[field];
    const least = known === undefined || isBefore(value, known.least) ? value : known.least;
    const greatest =
      known === undefined || isBefore(known.greatest, value) ? value : known.greatest;
    this.#sort[field] = { has: 1, least, greatest };
  }
}

function isBefore(a: string | number, b: string | number): boolean {
  return compareSortValues(a, b, { param: '', kind: 'string', descending: false }) < 0;
}

function partValues(
  parts: readonly WithoutParam<ValueEntry>[],
): Pick<CompositeField, `v${number}`> {
  return Object.fromEntries(
    parts.map((part, at) => [`v${at}`, { kind: part.kind, ...valueFields(part) }]),
  );
}

/** The fields of one value where it stands within an array of sub-documents. */
function valueFields(entry: WithoutParam<ValueEntry>): Readonly<Record<string, unknown>> {
  switch (entry.kind) {
    case 'token':
    case 'referenceIdentifier':
      return { system: entry.system, code: entry.code };
    case 'string':
      return { folded: entry.folded, exact: entry.exact };
    case 'date':
      return { lo: boundedInteger(entry.lo), hi: boundedInteger(entry.hi) };
    case 'number':
      return realFields(entry);
    case 'quantity': {
      const { system, code, unit } = entry;
      return { ...realFields(entry), system, code, unit };
    }
    case 'ucum':
      return { ...realFields(entry), unit: entry.unit };
    case 'uri':
      return { uri: entry.value };
    case 'reference': {
      const { type, id, version, url } = entry;
      return { type, id, version, url };
    }
  }
}

function realFields({ lo, hi, value }: { lo: number; hi: number; value: number }) {
  return { lo: boundedReal(lo), hi: boundedReal(hi), value: boundedReal(value) };
}

/** Open ends as the largest numbers that JSON holds too, since cursors carry them. */
export function boundedInteger(value: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}
export function boundedReal(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}

function valued<Name extends string, Item>(
  name: Name,
  items: readonly Item[],
): Partial<Record<Name, readonly Item[]>> {
  return items.length === 0 ? {} : ({ [name]: items } as Record<Name, readonly Item[]>);
}
