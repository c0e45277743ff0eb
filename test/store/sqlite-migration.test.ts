import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchAll, type SearchNode, type SortKey } from '../../src/fhir/search-ast.ts';
import { writeSearchCursor } from '../../src/store/cursor.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { schemaVersion } from '../../src/store/sqlite/schema.ts';
import type { JournalQuery, Store } from '../../src/store/store.ts';
import { commit, idsOf, put, query, remove, token } from '../contract/store-fixture.ts';
import { writeLayout1 } from './layout-1-file.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
let file: string;
let store: Store;
beforeAll(async () => {
  file = `${folders.make()}/weir.db`;
  writeLayout1(file);
  store = await openSqliteStore({ file });
});
afterAll(async () => {
  await store.close();
  folders.remove();
});

const searches: readonly (readonly [string, 'Patient' | 'Observation', SearchNode, string[]])[] = [
  ['everything', 'Patient', matchAll, ['p1', 'p2']],
  ['a token', 'Patient', { op: 'token', param: 'identifier', code: 'A 2' }, ['p2']],
  [
    'a token in its system',
    'Patient',
    { op: 'token', param: 'identifier', system: 'urn:mrn', code: 'A 1' },
    ['p1'],
  ],
  ['an identifier', 'Patient', { op: 'referenceIdentifier', param: 'gp', code: '7' }, ['p1']],
  ['a string', 'Patient', { op: 'string', param: 'name', match: 'prefix', value: 'mey' }, ['p2']],
  [
    'a date that ends late',
    'Patient',
    { op: 'date', param: 'birthdate', prefix: 'gt', lo: 0, hi: 86_400_000 },
    ['p2'],
  ],
  [
    'an address',
    'Patient',
    { op: 'uri', param: 'url', match: 'below', value: 'http://a.test' },
    ['p2'],
  ],
  ['a missing one', 'Patient', { op: 'missing', param: 'url', missing: true }, ['p1']],
  [
    'a number',
    'Observation',
    { op: 'number', param: 'n', prefix: 'eq', value: 5.5, lo: 5.45, hi: 5.55 },
    ['o1'],
  ],
  [
    'a quantity',
    'Observation',
    {
      ...{ op: 'quantity', param: 'q', prefix: 'gt', value: 8, lo: 7.5, hi: 8.5 },
      ...{ system: 'urn:ucum', code: 'mg' },
    },
    ['o1'],
  ],
  [
    'a reference to a version',
    'Observation',
    { op: 'reference', param: 'subject', type: 'Patient', id: 'p1', version: '4' },
    ['o1'],
  ],
  [
    'a reference by address',
    'Observation',
    { op: 'reference', param: 'subject', url: 'http://o.test/1' },
    ['o1'],
  ],
  ['a bare type', 'Observation', { op: 'reference', param: 'focus', type: 'Device' }, ['o1']],
  [
    'a chain',
    'Observation',
    {
      ...{ op: 'chain', param: 'subject', type: 'Patient' },
      where: { op: 'token', param: 'identifier', code: 'A 1' },
    },
    ['o1'],
  ],
];

describe('a data file of layout 1', () => {
  for (const [title, type, where, expected] of searches) {
    it(`is searched by ${title}`, async () => {
      expect(await idsOf(store, where, { types: [type] })).toEqual(expected);
    });
  }

  it('is sorted by what it had', async () => {
    const byName = (descending: boolean): SortKey[] => [
      { param: 'name', kind: 'string', descending },
    ];
    expect(await idsOf(store, matchAll, { sort: byName(false) })).toEqual(['p1', 'p2']);
    expect(await idsOf(store, matchAll, { sort: byName(true) })).toEqual(['p1', 'p2']);
    const newest: SortKey[] = [{ param: 'date', kind: 'date', descending: true }];
    const code: SearchNode = { op: 'token', param: 'code', code: '718-7' };
    expect(await idsOf(store, code, { types: ['Observation'], sort: newest })).toEqual(['o1']);
  });

  it('keeps versions, counts and what is deleted', async () => {
    expect((await store.read('Patient', 'p1'))?.versionId).toBe('1');
    expect((await store.read('Patient', 'gone'))?.deleted).toBe(true);
    expect(await store.counts()).toEqual(
      new Map([
        ['Observation', 1],
        ['Patient', 2],
      ]),
    );
  });

  it('finds its messages by all that they had, and by fields once they are given some', async () => {
    const found = async (asked: Partial<JournalQuery>): Promise<string[]> =>
      (await store.journal.list({ ...asked, count: 9 })).entries.map(({ id }) => id);
    expect(await found({})).toEqual(['m2', 'm1']);
    expect(await found({ feed: 'lab' })).toEqual(['m2']);
    expect(await found({ state: ['failed', 'parked'] })).toEqual(['m2']);
    expect(await found({ messageType: 'ADT^A01', to: new Date(1500) })).toEqual(['m1']);
    expect(await found({ patient: 'Patient/p1', state: 'processed' })).toEqual(['m1']);
    const m1 = await store.journal.read('m1');
    expect(Buffer.from(m1?.bytes ?? []).toString()).toBe('MSH|m1');
    expect(m1).not.toHaveProperty('fields');
    await commit(store, [], { journal: m1 ? [{ ...m1, fields: ['PID-3=1'] }] : [] });
    expect(await found({ fields: ['PID-3=1'] })).toEqual(['m1']);
    const removal = { states: ['failed'], before: new Date(3000), count: 9 } as const;
    expect(await store.journal.remove(removal)).toBe(1);
    expect(await found({})).toEqual(['m1']);
  });

  it('refuses a sorted walk that began before', async () => {
    const sort: SortKey[] = [{ param: 'name', kind: 'string', descending: false }];
    const cursor = writeSearchCursor({ snapshot: 4, values: ['abel'], ordinal: 1, total: null });
    await expect(store.search(query(matchAll, { sort, cursor }))).rejects.toMatchObject({
      issues: [{ code: 'cursor-invalid' }],
    });
  });

  it('is gone on with: what is replaced and deleted leaves nothing', async () => {
    await commit(store, [put('p2', { index: [token('identifier', 'new')] })]);
    await commit(store, [remove('o1', undefined, 'Observation'), remove('p1')]);
    await store.close();
    const db = new Database(file);
    const rows = (table: string): unknown =>
      db.prepare(`SELECT count(*) FROM ix_${table}`).pluck().get();
    const tables = ['token', 'dated', 'string', 'date', 'number', 'uri', 'reference'];
    expect(tables.map(rows)).toEqual([1, 0, 0, 0, 0, 0, 0]);
    expect(db.pragma('user_version', { simple: true })).toBe(schemaVersion);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
    store = await openSqliteStore({ file });
    expect(await idsOf(store, { op: 'token', param: 'identifier' })).toEqual(['p2']);
  });
});
