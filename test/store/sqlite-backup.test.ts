import Database from 'better-sqlite3-multiple-ciphers';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { backupDataFile, restoreDataFile } from '../../src/store/sqlite/backup.ts';
import { checkDataFile } from '../../src/store/sqlite/check-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { vacuumDataFile } from '../../src/store/sqlite/vacuum.ts';
import type { Store } from '../../src/store/store.ts';
import { commit, put, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());
const quiet = (): void => undefined;
const now = new Date('2026-11-23T10:00:00.000Z');

/** Pairs that are written together: in no copy may one be without the other. */
async function pair(store: Store, n: number): Promise<void> {
  const index = [token('n', String(n))];
  await commit(store, [put(`a${n}`, { index }), put(`b${n}`, { index })], {
    audit: [{ event: String(n) }],
  });
}

function check(file: string, key?: string) {
  const extract = (): [] => [];
  const looked = { file, full: true, extract, parametersOf: () => ({ code: 'none' }) };
  return checkDataFile({ ...looked, onProgress: quiet, ...(key === undefined ? {} : { key }) });
}

describe('a backup', () => {
  it('under load is of one moment, with all that was acknowledged before it', async () => {
    const folder = folders.make();
    const store = await openSqliteStore({ file: `${folder}/weir.db` });
    const acknowledged = new Set<number>();
    let next = 0;
    let stop = false;
    const writing = Array.from({ length: 8 }, async () => {
      while (!stop) {
        const n = next++;
        await pair(store, n);
        acknowledged.add(n);
      }
    });
    while (acknowledged.size < 200) await pause(5);
    const before = [...acknowledged];
    const target = `${folder}/copy.db`;
    const { bytes } = await backupDataFile({
      file: `${folder}/weir.db`,
      target,
      onProgress: quiet,
    });
    const after = acknowledged.size;
    stop = true;
    await Promise.all(writing);
    await store.close();
    expect(after).toBeGreaterThan(before.length);
    expect(statSync(target)).toMatchObject({ size: bytes });
    expect(statSync(target).mode & 0o777).toBe(0o600);

    const restored = `${folders.make()}/weir.db`;
    await restoreDataFile({ file: restored, backup: target, force: false, now, onProgress: quiet });
    expect(check(restored)).toMatchObject({ ok: true, faults: [] });
    const copy = await openSqliteStore({ file: restored });
    for (const n of before) expect(await copy.read('Patient', `a${n}`)).toBeDefined();
    const events = (await copy.audit.rows(0, 1_000_000)).map(({ event }) => event);
    expect((await copy.counts()).get('Patient')).toBe(events.length * 2);
    for (const n of events) expect(await copy.read('Patient', `b${n}`)).toBeDefined();
    await pair(copy, 1_000_000);
    await copy.close();
  });

  it('overwrites nothing and leaves nothing behind where it fails', async () => {
    const folder = folders.make();
    const file = `${folder}/weir.db`;
    await (await openSqliteStore({ file })).close();
    writeFileSync(`${folder}/copy.db`, 'mine');
    const there = readdirSync(folder);
    const taken = backupDataFile({ file, target: `${folder}/copy.db`, onProgress: quiet });
    await expect(taken).rejects.toThrow('exists and is not overwritten');
    const wrongKey = { file, key: 'k', target: `${folder}/other.db`, onProgress: quiet };
    await expect(backupDataFile(wrongKey)).rejects.toMatchObject({ reason: 'foreign' });
    expect(readFileSync(`${folder}/copy.db`, 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(there);
  });

  it('of an encrypted file is encrypted with the same key', async () => {
    const folder = folders.make();
    const [file, key, target] = [`${folder}/weir.db`, 'correct horse', `${folder}/copy.db`];
    const store = await openSqliteStore({ file, key });
    await commit(store, [put('a', { content: { name: [{ family: 'Plaintext-Marker' }] } })]);
    await backupDataFile({ file, key, target, onProgress: quiet });
    await store.close();
    expect(readFileSync(target).includes('Plaintext-Marker')).toBe(false);
    expect(() => check(target)).toThrow('no key was given');
    expect(check(target, key)).toMatchObject({ ok: true, resources: 1 });
  });
});

describe('a restore', () => {
  async function backedUp(): Promise<{ folder: string; file: string; backup: string }> {
    const folder = folders.make();
    const [file, backup] = [`${folder}/weir.db`, `${folder}/copy.db`];
    const store = await openSqliteStore({ file });
    await pair(store, 1);
    await backupDataFile({ file, target: backup, onProgress: quiet });
    await pair(store, 2);
    await store.close();
    return { folder, file, backup };
  }

  it('refuses the place of a running server, and of a file that is there', async () => {
    const { file, backup } = await backedUp();
    const restore = (force: boolean) =>
      restoreDataFile({ file, backup, force, now, onProgress: quiet });
    const before = readFileSync(file);
    await expect(restore(false)).rejects.toThrow('--force');
    const store = await openSqliteStore({ file });
    await expect(restore(true)).rejects.toMatchObject({ reason: 'locked' });
    await store.close();
    expect(readFileSync(file)).toEqual(before);
  });

  it('with force keeps the file that was there, with its log', async () => {
    const { folder, file, backup } = await backedUp();
    const killed = new Database(file);
    killed.exec("INSERT INTO state VALUES ('left', 'in the log', 1)");
    const log = readFileSync(`${file}-wal`);
    const data = readFileSync(file);
    killed.close();
    writeFileSync(file, data);
    writeFileSync(`${file}-wal`, log);

    const { kept = '' } = await restoreDataFile({
      ...{ file, backup, force: true, now, onProgress: quiet },
    });
    expect(kept).toBe(`${file}.before-2026-11-23T10-00-00-000Z`);
    const store = await openSqliteStore({ file });
    expect(await store.counts()).toEqual(new Map([['Patient', 2]]));
    expect(await store.state('left')).toBeUndefined();
    await store.close();
    expect(existsSync(`${folder}/weir.db.unfinished`)).toBe(false);
    const old = await openSqliteStore({ file: kept });
    expect(await old.counts()).toEqual(new Map([['Patient', 4]]));
    expect(await old.state('left')).toMatchObject({ value: 'in the log' });
    await old.close();
  });

  it('refuses a damaged backup and what is none, and leaves all as it was', async () => {
    const { folder, file, backup } = await backedUp();
    const before = readFileSync(file);
    const there = readdirSync(folder);
    const bytes = readFileSync(backup);
    bytes.fill(0x5a, 3 * 8192, 4 * 8192);
    writeFileSync(backup, bytes);
    const restore = { file, backup, force: true, now, onProgress: quiet };
    await expect(restoreDataFile(restore)).rejects.toMatchObject({ reason: 'corrupt' });
    writeFileSync(backup, 'no database at all '.repeat(1_000));
    await expect(restoreDataFile(restore)).rejects.toMatchObject({ reason: 'foreign' });
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(folder)).toEqual(there);
  });
});

describe('a vacuum', () => {
  it('gives room back and keeps everything; a running server is refused', async () => {
    const file = `${folders.make()}/weir.db`;
    const store = await openSqliteStore({ file });
    for (let n = 0; n < 30; n++) await pair(store, n);
    expect(() => vacuumDataFile({ file })).toThrow('in use by another Weir server');
    const before = await store.changes(0, 1_000);
    await store.close();
    const db = new Database(file);
    db.exec('CREATE TABLE waste (x TEXT) STRICT');
    db.prepare('INSERT INTO waste VALUES (?)').run('x'.repeat(2_000_000));
    db.exec('DROP TABLE waste');
    db.close();
    const { bytesBefore, bytesAfter } = vacuumDataFile({ file });
    expect(bytesAfter).toBeLessThan(bytesBefore - 1_000_000);
    expect(check(file)).toMatchObject({ ok: true, resources: 60, auditRows: 30 });
    const again = await openSqliteStore({ file });
    expect(await again.changes(0, 1_000)).toEqual(before);
    await again.close();
  });
});
