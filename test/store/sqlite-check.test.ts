import Database from 'better-sqlite3-multiple-ciphers';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import { indexStateKey, writeIndexState } from '../../src/store/index-state.ts';
import { checkDataFile, type FileCheck } from '../../src/store/sqlite/check-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Change } from '../../src/store/store.ts';
import { commit, journalEntry, put, remove } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());
const parameters = { family: 'one', gender: 'one' };

function patient(n: number, family = `Family${n}`): Change {
  const content = { gender: 'female', name: [{ family, given: ['Ada'] }] };
  const resource = { resourceType: 'Patient', id: `p${n}`, ...content };
  return put(`p${n}`, { content, index: extractIndex(resource) });
}

/** A file with something of everything in it. */
async function populated(count = 20): Promise<string> {
  const file = `${folders.make()}/weir.db`;
  const store = await openSqliteStore({ file });
  for (let n = 0; n < count; n++) {
    await commit(store, [patient(n)], {
      journal: [journalEntry(`m${n}`, { state: n % 2 === 0 ? 'processed' : 'failed' })],
      audit: [{ event: String(n) }],
    });
  }
  await commit(store, [patient(0, 'Other'), remove('p1')]);
  const value = writeIndexState({ sound: parameters });
  await commit(store, [], { state: [{ key: indexStateKey('Patient'), value }] });
  await store.close();
  return file;
}

function check(file: string, options: { full?: boolean; now?: typeof parameters } = {}): FileCheck {
  return checkDataFile({
    file,
    full: options.full ?? true,
    extract: extractIndex,
    parametersOf: () => options.now ?? parameters,
    onProgress: () => undefined,
  });
}

function damage(file: string, sql: string): void {
  const db = new Database(file);
  db.exec(sql);
  db.close();
}

const rid = (n: number): string => `(SELECT rid FROM resource WHERE id = 'p${n}')`;

describe('a check', () => {
  it('finds nothing in a sound file, changes nothing, and works beside a server', async () => {
    const file = await populated();
    const before = readFileSync(file);
    const sound = { ok: true, resources: 19, versions: 22, auditRows: 20, indexed: 19, faults: [] };
    expect(check(file)).toMatchObject(sound);
    expect(readFileSync(file)).toEqual(before);
    const store = await openSqliteStore({ file });
    await commit(store, [patient(99)]);
    expect(check(file)).toMatchObject({ ...sound, resources: 20, versions: 23, indexed: 20 });
    await store.close();
  });

  it.each<[string, string, RegExp]>([
    ['a lost index row', `DELETE FROM ix_token WHERE rid = ${rid(3)}`, /^Patient\/p3 lacks \d+ of/],
    [
      'an index row too many',
      `INSERT INTO ix_token (param, code, rid, system) VALUES (1, 'x', ${rid(3)}, 0)`,
      /^ix_token holds \d+ rows, resources have \d+$/,
    ],
    [
      'a body that is not what was indexed',
      `UPDATE version SET body = replace(body, 'Family4', 'Family5') WHERE rid = ${rid(4)}`,
      /^Patient\/p4 is indexed otherwise than it reads/,
    ],
    ['a wrong tally', 'UPDATE tally SET live = live + 1', /tally of live resources is wrong: 1$/],
    [
      'a wrong count of versions',
      'UPDATE tally SET versions = 1',
      /tally of versions is wrong: 1$/,
    ],
    [
      'a wrong tally of messages',
      "UPDATE journal_tally SET count = count + 1 WHERE state = 'failed'",
      /^Tallies of messages that are wrong/,
    ],
    ['lost bytes', 'DELETE FROM journal_frame WHERE row = 3', /^Messages without their bytes/],
    [
      'a changed audit event',
      "UPDATE audit SET event = 'other' WHERE seq = 7",
      /^The audit chain breaks at row 7: hash$/,
    ],
    ['a lost audit event', 'DELETE FROM audit WHERE seq = 7', /breaks at row 8: gap$/],
    ['a lost version', `DELETE FROM version WHERE rid = ${rid(5)}`, /current version is missing/],
    [
      'a lost old version',
      `DELETE FROM version WHERE rid = ${rid(0)} AND version = 1`,
      /^Resources that lack some of their versions: 1$/,
    ],
    ['an outbox row of nothing', "INSERT INTO outbox VALUES (999, 'x')", /^Outbox rows of no/],
    ['a counter set back', "UPDATE counter SET value = 1 WHERE name = 'pos'", /counter of pos/],
    ['a counter of commits set back', "UPDATE counter SET value = 1 WHERE name = 'seq'", /commits/],
  ])('finds %s', async (_what, sql, fault) => {
    const file = await populated(10);
    damage(file, sql);
    const found = check(file);
    expect(found.ok).toBe(false);
    expect(found.faults.filter((text) => fault.test(text))).toHaveLength(1);
  });

  it('finds flipped bytes, wherever they are', async () => {
    const file = await populated(200);
    const { size } = statSync(file);
    const whole = readFileSync(file);
    for (const page of [2, 5, Math.floor(size / 8192) - 2]) {
      const bytes = Buffer.from(whole);
      bytes.fill(0x5a, page * 8192, page * 8192 + 64);
      writeFileSync(file, bytes);
      const { ok, faults } = check(file);
      expect(ok, `page ${page}`).toBe(false);
      expect(faults.length).toBeGreaterThan(0);
    }
  });

  it('leaves alone what is being indexed anew, and says so', async () => {
    const file = await populated(10);
    damage(
      file,
      `UPDATE version SET body = replace(body, 'Family4', 'Family5') WHERE rid = ${rid(4)}`,
    );
    expect(check(file, { now: { family: 'two', gender: 'one' } })).toMatchObject({
      ok: true,
      reindexing: ['Patient'],
    });
  });

  it('takes a spread of the resources where it is not told to take all', async () => {
    const file = await populated(10);
    expect(check(file, { full: false })).toMatchObject({ ok: true, indexed: 9 });
  });
});
