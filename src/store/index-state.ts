/**
 * What the index of one resource type is made of, kept in the store's state as `search-parameters:<Type>`:
 * by it a start finds out which entries an earlier set of search parameters, or an earlier release, made.
 */

/** The search parameters of one type: a fingerprint by code (fhir/search-fingerprint.ts). */
export type ParameterSet = Readonly<Record<string, string>>;

/** A walk through all resources of a type that gives each the entries of one set. */
export interface IndexWalk {
  readonly wanted: ParameterSet;
  /** Where it stands; absent at its beginning. */
  readonly cursor?: string;
  readonly done: number;
  readonly total: number;
  /** The process at work, and the instant (epoch milliseconds) from which another may take over. */
  readonly holder: string;
  readonly until: number;
}

export interface IndexState {
  /** The parameters whose entries are right for every resource of the type. */
  readonly sound: ParameterSet;
  /** Present while entries are changed: those of no other parameter are to be trusted. */
  readonly walk?: IndexWalk;
}

export const indexStatePrefix = 'search-parameters:';

export function indexStateKey(type: string): string {
  return `${indexStatePrefix}${type}`;
}

/** Where nothing is known no parameter is sound. */
export function readIndexState(value: string | undefined): IndexState {
  return value === undefined ? { sound: {} } : (JSON.parse(value) as IndexState);
}

export function writeIndexState(state: IndexState): string {
  return JSON.stringify(state);
}

/** Whether the index is just what the set wants: nothing is missing, nothing is left over. */
export function isSettled({ sound, walk }: IndexState, wanted: ParameterSet): boolean {
  const codes = Object.keys(wanted);
  return (
    walk === undefined &&
    codes.length === Object.keys(sound).length &&
    codes.every((code) => sound[code] === wanted[code])
  );
}

/** The parameters that are alike in both sets. */
export function commonParameters(one: ParameterSet, other: ParameterSet): ParameterSet {
  return Object.fromEntries(Object.entries(one).filter(([code, print]) => other[code] === print));
}
