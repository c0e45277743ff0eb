/** One search parameter with its values as a node of the search tree. */
import { limits } from '../limits.ts';
import { aroundInterval, dateInterval } from './date-interval.ts';
import { approximately, impreciseNumber } from './decimal.ts';
import { isResourceType, type SearchParameterDefinition } from './definitions.ts';
import { fold } from './fold.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import { isLogicalId, localReference, parseReference, splitCanonical } from './reference.ts';
import type { Prefix, SearchNode } from './search-ast.ts';
import { indexedText } from './search-values.ts';

/** What a value is read under. */
export interface ConditionPlace {
  readonly definition: SearchParameterDefinition;
  /** Text after the colon: `exact`, `Patient`. */
  readonly modifier: string | undefined;
  /** `now` in epoch milliseconds; absolute references below `baseUrl` are local. */
  readonly options: { readonly now: number; readonly baseUrl?: string };
}

/** What reading one parameter gives; `used` is the value where it makes no condition. */
export type ParamOutcome =
  { readonly node: SearchNode } | { readonly issue: Issue } | { readonly used: string };

/** Reads the values of one parameter; the issue says what is wrong without repeating the value. */
export function parseCondition(place: ConditionPlace, value: string): ParamOutcome {
  const { definition, modifier } = place;
  const { code, type } = definition;
  if (modifier === 'missing') return missing(definition, value);
  if (type === 'composite' || type === 'special') {
    return refused('not-supported', `${code}: parameters of type ${type} are not offered`);
  }
  if (modifier !== undefined && !isOffered(place, modifier)) {
    return refused('search-modifier', `${code} takes no such modifier, or it is not offered`);
  }
  const values = splitValues(value, ',').filter((part) => part !== '');
  if (values.length > limits.searchValuesMax) {
    return refused(
      'limit',
      `${code} has more than ${String(limits.searchValuesMax)} values (searchValuesMax)`,
    );
  }
  if (values.length === 0) return { used: value };
  if (code === '_id') return idNode(values);
  const nodes: SearchNode[] = [];
  for (const text of values) {
    const node = readers[type](place, text);
    if (node === undefined) return refused('search-value', `A value of ${code} is not a ${type}`);
    nodes.push(node);
  }
  const [only] = nodes;
  const any: SearchNode = only && nodes.length === 1 ? only : { op: 'or', nodes };
  return { node: modifier === 'not' ? { op: 'not', node: any } : any };
}

function refused(code: IssueCode, diagnostics: string): { readonly issue: Issue } {
  return { issue: errorIssue(code, diagnostics) };
}

const modifiers: Readonly<Record<string, readonly string[]>> = {
  string: ['exact', 'contains'],
  token: ['not'],
  uri: ['below', 'above'],
  reference: ['identifier'],
};

function isOffered({ definition }: ConditionPlace, modifier: string): boolean {
  if (definition.code === '_id') return false;
  if (modifiers[definition.type]?.includes(modifier)) return true;
  return definition.type === 'reference' && isResourceType(modifier);
}

/** `_id` and `_lastUpdated` are never missing. */
function missing({ code, type }: SearchParameterDefinition, value: string): ParamOutcome {
  if (value !== 'true' && value !== 'false') {
    return refused('search-value', `${code}:missing is true or false`);
  }
  if (type === 'composite' || type === 'special') {
    return refused('not-supported', `${code}: parameters of type ${type} are not offered`);
  }
  const isMissing = value === 'true';
  if (code === '_id' || code === '_lastUpdated') {
    return { node: { op: isMissing ? 'or' : 'and', nodes: [] } };
  }
  return { node: { op: 'missing', param: code, missing: isMissing } };
}

/** An id that cannot be one matches nothing. */
function idNode(values: readonly string[]): ParamOutcome {
  return { node: { op: 'id', ids: [...new Set(values.map(unescape))] } };
}

type Reader = (place: ConditionPlace, text: string) => SearchNode | undefined;
type ReadType = Exclude<SearchParameterDefinition['type'], 'composite' | 'special'>;

/** Undefined where the text is not a value of the type. */
const readers: Readonly<Record<ReadType, Reader>> = {
  string: readString,
  token: readToken,
  date: readDate,
  number: readNumber,
  quantity: readQuantity,
  uri: readUri,
  reference: readReference,
};

function readString({ definition, modifier }: ConditionPlace, text: string): SearchNode {
  const value = indexedText(unescape(text));
  const param = definition.code;
  if (modifier === 'exact') return { op: 'string', param, match: 'exact', value };
  const match = modifier === 'contains' ? 'contains' : 'prefix';
  return { op: 'string', param, match, value: indexedText(fold(value)) };
}

function readToken({ definition }: ConditionPlace, text: string): SearchNode | undefined {
  const token = tokenOf(text);
  return token && { op: 'token', param: definition.code, ...token };
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

function readDate({ definition, options }: ConditionPlace, text: string): SearchNode | undefined {
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

function readNumber({ definition }: ConditionPlace, text: string): SearchNode | undefined {
  const [prefix, digits] = splitPrefix(unescape(text));
  const number = impreciseNumber(digits);
  if (!number) return undefined;
  const bounds = prefix === 'ap' ? approximately(number) : number;
  return { op: 'number', param: definition.code, prefix, ...bounds };
}

/** `5.4`, `5.4|system|code`, `5.4||code`. */
function readQuantity({ definition }: ConditionPlace, text: string): SearchNode | undefined {
  const [amount = '', system = '', code = '', ...more] = splitValues(text, '|').map(unescape);
  const [prefix, digits] = splitPrefix(amount);
  const number = impreciseNumber(digits);
  if (!number || more.length > 0) return undefined;
  const bounds = prefix === 'ap' ? approximately(number) : number;
  return {
    op: 'quantity',
    param: definition.code,
    prefix,
    ...bounds,
    ...(system === '' ? {} : { system }),
    ...(code === '' ? {} : { code }),
  };
}

function readUri({ definition, modifier }: ConditionPlace, text: string): SearchNode {
  const match = modifier === 'below' || modifier === 'above' ? modifier : 'exact';
  return { op: 'uri', param: definition.code, match, value: unescape(text) };
}

function readReference(place: ConditionPlace, text: string): SearchNode | undefined {
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

/** Splits at a separator that no backslash escapes; the escapes stay. */
function splitValues(text: string, separator: ',' | '|'): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Takes the backslash before `,`, `|`, `$` and `\` away; any other stays. */
function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text;
}
