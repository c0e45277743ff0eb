import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, expect, it } from 'vitest';
import type { IndexEntry } from '../../src/fhir/search-ast.ts';
import { openConnection } from '../../src/store/sqlite/connection.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { purgeTexts } from '../../src/store/sqlite/purge.ts';
import { commit, idsOf, put, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

const composite: IndexEntry = {
  kind: 'composite',
  param: 'pair',
  parts: [
    { kind: 'token', system: 'urn:first', code: 'a' },
    { kind: 'token', system: 'urn:second', code: 'b' },
  ],
};

it('removes texts that no row names, and leaves all others', async () => {
  const file = `${folders.make()}/weir.db`;
  const store = await openSqliteStore({ file });
  await commit(store, [
    put('a', { index: [token('kept', '1', 'urn:kept'), composite] }),
    put('b', { index: [token('lost', '2', 'urn:lost')] }),
  ]);
  await commit(store, [put('b', { index: [token('kept', '2')] })]);
  await store.close();
  const db = openConnection({ file });
  expect(purgeTexts(db)).toBe(2);
  db.close();
  const names = new Database(file).prepare('SELECT text FROM name ORDER BY text').pluck();
  expect(names.all()).toEqual([
    'k:token,token',
    'p:Patient:kept:token',
    'p:Patient:pair:composite',
    's:urn:first',
    's:urn:kept',
    's:urn:second',
    't:Patient',
  ]);
  const again = await openSqliteStore({ file });
  expect(await idsOf(again, { op: 'token', param: 'kept', system: 'urn:kept' })).toEqual(['a']);
  const parts = [
    { op: 'token', system: 'urn:first', code: 'a' },
    { op: 'token', system: 'urn:second' },
  ] as const;
  expect(await idsOf(again, { op: 'composite', param: 'pair', parts })).toEqual(['a']);
  await commit(again, [put('b', { index: [token('lost', '3', 'urn:lost')] })]);
  expect(await idsOf(again, { op: 'token', param: 'lost', system: 'urn:lost' })).toEqual(['b']);
  await again.close();
});
