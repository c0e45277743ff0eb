/** One value of one search parameter as a leaf of the search tree. */
import { aroundInterval, dateInterval } from './date-interval.ts';
import { approximately, impreciseNumber } from './decimal.ts';
import type { SearchParameterDefinition } from './definitions.ts';
import { fold } from './fold.ts';
import { isLogicalId, localReference, parseReference, splitCanonical } from './reference.ts';
import type { Prefix, SearchLeaf, SearchNode } from './search-ast.ts';
import { splitValues, unescape } from './search-escape.ts';
import { canonicalSpan, indexedText, ofTypeParam, type IndexedType } from './search-values.ts';
import { canonicalUnit, ucumSystem } from './ucum.ts';

/** What a value is read under. */
export interface LeafPlace {
  readonly definition: Pick<SearchParameterDefinition, 'code'>;
  /** Text after the colon: `exact`, `Patient`. */
  readonly modifier: string | undefined;
  readonly options: LeafOptions;
}

/** `now` in epoch milliseconds; absolute references below `baseUrl` are local. */
export interface LeafOptions {
  readonly now: number;
  readonly baseUrl?: string;
  readonly codesOf?: CodesByModifier;
}

/** The codes by system that a value of a token parameter stands for; undefined where they are not known. */
export type CodesByModifier = (
  modifier: 'in' | 'above' | 'below',
  value: string,
) => ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** A value as it stands between commas, escapes and all; undefined where it is none of the type. */
export function readLeaf(
  type: IndexedType,
  place: LeafPlace,
  text: string,
): SearchLeaf | Extract<SearchNode, { readonly op: 'lastUpdated' }> | undefined {
  return readers[type](place, text);
}

type Reader = (place: LeafPlace, text: string) => ReturnType<typeof readLeaf>;

/** Undefined where the text is not a value of the type. */
const readers: Readonly<Record<IndexedType, Reader>> = {
  string: readString,
  token: readToken,
  date: readDate,
  number: readNumber,
  quantity: readQuantity,
  uri: readUri,
  reference: readReference,
};

function readString({ definition, modifier }: LeafPlace, text: string): SearchLeaf {
  const value = indexedText(unescape(text));
  const param = definition.code;
  if (modifier === 'exact') return { op: 'string', param, match: 'exact', value };
  const match = modifier === 'contains' ? 'contains' : 'prefix';
  return { op: 'string', param, match, value: indexedText(fold(value)) };
}

function readToken(place: LeafPlace, text: string): ReturnType<typeof readLeaf> {
  const { definition, modifier } = place;
  if (modifier === 'text') return readString({ ...place, modifier: undefined }, text);
  if (modifier === 'of-type') return readTypedIdentifier(definition.code, text);
  const token = tokenOf(text);
  return token && { op: 'token', param: definition.code, ...token };
}

/** `:of-type`: `system|code|value`, all of them. */
function readTypedIdentifier(code: string, text: string): SearchLeaf | undefined {
  const [system = '', type = '', value = '', ...more] = splitValues(text, '|').map(unescape);
  if (system === '' || type === '' || value === '' || more.length > 0) return undefined;
  return { op: 'token', param: ofTypeParam(code), system: `${system}|${type}`, code: value };
}

/** `code`, `system|code`, `|code` (no system), `system|` (any code). */
function tokenOf(
  text: string,
): { readonly system?: string | null; readonly code?: string } | undefined {
  const [first = '', second, ...more] = splitValues(text, '|').map(unescape);
  if (more.length > 0) return undefined;
  if (second === undefined) return { code: first };
  if (first === '' && second === '') return undefined;
  return {
    system: first === '' ? null : first,
    ...(second === '' ? {} : { code: second }),
  };
}

const prefixForm = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d.+-])/;

function splitPrefix(text: string): readonly [Prefix, string] {
  const [prefix] = prefixForm.exec(text) ?? [];
  return prefix === undefined ? ['eq', text] : [prefix as Prefix, text.slice(2)];
}

function readDate({ definition, options }: LeafPlace, text: string): ReturnType<typeof readLeaf> {
  const [prefix, date] = splitPrefix(unescape(text));
  // A plus that was not percent-encoded arrives as a blank.
  const interval = dateInterval(date.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (!interval) return undefined;
  const bounds = prefix === 'ap' ? aroundInterval(interval, options.now) : interval;
  const { code } = definition;
  return code === '_lastUpdated'
    ? { op: 'lastUpdated', prefix, ...bounds }
    : { op: 'date', param: code, prefix, ...bounds };
}

function readNumber({ definition }: LeafPlace, text: string): ReturnType<typeof readLeaf> {
  const [prefix, digits] = splitPrefix(unescape(text));
  const number = impreciseNumber(digits);
  if (!number) return undefined;
  const bounds = prefix === 'ap' ? approximately(number) : number;
  return { op: 'number', param: definition.code, prefix, ...bounds };
}

/** `5.4`, `5.4|system|code`, `5.4||code`; in canonical units where the code is one of UCUM. */
function readQuantity({ definition }: LeafPlace, text: string): ReturnType<typeof readLeaf> {
  const [amount = '', system = '', code = '', ...more] = splitValues(text, '|').map(unescape);
  const [prefix, digits] = splitPrefix(amount);
  const number = impreciseNumber(digits);
  if (!number || more.length > 0) return undefined;
  const bounds = prefix === 'ap' ? approximately(number) : number;
  const param = definition.code;
  const canonical = system === ucumSystem && code !== '' ? canonicalUnit(code) : undefined;
  if (canonical) {
    const { unit } = canonical;
    return { op: 'ucum', param, prefix, ...canonicalSpan(bounds, canonical), unit };
  }
  return {
    op: 'quantity',
    param,
    prefix,
    ...bounds,
    ...(system === '' ? {} : { system }),
    ...(code === '' ? {} : { code }),
  };
}

function readUri({ definition, modifier }: LeafPlace, text: string): SearchLeaf {
  const match = modifier === 'below' || modifier === 'above' ? modifier : 'exact';
  return { op: 'uri', param: definition.code, match, value: unescape(text) };
}

function readReference(place: LeafPlace, text: string): ReturnType<typeof readLeaf> {
  const { definition, modifier } = place;
  const param = definition.code;
  if (modifier === 'identifier') {
    const token = tokenOf(text);
    return token && { op: 'referenceIdentifier', param, ...token };
  }
  const target = targetOf(unescape(text), place.options.baseUrl);
  if (!target || modifier === undefined) return target && { op: 'reference', param, ...target };
  const fits = target.id !== undefined && (target.type ?? modifier) === modifier;
  return fits ? { op: 'reference', param, ...target, type: modifier } : undefined;
}

interface ReferenceTarget {
  readonly type?: string;
  readonly id?: string;
  readonly version?: string;
  readonly url?: string;
}

/** `123`, `Patient/123`, an address of this or another server, a canonical, a URN. */
function targetOf(text: string, baseUrl: string | undefined): ReferenceTarget | undefined {
  if (isLogicalId(text)) return { id: text };
  const parsed = parseReference(text);
  const reference = parsed && localReference(parsed, baseUrl);
  switch (reference?.kind) {
    case 'relative': {
      const { type, id, version } = reference;
      return { type, id, ...(version === undefined ? {} : { version }) };
    }
    case 'absolute': {
      const { url, version } = reference;
      return { url, ...(version === undefined ? {} : { version }) };
    }
    case 'url':
      return splitCanonical(text);
    default:
      return undefined;
  }
}
