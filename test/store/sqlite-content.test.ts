import Database from 'better-sqlite3-multiple-ciphers';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SearchNode } from '../../src/fhir/search-ast.ts';
import { contentNode } from '../../src/fhir/search-text.ts';
import type { ArchivedStore } from '../../src/store/archive.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { checkDataFile } from '../../src/store/sqlite/check-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Change } from '../../src/store/store.ts';
import { commit, idsOf, put, remove } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
afterAll(() => folders.remove());

/** A resource with a text. */
const noted = (id: string, text: string): Change =>
  put(id, { content: { note: [{ text }], text: { div: `<div>${id}</div>` } } });

const asked = (text: string): SearchNode => {
  const node = contentNode(text);
  if (node === undefined) throw new Error(`No words in ${text}`);
  return node;
};

function number(file: string, sql: string): number {
  const db = new Database(file, { readonly: true });
  try {
    return Number(db.prepare(sql).pluck().get());
  } finally {
    db.close();
  }
}

/** Waits until the index of words knows every version. */
async function indexed(file: string): Promise<void> {
  const behind = `SELECT (SELECT max(pos) FROM version)
    - (SELECT value FROM counter WHERE name = 'content')
    + (SELECT value = 0 FROM counter WHERE name = 'content_version')`;
  while (number(file, behind) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
}

const check = (file: string) =>
  checkDataFile({
    ...{ file, full: true, extract: () => [], parametersOf: () => ({}) },
    onProgress: () => undefined,
  });

describe('the index of words', () => {
  let file: string;
  let store: ArchivedStore;
  beforeEach(async () => {
    file = `${folders.make()}/weir.db`;
    store = await openSqliteStore({ file });
  });
  afterEach(() => store.close());

  it('finds the same before and after it is up to date, also what is changed and deleted', async () => {
    const changes = Array.from({ length: 250 }, (_, n) => noted(`p${n}`, `fever number${n}`));
    await commit(store, changes);
    const found = async () => [
      (await idsOf(store, asked('fever'), { count: 1000 })).length,
      ...(await idsOf(store, asked('NUMBER7'))),
      ...(await idsOf(store, { op: 'and', nodes: [asked('number24*'), asked('fever')] })),
    ];
    const before = await found();
    expect(before.slice(0, 3)).toEqual([250, 'p7', 'p24']);
    await indexed(file);
    expect(await found()).toEqual(before);

    await commit(store, [noted('p7', 'cough'), remove('p24'), noted('p300', 'fever number7')]);
    const after = [249, 'p300', ...before.slice(3)];
    expect(await found()).toEqual(after);
    await indexed(file);
    expect(await found()).toEqual(after);
    expect(await idsOf(store, asked('cough'))).toEqual(['p7']);
    expect(await idsOf(store, { op: 'not', node: asked('fever') })).toEqual(['p7']);
    expect(number(file, 'SELECT count(*) FROM content_docsize')).toBe(250);
    expect(check(file).faults).toEqual([]);
  });

  it('agrees with reading bodies for any texts and words, whatever they mean to FTS5', async () => {
    const oracle = openMemoryStore();
    const word = fc.oneof(
      fc.constantFrom(
        'AND',
        'or',
        'NOT',
        'near',
        'words',
        'rowid',
        'fever',
        'Fièvre',
        'ﬁx',
        'Ⅻ',
        'ß',
      ),
      fc.constantFrom(
        '"',
        '*',
        '^',
        ':',
        '-',
        '(',
        ')',
        '{',
        "'",
        '\\',
        ';',
        '--',
        'a:b',
        'NEAR(a b, 2)',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).map((s) => s.toWellFormed()),
    );
    const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
    const seed = Date.now();
    let round = 0;
    const oneRound = async (texts: readonly string[], searches: readonly string[]) => {
      round += 1;
      const changes = texts.map((one, n) => noted(`r${round % 5}-${n}`, one));
      for (const each of [store, oracle]) await commit(each, changes);
      if (round % 10 === 0) await indexed(file);
      for (const search of searches) {
        const node = contentNode(search) ?? contentNode('fever');
        if (node === undefined) continue;
        const [mine, theirs] = await Promise.all(
          [store, oracle].map((each) => idsOf(each, node, { count: 1000 })),
        );
        expect(mine).toEqual(theirs);
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.array(text, { minLength: 1, maxLength: 4 }),
        oneRound,
      ),
      { seed, numRuns: 60 },
    );
    await indexed(file);
    expect(check(file).faults).toEqual([]);
  });

  it('takes five thousand words at once', async () => {
    const words = Array.from({ length: 5000 }, (_, n) => `w${n}`);
    await commit(store, [noted('long', words.join(' ')), noted('short', 'w1')]);
    await indexed(file);
    const node: SearchNode = {
      op: 'content',
      words: words.map((text) => ({ text, isBegun: false })),
    };
    expect(await idsOf(store, node)).toEqual(['long']);
  });

  it('a long value without white space is no text', async () => {
    await commit(store, [
      noted('picture', `${'QUJD+'.repeat(1000)}`),
      noted('words', 'QUJD '.repeat(1000)),
    ]);
    expect(await idsOf(store, asked('qujd'))).toEqual(['words']);
    await indexed(file);
    expect(await idsOf(store, asked('qujd'))).toEqual(['words']);
  });

  it('is made anew at a start where its rules were others, and of what an earlier layout holds', async () => {
    await commit(store, [noted('a', 'fever'), noted('b', 'cough')]);
    await indexed(file);
    await store.close();
    const db = new Database(file);
    db.exec(`INSERT INTO content (content) VALUES ('delete-all');
      INSERT INTO content (rowid, words) VALUES (1, 'stale'), (77, 'stale');
      UPDATE counter SET value = 0 WHERE name = 'content_version'`);
    db.close();
    store = await openSqliteStore({ file });
    expect(await idsOf(store, asked('stale'))).toEqual([]);
    await indexed(file);
    expect(await idsOf(store, asked('fever'))).toEqual(['a']);
    expect(check(file).faults).toEqual([]);
  });

  it.each([
    [
      "INSERT OR REPLACE INTO content (rowid, words) VALUES (1, 'other')",
      /Patient\/a is not found by all of its words/,
    ],
    ['DELETE FROM content WHERE rowid = 2', /index of words lacks resources, or has others: 1/],
    [
      "INSERT INTO content (rowid, words) VALUES (99, 'x')",
      /index of words lacks resources, or has others: 1/,
    ],
  ])('a check tells of %s', async (sql, fault) => {
    await commit(store, [noted('a', 'fever'), noted('b', 'cough')]);
    await indexed(file);
    await store.close();
    expect(check(file).faults).toEqual([]);
    const db = new Database(file);
    db.exec(sql);
    db.close();
    expect(check(file).faults.join('\n')).toMatch(fault);
    store = await openSqliteStore({ file });
  });
});
