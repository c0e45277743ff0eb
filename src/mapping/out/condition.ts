import { stringify } from '../../fhir/json.ts';
import type { Resource } from '../../fhir/resource.ts';
import {
  parseOutPath,
  placeOf,
  textOf,
  valuesAt,
  type OutPath,
  type Place,
  type Walk,
} from './place.ts';

/**
 * When a rule of an out-map holds: `created`, `updated`, `changed start, end`, `PATH`, `!PATH`, `PATH = a, b`,
 * `PATH != a`, each also of the version before with `was `; joined by ` and `.
 */
export type OutCondition = readonly Term[];

type Term =
  | { readonly kind: 'created' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'changed'; readonly paths: readonly OutPath[] }
  | {
      readonly kind: 'value';
      readonly ofBefore: boolean;
      readonly path: OutPath;
      readonly wanted: 'any' | 'none' | 'in' | 'not in';
      readonly values: readonly string[];
    };

/** Undefined where the text is no condition. */
export function parseOutCondition(text: string): OutCondition | undefined {
  const terms = text.split(/ and /).map((part) => parseTerm(part.trim()));
  return terms.some((term) => term === undefined) ? undefined : (terms as Term[]);
}

function parseTerm(text: string): Term | undefined {
  if (text === 'created' || text === 'updated') return { kind: text };
  if (text.startsWith('changed ')) {
    const paths = text
      .slice(8)
      .split(',')
      .map((part) => parseOutPath(part.trim()));
    return paths.includes(undefined) ? undefined : { kind: 'changed', paths: paths as OutPath[] };
  }
  return parseValueTerm(text);
}

function parseValueTerm(text: string): Term | undefined {
  const ofBefore = text.startsWith('was ');
  const body = ofBefore ? text.slice(4).trim() : text;
  const [, left = '', sign = '', right = ''] = /^(.*?)(?:\s+(!?=)\s+(.*))?$/s.exec(body) ?? [];
  const isNone = sign === '' && left.startsWith('!');
  const path = parseOutPath(isNone ? left.slice(1) : left);
  if (path === undefined) return undefined;
  const values = right.split(',').map((value) => value.trim());
  const wanted = sign === '' ? (isNone ? 'none' : 'any') : sign === '=' ? 'in' : 'not in';
  return { kind: 'value', ofBefore, path, wanted, values };
}

/** The change that conditions are asked about. */
export interface ConditionScope {
  readonly place: Place;
  readonly walk: Walk;
  readonly before?: Resource;
}

export function conditionHolds(condition: OutCondition, scope: ConditionScope): boolean {
  return condition.every((term) => termHolds(term, scope));
}

function termHolds(term: Term, scope: ConditionScope): boolean {
  const { before, walk, place } = scope;
  if (term.kind === 'created') return before === undefined;
  if (term.kind === 'updated') return before !== undefined;
  if (term.kind === 'changed') return term.paths.some((path) => isChanged(path, scope));
  if (term.ofBefore && before === undefined) return term.wanted === 'none';
  const root = before === undefined ? walk.root : placeOf(before);
  const found = term.ofBefore
    ? valuesAt(term.path, root, { ...walk, root })
    : valuesAt(term.path, place, walk);
  if (term.wanted === 'any') return found.length > 0;
  if (term.wanted === 'none') return found.length === 0;
  const has = found.some(({ value }) => term.values.includes(textOf(value)));
  return term.wanted === 'in' ? has : !has;
}

function isChanged(path: OutPath, { before, walk }: ConditionScope): boolean {
  if (before === undefined) return false;
  const root = placeOf(before);
  const text = (from: Place): string =>
    stringify(valuesAt(path, from, { ...walk, root: from }).map(({ value }) => value));
  return text(walk.root) !== text(root);
}
