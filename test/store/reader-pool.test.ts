import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matchAll, type SearchQuery } from '../../src/fhir/search-ast.ts';
import { limits } from '../../src/limits.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { ReaderPool } from '../../src/store/sqlite/reader-pool.ts';
import type { Store } from '../../src/store/store.ts';
import { at, commit, date, journalEntry, put, query, token } from '../contract/store-fixture.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
const count = limits.searchProbeRows + 200;
const file = `${folders.make()}/weir.db`;
let store: Store;

/** More resources than a search may look at on the thread of whoever asks. */
beforeAll(async () => {
  store = await openSqliteStore({ file });
  const numbers = Array.from({ length: count }, (_, n) => n);
  await Promise.all(
    numbers.map((n) => {
      const index = [token('code', n % 2 === 0 ? 'even' : 'odd'), date('date', -n, -n)];
      return commit(store, [put(`p${n}`, { index })], {
        now: at(n),
        journal: [journalEntry(`m${n}`, { state: 'processed' })],
      });
    }),
  );
});
afterAll(async () => {
  await store.close();
  folders.remove();
});

const even = { op: 'token', param: 'code', system: undefined, code: 'even' } as never;
const newest = { param: 'date', kind: 'date', descending: false } as const;
const sorted: SearchQuery = query(matchAll, { sort: [newest], count: 3 });

describe('long reads', () => {
  it('are answered by a thread as they are here', async () => {
    const pool = new ReaderPool({ task: { file } });
    const { page } = await pool.ask('taughtSearch', sorted);
    await pool.close();
    expect(page).toEqual(await store.search(sorted));
    expect(page.matches.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `p${count - n}`));
    const { total } = await store.search(query(even, { total: 'accurate', count: 0 }));
    expect(total).toBe(count / 2);
    expect(await store.changes(0, count * 2)).toHaveLength(count);
    const history = await store.history({ type: 'Patient', since: at(count - 10), count: 100 });
    expect(history).toMatchObject({ total: 10, versions: { length: 10 } });
    const journal = await store.journal.list({ messageType: 'ADT^A01', count: 2 });
    expect(journal.entries.map(({ id }) => id)).toEqual([1, 2].map((n) => `m${count - n}`));
  });

  it('walk on over pages, with a snapshot that is newer than the newest answer', async () => {
    for (let n = 0; n < 20; n++) {
      await commit(store, [put('newest', { index: [date('date', -count - n, 0)] })]);
      const page = await store.search(sorted);
      expect(page.matches[0]).toMatchObject({ id: 'newest', versionId: String(n + 1) });
    }
    const first = await store.search({ ...sorted, count: 700 });
    const second = await store.search({ ...sorted, count: 700, cursor: first.next ?? '' });
    const ids = [...first.matches, ...second.matches].map(({ id }) => id);
    expect(new Set(ids).size).toBe(count + 1);
    expect(second.next).toBeUndefined();
  });

  it('are given up in time, and the thread takes the next', async () => {
    const pool = new ReaderPool({ task: { file }, timeoutMs: 0 });
    const timeout = { issues: [{ code: 'timeout' }] };
    const counted = query(even, { total: 'accurate', count: 0 });
    await expect(pool.ask('taughtSearch', counted)).rejects.toMatchObject(timeout);
    await expect(pool.ask('changes', 0, 5)).resolves.toHaveLength(5);
    await pool.close();
  });

  it('refuse a cursor as they do here', async () => {
    await expect(store.search({ ...sorted, cursor: 'x' })).rejects.toMatchObject({
      issues: [{ code: 'cursor-invalid' }],
    });
  });
});

describe('a pool of reader threads', () => {
  function program(body: string): URL {
    const path = `${folders.make()}/reader.mjs`;
    writeFileSync(path, `import { parentPort as port } from 'node:worker_threads';\n${body}`);
    return pathToFileURL(path);
  }

  it('refuses as transient what is beyond its bound, and answers the rest', async () => {
    const answering = program("port.on('message', () => port.postMessage({ answer: [] }));");
    const pool = new ReaderPool({ task: { file }, program: answering });
    const asked = limits.scansWaitingMax + limits.readerThreadsMax + 3;
    const asking = Array.from({ length: asked }, () => pool.ask('changes', 0, 1));
    const outcomes = await Promise.allSettled(asking);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ reason: { issues: [{ code: 'transient' }] } });
    await pool.close();
  });

  it('gives a thread up that does not answer, and starts another', async () => {
    const silent = program(`port.on('message', ({ name }) => {
      if (name === 'changes') port.postMessage({ answer: [] });
    });`);
    // Long enough for a thread to start on a busy machine.
    const pool = new ReaderPool({ task: { file }, program: silent, timeoutMs: 0, graceMs: 1_500 });
    const lose = (): Promise<unknown> =>
      expect(pool.ask('taughtSearch', sorted)).rejects.toMatchObject({
        issues: [{ code: 'timeout' }],
      });
    for (let round = 0; round < 2; round++) await Promise.all([lose(), lose()]);
    expect(await pool.ask('changes', 0, 1)).toEqual([]);
    await pool.close();
  });

  it('refuses what a thread had that ends, and what comes after the close', async () => {
    const dying = program("port.on('message', () => { throw new Error('struck'); });");
    const pool = new ReaderPool({ task: { file }, program: dying });
    const lost = pool.ask('changes', 0, 1);
    await expect(lost).rejects.toMatchObject({ issues: [{ code: 'transient' }] });
    await pool.close();
    const late = pool.ask('changes', 0, 1);
    await expect(late).rejects.toMatchObject({ issues: [{ code: 'shutting-down' }] });
  });

  it('ends its threads when nobody asks, and starts them again', async () => {
    const counting = program("port.on('message', () => port.postMessage({ answer: [] }));");
    const pool = new ReaderPool({ task: { file }, program: counting, idleMs: 20 });
    for (let round = 0; round < 3; round++) {
      expect(await pool.ask('changes', 0, 1)).toEqual([]);
      await expect.poll(() => pool.threads).toBe(0);
    }
    await pool.close();
  });
});
