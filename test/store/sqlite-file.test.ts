import Database from 'better-sqlite3-multiple-ciphers';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { StoreOpenError } from '../../src/store/open-error.ts';
import {
  openConnection,
  openReadConnection,
  openWriterConnection,
} from '../../src/store/sqlite/connection.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { commit, put } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());
const newFile = (): string => `${folders.make()}/weir.db`;

/** The refusal to open, with the file's bytes shown to be untouched. */
async function refusal(file: string, key?: string): Promise<StoreOpenError> {
  const before = readFileSync(file);
  try {
    const store = await openSqliteStore({ file, ...(key === undefined ? {} : { key }) });
    await store.close();
  } catch (error) {
    expect(readFileSync(file)).toEqual(before);
    if (error instanceof StoreOpenError) return error;
    throw error;
  }
  throw new Error('The file was opened');
}

describe('opening a data file', () => {
  it('makes the folder, and leaves one file with an empty log behind', async () => {
    const file = `${folders.make()}/deep/er/weir.db`;
    const store = await openSqliteStore({ file });
    await commit(store, [put('a')]);
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    await store.close();
    expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    const db = new Database(file);
    expect(db.pragma('page_size', { simple: true })).toBe(8192);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });

  it('keeps no more pages in memory than its limit says, and less where it writes', () => {
    const file = newFile();
    const kept = [openWriterConnection, openConnection, openReadConnection].map((open) => {
      const db = open({ file });
      const kibibytes = -Number(db.pragma('cache_size', { simple: true }));
      // Past it SQLite writes to the log what is not yet committed, rather than to keep it.
      expect(db.pragma('cache_spill', { simple: true })).not.toBe(0);
      db.close();
      return kibibytes * 1024;
    });
    const { writerCacheBytes, readerCacheBytes } = limits;
    expect(kept).toEqual([writerCacheBytes, readerCacheBytes, readerCacheBytes]);
  });

  it('refuses what is no database', async () => {
    const file = newFile();
    writeFileSync(file, 'something else, long enough to be looked at'.repeat(100));
    expect(await refusal(file)).toMatchObject({ reason: 'foreign' });
  });

  it('refuses a database of another program', async () => {
    const file = newFile();
    const db = new Database(file);
    db.exec('CREATE TABLE a (x)');
    db.close();
    expect(await refusal(file)).toMatchObject({
      reason: 'foreign',
      message: expect.stringContaining(file) as string,
    });
  });

  it('refuses a newer layout', async () => {
    const file = newFile();
    await (await openSqliteStore({ file })).close();
    const db = new Database(file);
    db.pragma('user_version = 999');
    db.close();
    expect(await refusal(file)).toMatchObject({ reason: 'newer' });
  });

  it('refuses a damaged file', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file });
    await commit(store, [put('a')]);
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 100, 8192);
    writeFileSync(file, bytes);
    expect(await refusal(file)).toMatchObject({ reason: 'corrupt' });
  });

  it('keeps an encrypted file unreadable without its key', async () => {
    const file = newFile();
    const content = { name: [{ family: 'Plaintext-Marker' }] };
    const store = await openSqliteStore({ file, key: 'correct horse' });
    await commit(store, [put('a', { content })]);
    await store.close();
    expect(readFileSync(file).includes('Plaintext-Marker')).toBe(false);
    expect(await refusal(file)).toMatchObject({ reason: 'foreign' });
    expect(await refusal(file, 'wrong')).toMatchObject({ reason: 'foreign' });
    const again = await openSqliteStore({ file, key: 'correct horse' });
    expect((await again.read('Patient', 'a'))?.body).toContain('Plaintext-Marker');
    await again.close();
  });

  it('refuses a key for a file that is not encrypted', async () => {
    const file = newFile();
    await (await openSqliteStore({ file })).close();
    expect(await refusal(file, 'key')).toMatchObject({ reason: 'foreign' });
  });

  it('refuses a second server until the first has closed', async () => {
    const file = newFile();
    const first = await openSqliteStore({ file });
    await expect(openSqliteStore({ file })).rejects.toMatchObject({
      reason: 'locked',
      message: expect.stringContaining('in use by another Weir server') as string,
    });
    const opener = `${folders.make()}/opener.mjs`;
    const module = new URL('../../src/store/sqlite/open.ts', import.meta.url).href;
    writeFileSync(
      opener,
      `import { openSqliteStore } from ${JSON.stringify(module)};
       await openSqliteStore({ file: process.argv[2] }).then(() => console.log('opened'),
         (error) => console.log(error.reason)); process.exit(0);`,
    );
    const open = (): string =>
      spawnSync(process.execPath, [opener, file], { encoding: 'utf8' }).stdout.trim();
    expect(open()).toBe('locked');
    await commit(first, [put('a')]);
    await first.close();
    expect(open()).toBe('opened');
  });
});

describe('a file that is damaged in its middle', () => {
  it('is named when the damage is met; the rest is read, and nothing is written any more', async () => {
    const file = newFile();
    const whole = await openSqliteStore({ file });
    const content = { text: 'x'.repeat(3_000) };
    for (let n = 0; n < 100; n++) await commit(whole, [put(`p${n}`, { content })]);
    await whole.close();
    const db = new Database(file);
    const page = db
      .prepare("SELECT pageno FROM dbstat WHERE name = 'version' AND pagetype = 'leaf' LIMIT 1, 1")
      .pluck()
      .get() as number;
    db.close();
    const bytes = readFileSync(file);
    bytes.fill(0x5a, (page - 1) * 8192, (page - 1) * 8192 + 256);
    writeFileSync(file, bytes);

    const faults: Error[] = [];
    const store = await openSqliteStore({ file, onFault: (fault) => void faults.push(fault) });
    await store.check();
    const reads = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) => store.read('Patient', `p${n}`)),
    );
    const damaged = { issues: [{ code: 'exception' }] };
    const lost = reads.filter(({ status }) => status === 'rejected');
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(10);
    for (const { reason } of lost as PromiseRejectedResult[]) expect(reason).toMatchObject(damaged);
    expect(faults).toMatchObject([
      { reason: 'corrupt', message: expect.stringContaining(file) as string },
    ]);
    await expect(store.check()).rejects.toMatchObject(damaged);
    await expect(commit(store, [put('new')])).rejects.toMatchObject(damaged);
    await store.close();
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

describe('a full disk', () => {
  it('refuses writes as storage-full, reads on, and goes on when there is room', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file, maxBytes: 1024 * 1024 });
    await commit(store, [put('a')]);
    const big = { text: 'x'.repeat(2 * 1024 * 1024) };
    const outcomes = await Promise.allSettled([
      commit(store, [put('b', { content: big })]),
      commit(store, [put('c', { content: big })]),
    ]);
    const full = { issues: [{ code: 'storage-full' }] };
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: full },
      { status: 'rejected', reason: full },
    ]);
    expect((await store.read('Patient', 'a'))?.versionId).toBe('1');
    expect(await store.read('Patient', 'b')).toBeUndefined();
    expect(await store.counts()).toEqual(new Map([['Patient', 1]]));
    const { seq } = await commit(store, [put('a')]);
    expect(seq).toBe(2);
    await store.check();
    await store.close();
    const roomy = await openSqliteStore({ file });
    await commit(roomy, [put('b', { content: big })]);
    expect((await roomy.read('Patient', 'b'))?.versionId).toBe('1');
    await roomy.close();
  });

  it('is told by check until a commit succeeds', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file, maxBytes: 800 * 1024 });
    const small = { text: 'x'.repeat(20_000) };
    let n = 0;
    await expect(
      (async () => {
        for (;;) await commit(store, [put(`p${n++}`, { content: small })]);
      })(),
    ).rejects.toMatchObject({ issues: [{ code: 'storage-full' }] });
    await expect(store.check()).rejects.toMatchObject({ issues: [{ code: 'storage-full' }] });
    expect((await store.history({ count: 1 })).total).toBe(n - 1);
    await store.close();
  });
});

describe('the write-ahead log', () => {
  it('is copied into the data file while the store is open', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file, walBytes: 512 * 1024 });
    const before = statSync(file).size;
    const content = { text: 'x'.repeat(50_000) };
    for (let n = 0; n < 64; n++) await commit(store, [put(`p${n}`, { content })]);
    for (let tries = 0; tries < 100 && statSync(file).size === before; tries++) await pause(50);
    expect(statSync(file).size).toBeGreaterThan(before);
    await store.close();
  });

  it('begins anew while commits never pause', async () => {
    const file = newFile();
    const store = await openSqliteStore({ file, walBytes: 256 * 1024 });
    const content = { text: 'x'.repeat(50_000) };
    for (let n = 0; n < 600; n++) await commit(store, [put(`p${n % 50}`, { content })]);
    // All of it came to some 80 MB; it is looked at now and then, so it may overshoot a little.
    expect(statSync(`${file}-wal`).size).toBeLessThan(20 * 1024 * 1024);
    await store.close();
  });
});

describe('the queue', () => {
  it('refuses as transient what is beyond its bound, and writes the rest', async () => {
    const store = await openSqliteStore({ file: newFile() });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10_003 }, () => commit(store, [])),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ reason: { issues: [{ code: 'transient' }] } });
    expect((await commit(store, [])).seq).toBe(10_001);
    await store.close();
  });
});
