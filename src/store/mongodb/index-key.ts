import { createHash } from 'node:crypto';
import { limits } from '../../limits.ts';

/**
 * Searchable values as packed strings, all in the one array `keys`: a parameter's name, a letter for the form, the
 * value. The writer and the search make them by the same functions; no two values of different meaning
 * give the same text.
 */
export const indexKey = {
  /** The parameter has a value, of whatever kind. */
  present: (param: string): string => `${name(param)}\tp`,
  /** Where every key of the parameter and a form begins. */
  begin: (param: string, form: KeyForm): string => `${name(param)}\t${form}\t`,
  /** What comes after every key of the parameter and a form. */
  after: (param: string, form: KeyForm): string => `${name(param)}\t${form}\n`,
  token: (param: string, form: 'c' | 'i', code: string): string =>
    `${name(param)}\t${form}\t${bounded(code)}`,
  /** Where the keys of every token of a system begin. */
  system: (param: string, form: 's' | 'j', system: string | null): string =>
    `${name(param)}\t${form}\t${systemOf(system)}\t`,
  systemToken: (param: string, form: 's' | 'j', system: string | null, code: string): string =>
    `${name(param)}\t${form}\t${systemOf(system)}\t${bounded(code)}`,
  folded: (param: string, text: string): string => `${name(param)}\tf\t${text}`,
  exact: (param: string, text: string): string => `${name(param)}\te\t${bounded(text)}`,
  uri: (param: string, uri: string): string => `${name(param)}\tu\t${uri}`,
  target: (param: string, type: string, id: string): string =>
    `${name(param)}\tt\t${bounded(type)}\t${bounded(id)}`,
  /** A reference that has a type, and no id. */
  targetWithoutId: (param: string, type: string): string =>
    `${name(param)}\tt\t${bounded(type)}\t\u0001`,
  /** Where the keys of references to a type begin. */
  targetType: (param: string, type: string): string => `${name(param)}\tt\t${bounded(type)}\t`,
  targetId: (param: string, id: string): string => `${name(param)}\td\t${bounded(id)}`,
  address: (param: string, url: string): string => `${name(param)}\ta\t${bounded(url)}`,
  reference: (param: string): string => `${name(param)}\tr`,
} as const;

/**
 * Token code, with its system; the same of identifiers of references (`i`, `j`); folded and exact string; uri;
 * reference by type and id, by id, by address.
 */
export type KeyForm = 'c' | 's' | 'i' | 'j' | 'f' | 'e' | 'u' | 't' | 'd' | 'a';

/** Numbers and dates are told apart by the resource's type and the kind, so that their index is. */
export function rangeName(type: string, param: string, kind: string): string {
  return `${type}:${kind}:${name(param)}`;
}

/** The field in `sort` of a parameter and kind. Dots and dollars mean something to MongoDB. */
export function sortField(param: string, kind: string): string {
  return `${kind}:${name(param).replaceAll('.', '%2E').replaceAll('$', '%24')}`;
}

/** Without tabs, which end it. */
function name(param: string): string {
  return param.replaceAll('%', '%25').replaceAll('\t', '%09');
}

/** A system may not hold what ends it. */
function systemOf(system: string | null): string {
  return system === null ? '-' : `+${bounded(system)}`;
}

/**
 * A value that is only compared for equality and does not end its key with a tab of its own: long ones by their
 * hash, since some servers bound the length of a key. What looks like one of these is hashed too.
 */
function bounded(text: string): string {
  const special = text.includes('\t') || text.includes('\u0001');
  if (text.length <= limits.indexKeyCharsMax && !special) return text;
  return `\u0001${createHash('sha256').update(text).digest('hex')}`;
}
