import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MockInstance } from 'vitest';
import type { IndexEntry, SearchNode } from '../../src/fhir/search-ast.ts';
import { openReadConnection } from '../../src/store/sqlite/connection.ts';
import { fragment } from '../../src/store/sqlite/fragment.ts';
import { openReader } from '../../src/store/sqlite/reader.ts';
import type { Reader } from '../../src/store/sqlite/reader.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import type { Store } from '../../src/store/store.ts';
import { commit, put, query, remove, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

/** More than are read to see how few there are. */
const many = 70;

const folders = temporaryFolders();
let file: string;
let store: Store;
let db: ReturnType<typeof openReadConnection>;
let reader: Reader;
let counts: MockInstance<Statements['query']>;
let close: () => void;

beforeEach(async () => {
  file = `${folders.make()}/weir.db`;
  store = await openSqliteStore({ file });
  const ids = ['a', 'b', 'c', ...Array.from({ length: many - 3 }, (_, n) => `m${String(n)}`)];
  await commit(
    store,
    ids.map((id) => put(id, { index: [token('code', 'x')] })),
  );
  db = openReadConnection({ file });
  reader = openReader(db);
  counts = vi.spyOn(Statements.prototype, 'query');
  close = () => db.close();
});
afterEach(async () => {
  counts.mockRestore();
  close();
  await store.close();
});
afterAll(() => folders.remove());

const toPatient: IndexEntry = {
  ...{ kind: 'reference', param: 'subject', type: 'Patient' },
  ...{ id: 'a', version: null, url: null },
};

/** How often matches were counted. */
const counted = (): number =>
  counts.mock.calls.filter(([sql]) => /^SELECT count\([^)]*\) FROM (?!.*LIMIT)/s.test(sql)).length;

const coded: SearchNode = { op: 'token', param: 'code', code: 'x' };
const first = (where: SearchNode) => reader.search(query(where, { total: 'accurate', count: 1 }));

describe('the total of a search', () => {
  it('is counted once, until something of the type is written', async () => {
    expect([first(coded).total, first(coded).total]).toEqual([many, many]);
    expect(counted()).toBe(1);
    await commit(store, [put('d', { index: [token('code', 'x')] })]);
    expect([first(coded).total, first(coded).total]).toEqual([many + 1, many + 1]);
    expect(counted()).toBe(2);
    await commit(store, [put('o1', { type: 'Observation', index: [token('code', 'x')] })]);
    expect(first(coded).total).toBe(many + 1);
    expect(counted()).toBe(2);
  });

  it('is counted anew where the index changes and no version does', async () => {
    expect(first(coded).total).toBe(many);
    const again = { op: 'index', type: 'Patient', id: 'a', index: [] } as const;
    await commit(store, [again]);
    expect(first(coded).total).toBe(many - 1);
  });

  it('is counted anew where another type decides and is written', async () => {
    const subject = { index: [toPatient] };
    await commit(store, [put('o0', { type: 'Observation', index: [token('code', 'x')] })]);
    await commit(store, [put('o1', { type: 'Observation', ...subject })]);
    const where: SearchNode = { op: 'has', type: 'Observation', param: 'subject', where: coded };
    const all: SearchNode = { op: 'or', nodes: [where, { op: 'id', ids: ['b', 'c'] }] };
    expect(first(all).total).toBe(2);
    const index = [...subject.index, token('code', 'x')];
    await commit(store, [put('o1', { type: 'Observation', index })]);
    expect(first(all).total).toBe(3);
  });

  it('is counted anew where it was counted for a tree that looks elsewhere and comes to the same', async () => {
    const unknown: SearchNode = { op: 'uri', param: 'none', match: 'exact', value: 'urn:x' };
    const elsewhere: SearchNode = { op: 'chain', param: 'none', type: 'Group', where: unknown };
    const count = { total: 'accurate', count: 0 } as const;
    const totalOf = (node: SearchNode) => reader.search(query({ op: 'not', node }, count)).total;
    // As many positions as there will be versions of the type.
    await commit(store, [put('o1', { type: 'Observation' })]);
    expect(totalOf(elsewhere)).toBe(many);
    await commit(store, [remove('a')]);
    expect(totalOf(unknown)).toBe(many - 1);
  });

  it('is not counted where the first page holds all of it', () => {
    const asked = query(coded, { total: 'accurate', count: many });
    expect(reader.search(asked).total).toBe(many);
    expect(counted()).toBe(0);
  });

  it('counts a resource once that matches by two of its values', async () => {
    await commit(store, [put('a', { index: [token('code', 'x'), token('code', 'x', 'urn:s')] })]);
    expect(first(coded).total).toBe(many);
  });

  it('is learned from a connection that counted it', () => {
    const asked = query(coded, { total: 'accurate', count: 1 });
    const guarded = openReader(db, (rid) => fragment(`${rid} > 0`));
    const { total } = guarded.taughtSearch(asked);
    const other = openReadConnection({ file });
    const learning = openReader(other);
    learning.learn({ total, first: undefined });
    expect(learning.search(asked).total).toBe(many);
    expect(counted()).toBe(1);
    other.close();
  });
});
