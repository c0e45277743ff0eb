import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { at, commit, idsOf, remove } from '../contract/store-fixture.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import {
  begin,
  count,
  countOf,
  hasColor,
  ids,
  indexed,
  noColor,
  populate,
  red,
  until,
  walkOf,
} from './colored-patients.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

describe('reindexing a SQLite store', () => {
  it('goes on where a killed process stood', async () => {
    const file = `${folders.make()}/weir.db`;
    const first = await openSqliteStore({ file });
    await populate(first, {});
    await first.close();
    const { signal } = spawnSync(process.execPath, ['test/store/reindex-child.ts', file]);
    expect(signal).toBe('SIGKILL');
    const store = await openSqliteStore({ file });
    expect(await walkOf(store)).toMatchObject({ done: 300, total: count, holder: 'killed' });
    expect(await countOf(store, hasColor)).toBe(300);
    const again: string[] = [];
    const later = new Date(at(0).getTime() + limits.reindexLeaseMs);
    const reindex = await begin(
      store,
      { color: 1 },
      { holder: 'next', clock: () => later, onExtract: (id) => again.push(id) },
    );
    await reindex.idle();
    expect(again).toEqual(ids.slice(300));
    expect(await countOf(store, red)).toBe(count / 2);
    expect(await countOf(store, noColor)).toBe(0);
    await (await begin(store, {}, { clock: () => later })).idle();
    expect(await countOf(store, noColor)).toBe(count);
    await store.close();
  });
});

describeOnMongo('reindexing a MongoDB store', (server) => {
  it('is done by one of two processes, while both write', async () => {
    const url = withDatabase(server, freshDatabaseName());
    const stores = [await openMongoStore({ url }), await openMongoStore({ url })] as const;
    const [one, other] = stores;
    await populate(one, {});
    const again: string[] = [];
    const [first, second] = await Promise.all(
      stores.map((store, n) =>
        begin(store, { color: 1 }, { holder: `${n}`, onExtract: (id) => again.push(id) }),
      ),
    );
    await until(async () => ((await walkOf(one))?.done ?? count) > 0);
    const wanted = { color: 1 };
    await commit(other, [indexed('p999', { color: 'green' }, wanted), remove('p998')]);
    await commit(one, [indexed('p0', { color: 'green' }, wanted)]);
    await Promise.all([first?.idle(), second?.idle()]);
    expect(new Set(again).size).toBe(again.length);
    expect(await idsOf(one, { op: 'token', param: 'color', code: 'green' })).toEqual([
      'p0',
      'p999',
    ]);
    expect(await countOf(one, noColor)).toBe(0);
    expect(await countOf(other, hasColor)).toBe(count - 1);
    await Promise.all(stores.map((store) => store.close()));
  });
});
