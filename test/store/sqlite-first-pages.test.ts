import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MockInstance } from 'vitest';
import type { IndexEntry, SearchNode, SearchQuery } from '../../src/fhir/search-ast.ts';
import { openReadConnection } from '../../src/store/sqlite/connection.ts';
import { fragment } from '../../src/store/sqlite/fragment.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { openReader, type Reader } from '../../src/store/sqlite/reader.ts';
import { Statements } from '../../src/store/sqlite/statements.ts';
import type { Store } from '../../src/store/store.ts';
import { commit, put, query, remove, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
let file: string;
let store: Store;
let reader: Reader;
let statements: MockInstance<Statements['query']>;
let close: () => void;

beforeEach(async () => {
  file = `${folders.make()}/weir.db`;
  store = await openSqliteStore({ file });
  for (const id of ['a', 'b', 'c']) await commit(store, [put(id, { index: [token('code', 'x')] })]);
  const db = openReadConnection({ file });
  reader = openReader(db);
  statements = vi.spyOn(Statements.prototype, 'query');
  close = () => db.close();
});
afterEach(async () => {
  statements.mockRestore();
  close();
  await store.close();
});
afterAll(() => folders.remove());

const coded: SearchNode = { op: 'token', param: 'code', code: 'x' };
const found = (asked: SearchQuery): string =>
  (reader.shortSearch(asked)?.matches ?? []).map(({ id }) => id).join('');
const looked = (): boolean => statements.mock.calls.some(([sql]) => sql.includes('ix_token'));
const backwards = {
  sort: [{ param: '_id', kind: 'id', descending: true }],
} as const;

describe('the first page of a search', () => {
  it.each([
    ['in creation order', {}, 'abc'],
    ['sorted', backwards, 'cba'],
  ])(
    'is looked for once, until something of the type is written: %s',
    async (_title, order, ids) => {
      const asked = query(coded, order);
      expect(found(asked)).toBe(ids);
      expect(looked()).toBe(true);
      statements.mockClear();
      expect(found(asked)).toBe(ids);
      await commit(store, [put('o', { type: 'Observation', index: [token('code', 'x')] })]);
      expect(found(asked)).toBe(ids);
      expect(looked()).toBe(false);
      await commit(store, [remove('b')]);
      expect(found(asked)).toBe(ids.replace('b', ''));
      expect(looked()).toBe(true);
    },
  );

  it('is learned from a connection that looked for it, as long as it holds', async () => {
    const asked = query(coded, backwards);
    const other = openReadConnection({ file });
    const { page, ...taught } = openReader(other, (rid) => fragment(`${rid} > 0`)).taughtSearch(
      asked,
    );
    other.close();
    statements.mockClear();
    reader.learn(taught);
    expect(found(asked)).toBe(page.matches.map(({ id }) => id).join(''));
    expect(looked()).toBe(false);
    await commit(store, [remove('b')]);
    reader.learn(taught);
    expect(found(asked)).toBe('ca');
  });

  it('holds the resources as they are now', async () => {
    const version = () => reader.shortSearch(query(coded))?.matches[0]?.versionId;
    expect(version()).toBe('1');
    await commit(store, [put('a', { index: [token('code', 'x')] })]);
    expect(version()).toBe('2');
  });

  it('is looked for anew where the index changes and no version does', async () => {
    expect(found(query(coded))).toBe('abc');
    await commit(store, [{ op: 'index', type: 'Patient', id: 'a', index: [] }]);
    expect(found(query(coded))).toBe('bc');
  });

  it('is looked for anew where another type decides and is written', async () => {
    const subject: IndexEntry = {
      ...{ kind: 'reference', param: 'subject', type: 'Patient' },
      ...{ id: 'a', version: null, url: null },
    };
    const where: SearchNode = { op: 'has', type: 'Observation', param: 'subject', where: coded };
    await commit(store, [put('o', { type: 'Observation', index: [subject] })]);
    expect(found(query(where))).toBe('');
    const index = [subject, token('code', 'x')];
    await commit(store, [put('o', { type: 'Observation', index })]);
    expect(found(query(where))).toBe('a');
  });

  it('is of one order and one length', () => {
    expect(found(query(coded))).toBe('abc');
    expect(found(query(coded, backwards))).toBe('cba');
    expect(found(query(coded, { count: 2 }))).toBe('ab');
    expect(found(query(coded, { ...backwards, count: 1 }))).toBe('c');
  });

  it('leads on to the next ones', () => {
    const asked = query(coded, { ...backwards, count: 1 });
    reader.shortSearch(asked);
    const { next = '' } = reader.shortSearch(asked) ?? {};
    expect(found({ ...asked, cursor: next })).toBe('b');
  });
});
