import { setTimeout } from 'node:timers/promises';
import type { Resource } from '../../src/fhir/resource.ts';
import type { IndexEntry, SearchNode } from '../../src/fhir/search-ast.ts';
import { readIndexState, type IndexWalk, type ParameterSet } from '../../src/store/index-state.ts';
import { startReindex, type Reindex } from '../../src/store/reindex.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { at, commit, put, token } from '../contract/store-fixture.ts';

/** Parameters by code, each a token of the element of its name; the number is the definition's, which gives other entries. */
type Parameters = Readonly<Record<string, number>>;

export const count = 1_000;
export const ids = Array.from({ length: count }, (_, n) => `p${n}`);

export const red = { op: 'token', param: 'color', code: 'red' } as const;
export const noColor = { op: 'missing', param: 'color', missing: true } as const;
export const hasColor = { op: 'missing', param: 'color', missing: false } as const;

export interface BeginOptions {
  readonly holder?: string;
  readonly clock?: () => Date;
  readonly onExtract?: (id: string) => unknown;
  readonly onError?: (fields: object) => unknown;
  /** Called when it rests between two steps. */
  readonly onRest?: () => unknown;
}

export function begin(
  store: Store,
  parameters: Parameters,
  options: BeginOptions = {},
): Promise<Reindex> {
  const { holder = 'only', clock = () => at(0), onExtract, onError, onRest } = options;
  return startReindex({
    store,
    clock,
    holder,
    rest: (ms, signal) => {
      onRest?.();
      return setTimeout(Math.min(ms, 5), undefined, { signal });
    },
    log: { info: () => undefined, error: (fields) => onError?.(fields) },
    types: ['Basic', 'Patient'],
    parametersOf: () => printsOf(parameters),
    extract: (resource) => {
      onExtract?.(resource.id ?? '');
      return entriesOf(resource, parameters);
    },
  });
}

function printsOf(parameters: Parameters): ParameterSet {
  return Object.fromEntries(Object.entries(parameters).map(([code, n]) => [code, `${code}${n}`]));
}

function entriesOf(resource: Resource, parameters: Parameters): IndexEntry[] {
  return Object.entries(parameters).flatMap(([code, definition]) => {
    const value = resource[code];
    return typeof value === 'string' ? [token(code, definition === 1 ? value : 'another')] : [];
  });
}

export function indexed(
  id: string,
  content: Record<string, string>,
  parameters: Parameters,
): Change {
  const index = entriesOf({ resourceType: 'Patient', ...content }, parameters);
  return put(id, { content, index });
}

/** Fills a store as a start with these parameters would. */
export async function populate(store: Store, parameters: Parameters): Promise<Store> {
  await (await begin(store, parameters)).idle();
  const contents = ids.map((_, n) => ({ color: n % 2 === 0 ? 'red' : 'blue', size: `${n}` }));
  await commit(
    store,
    contents.map((content, n) => indexed(ids[n] ?? '', content, parameters)),
  );
  return store;
}

export async function walkOf(store: Store): Promise<IndexWalk | undefined> {
  return readIndexState((await store.state('search-parameters:Patient'))?.value).walk;
}

export async function countOf(store: Store, where: SearchNode): Promise<number | undefined> {
  const page = await store.search({
    types: ['Patient'],
    where,
    sort: [],
    count: 0,
    total: 'accurate',
  });
  return page.total;
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(2);
}
