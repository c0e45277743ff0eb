import type { IndexEntry, SearchNode, SearchQuery, SortKey } from '../../src/fhir/search-ast.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import {
  CommitRefused,
  type Change,
  type Commit,
  type CommitResult,
  type Expectation,
  type JournalEntry,
  type Refusal,
  type Store,
} from '../../src/store/store.ts';

/** A clock that ticks a second per call, from a fixed start. */
export const start = Date.UTC(2026, 0, 1);
export const at = (second: number): Date => new Date(start + second * 1_000);

interface PutOptions {
  readonly type?: string;
  readonly index?: readonly IndexEntry[];
  readonly expect?: Expectation;
  readonly skipIfSame?: boolean;
  readonly content?: Record<string, unknown>;
}

export function put(id: string, options: PutOptions = {}): Change {
  const { type = 'Patient', index = [], content = {}, expect, skipIfSame } = options;
  const resource: IdentifiedResource = { resourceType: type, id, ...content };
  return {
    op: 'put',
    resource,
    index,
    ...(expect === undefined ? {} : { expect }),
    ...(skipIfSame === undefined ? {} : { skipIfSame }),
  };
}

export function remove(id: string, expect?: Expectation, type = 'Patient'): Change {
  return { op: 'delete', type, id, ...(expect === undefined ? {} : { expect }) };
}

/** Commits changes and effects with what the port wants besides. */
export function commit(
  store: Store,
  changes: readonly Change[],
  effects: Partial<Omit<Commit, 'changes'>> = {},
): Promise<CommitResult> {
  return store.commit({ now: at(0), origin: 'test', changes, ...effects });
}

/** Why a commit was refused; fails the test where it was not. */
export async function refusalOf(refused: Promise<unknown>): Promise<Refusal> {
  try {
    await refused;
  } catch (error) {
    if (error instanceof CommitRefused) return error.refusal;
    throw error;
  }
  throw new Error('The commit was not refused');
}

export const token = (param: string, code: string, system: string | null = null): IndexEntry => ({
  kind: 'token',
  param,
  system,
  code,
});
export const text = (param: string, exact: string): IndexEntry => ({
  kind: 'string',
  param,
  folded: exact.toLowerCase(),
  exact,
});
export const date = (param: string, lo: number, hi: number): IndexEntry => ({
  kind: 'date',
  param,
  lo,
  hi,
});

interface SearchOptions {
  readonly types?: readonly [string, ...string[]];
  readonly sort?: readonly SortKey[];
  readonly count?: number;
  readonly total?: SearchQuery['total'];
  readonly cursor?: string;
}

export function query(where: SearchNode, options: SearchOptions = {}): SearchQuery {
  return { types: ['Patient'], where, sort: [], count: 100, total: 'none', ...options };
}

/** The ids a search finds, in its order. */
export async function idsOf(
  store: Store,
  where: SearchNode,
  options: SearchOptions = {},
): Promise<string[]> {
  const { matches } = await store.search(query(where, options));
  return matches.map(({ id }) => id);
}

/** All pages of a walk, as ids; `between` runs after each page. */
export async function walk(
  store: Store,
  first: SearchQuery,
  between: (page: number) => Promise<void> = () => Promise.resolve(),
): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page++) {
    const found = await store.search(cursor === undefined ? first : { ...first, cursor });
    seen.push(...found.matches.map(({ id }) => id));
    cursor = found.next;
    if (cursor === undefined) return seen;
    await between(page);
  }
}

export function journalEntry(id: string, changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    id,
    feed: 'ehr',
    peer: '192.0.2.1:4000',
    receivedAt: at(0),
    controlId: `C-${id}`,
    messageType: 'ADT^A01',
    hash: `hash-${id}`,
    bytes: new TextEncoder().encode(`MSH|${id}`),
    state: 'received',
    attempts: 0,
    ...changes,
  };
}
