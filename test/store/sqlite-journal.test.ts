import Database from 'better-sqlite3-multiple-ciphers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import { checkDataFile } from '../../src/store/sqlite/check-file.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { JournalEntry, JournalQuery, Store } from '../../src/store/store.ts';
import { at, commit, journalEntry } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
let file: string;
let store: Store;
beforeEach(async () => {
  file = `${folders.make()}/weir.db`;
  store = await openSqliteStore({ file });
});
afterEach(async () => {
  await store.close();
  folders.remove();
});

const count = limits.journalIndexBatch * 2 + 60;
const entries = Array.from({ length: count }, (_, n) =>
  journalEntry(`m${String(n)}`, {
    receivedAt: at(n % 400),
    state: n % 50 === 0 ? 'failed' : 'processed',
    feed: n % 3 === 0 ? 'lab' : 'ehr',
    fields: ['MSH-11=P', `MSH-4=H${String(n % 4)}`, `PID-3=${String(n % 90)}`],
  }),
);

async function fill(): Promise<void> {
  await Promise.all(entries.map((entry) => store.journal.append(entry)));
  await vi.waitFor(() => expect(indexed()).toBeGreaterThan(0), { timeout: 20_000 });
}

/** How many rows the index has passed. */
function indexed(): number {
  const db = new Database(file, { readonly: true });
  const row = db.prepare("SELECT value FROM counter WHERE name = 'fields'").get();
  db.close();
  return (row as { value: number } | undefined)?.value ?? 0;
}

async function walked(query: Partial<JournalQuery>, page: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const found = await store.journal.list({
      ...query,
      count: page,
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...found.entries.map(({ id }) => id));
    cursor = found.next;
  } while (cursor !== undefined);
  return ids;
}

/** By the plainest means. */
function expected(fits: (entry: JournalEntry) => boolean): string[] {
  return entries
    .map((entry, row) => ({ entry, row }))
    .filter(({ entry }) => fits(entry))
    .sort((a, b) => Number(b.entry.receivedAt) - Number(a.entry.receivedAt) || b.row - a.row)
    .map(({ entry }) => entry.id);
}

const has =
  (...fields: string[]) =>
  (entry: JournalEntry): boolean =>
    fields.every((field) => entry.fields?.includes(field) === true);

describe('messages by their fields, some in the index and some not yet', () => {
  it('are found, each once and in their order, whatever else is asked', async () => {
    await fill();
    expect(indexed()).toBeLessThanOrEqual(count);
    const cases: readonly [Partial<JournalQuery>, (entry: JournalEntry) => boolean][] = [
      [{ fields: ['PID-3=7'] }, has('PID-3=7')],
      [{ fields: ['MSH-4=H1', 'PID-3=7'] }, has('MSH-4=H1', 'PID-3=7')],
      [{ fields: ['MSH-11=P'], state: 'failed' }, ({ state }) => state === 'failed'],
      [{ fields: ['MSH-4=H2'], feed: 'lab' }, (e) => e.feed === 'lab' && has('MSH-4=H2')(e)],
      [
        { fields: ['MSH-11=P', 'MSH-4=H3'], from: at(100), to: at(300) },
        (e) => e.receivedAt >= at(100) && e.receivedAt < at(300) && has('MSH-4=H3')(e),
      ],
      [{ fields: ['MSH-11=P'] }, () => true],
      [{ fields: ['MSH-4=H1', 'MSH-4=H2'] }, () => false],
    ];
    for (const [query, fits] of cases) {
      const all = expected(fits);
      expect(await walked(query, 7)).toEqual(all);
      expect(await walked({ ...query, oldestFirst: true }, 50)).toEqual(all.toReversed());
    }
  });

  it('are found by what they are changed to, and not once they are removed', async () => {
    await fill();
    const [old, young] = [
      await store.journal.read('m0'),
      await store.journal.read(`m${String(count - 1)}`),
    ];
    await commit(store, [], {
      journal: [old, young].flatMap((row) => (row ? [{ ...row, fields: ['ZPI-2=x'] }] : [])),
    });
    expect((await walked({ fields: ['ZPI-2=x'] }, 10)).sort()).toEqual([
      'm0',
      `m${String(count - 1)}`,
    ]);
    expect(await walked({ fields: ['PID-3=0', 'MSH-4=H0'] }, 10)).not.toContain('m0');
    const states = ['processed', 'failed'] as const;
    expect(await store.journal.remove({ states, before: at(500), count: count + 5 })).toBe(count);
    expect(await walked({ fields: ['MSH-11=P'] }, 10)).toEqual([]);
    // Numbers of rows begin anew; the index does not miss them.
    await store.journal.append(journalEntry('again', { fields: ['PID-3=7'] }));
    expect(await walked({ fields: ['PID-3=7'] }, 10)).toEqual(['again']);
    expect(check()).toEqual([]);
  });

  it('a check finds what the index lacks, and what it has too much', async () => {
    await fill();
    expect(check()).toEqual([]);
    await store.close();
    const db = new Database(file);
    db.prepare("DELETE FROM journal_field WHERE key = 'PID-3=7'").run();
    db.prepare("INSERT INTO journal_field VALUES ('PID-3=1', 1, 99999)").run();
    db.close();
    expect(check()).toEqual([
      expect.stringMatching(/^Messages that are not found by all of their fields/),
      expect.stringMatching(/^Fields that lead to no message: 1$/),
    ]);
    store = await openSqliteStore({ file });
  });
});

function check(): readonly string[] {
  return checkDataFile({
    ...{ file, full: true, onProgress: () => undefined },
    extract: () => [],
    parametersOf: () => ({}),
  }).faults;
}
