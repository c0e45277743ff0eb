import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ArchivedStore } from '../../src/store/archive.ts';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { refuseUnfinishedCopy } from '../../src/store/copy-marker.ts';
import { CopyRefused, copyStore } from '../../src/store/copy.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { registeredIndexing } from '../../src/store/reindex.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { at, commit, idsOf, journalEntry, put } from '../contract/store-fixture.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';
import { fillStore, putText } from './rich-store.ts';
import { temporaryFolders } from './temporary-folder.ts';

const folders = temporaryFolders();
const opened: ArchivedStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});
afterAll(() => folders.remove());

async function opening(store: ArchivedStore | Promise<ArchivedStore>): Promise<ArchivedStore> {
  const open = await store;
  opened.push(open);
  return open;
}
const memory = (): Promise<ArchivedStore> => opening(openMemoryStore());
const sqlite = (): Promise<ArchivedStore> =>
  opening(openSqliteStore({ file: `${folders.make()}/weir.db` }));

function copy(source: ArchivedStore, target: ArchivedStore, sourceName = 'a') {
  return copyStore({ source, target, sourceName, ...registeredIndexing() });
}

async function copied(source: ArchivedStore, target: ArchivedStore): Promise<void> {
  const proof = await copy(source, target);
  expect(proof.sections.filter(({ equal }) => !equal)).toEqual([]);
  expect(proof.searches.different).toEqual([]);
  expect(proof.searches.asked).toBeGreaterThan(20);
  expect(proof.equal).toBe(true);
  expect(await target.archive.counters()).toEqual(await source.archive.counters());
}

/** The copy lives on as the store would have. */
async function livesOn(source: ArchivedStore, target: ArchivedStore): Promise<void> {
  const everything = { count: 100 };
  expect(await target.history(everything)).toEqual(await source.history(everything));
  expect(await target.changes(0, 100)).toEqual(await source.changes(0, 100));
  expect(await target.outbox.pending(100)).toEqual(await source.outbox.pending(100));
  expect(await target.journal.counts()).toEqual(await source.journal.counts());
  const code = { op: 'token', param: 'code', code: '1-1' } as const;
  const found = await idsOf(target, code, { types: ['Observation'] });
  expect(found).toEqual(['o1', 'o4', 'o7', 'o10']);
  expect(verifyChain(await target.audit.rows(0, 1_000))).toBeUndefined();
  await refuseUnfinishedCopy(target);

  const resent = journalEntry('j9', { controlId: 'C-j1', hash: 'hash-j1' });
  expect((await target.journal.append(resent)).existing).toMatchObject({
    id: 'j1',
    state: 'failed',
  });
  const taken = commit(target, [], { claims: [{ key: 'mrn|1\u{1F600}', owner: 'other' }] });
  await expect(taken).rejects.toMatchObject({ refusal: { kind: 'claim', owner: 'Patient/p1' } });
  const changes = [put('p0'), put('new')];
  const effects = { now: at(99), state: [{ key: 'cursor', value: '8' }], audit: [{ event: '{}' }] };
  const next = await commit(target, changes, effects);
  expect(next).toEqual(await commit(source, changes, effects));
  expect(await eventsOf(target)).toEqual(await eventsOf(source));
  expect(await target.audit.head()).toEqual(await source.audit.head());
  expect(await target.state('cursor')).toEqual(await source.state('cursor'));
  const leased = await target.jobs.lease(at(70), 1_000, 10);
  expect(leased.map(({ key, attempts }) => [key, attempts])).toEqual([
    ['remind:1', 3],
    ['remind:2', 2],
  ]);
}

/** Without positions: of memory they have gaps. */
async function eventsOf(store: ArchivedStore) {
  return (await store.changes(0, 100)).map(({ position: _position, ...event }) => event);
}

describe('a copy of a store', () => {
  it('goes from memory to SQLite and back, and lives on', async () => {
    const source = await memory();
    await fillStore(source);
    const [file, back] = [await sqlite(), await memory()];
    await copied(source, file);
    await copied(file, back);
    await livesOn(source, file);
  });

  it('of nothing is nothing', async () => {
    const proof = await copy(await memory(), await sqlite());
    expect(proof.equal).toBe(true);
    expect(proof.sections.every(({ source }) => source.records === 0)).toBe(true);
  });

  it('goes on wherever it was ended', async () => {
    const source = await memory();
    await fillStore(source);
    const batches = await batchesOf(source);
    expect(batches).toBeGreaterThan(7);
    // The last one ends the copy: after it there is nothing to go on with.
    for (let last = 1; last <= batches; last++) {
      for (const when of last < batches ? (['before', 'after'] as const) : (['before'] as const)) {
        const target = await memory();
        await expect(copy(source, endingAt(target, last, when))).rejects.toThrow('ended');
        if (last > 1 || when === 'after') {
          await expect(refuseUnfinishedCopy(target)).rejects.toThrow('not finished');
        }
        await copied(source, target);
      }
    }
  });

  it('goes on in a file that was closed meanwhile', async () => {
    const source = await memory();
    await fillStore(source);
    const file = `${folders.make()}/weir.db`;
    const half = await openSqliteStore({ file });
    await expect(copy(source, endingAt(half, 3, 'after'))).rejects.toThrow('ended');
    await half.close();
    await copied(source, await opening(openSqliteStore({ file })));
  });

  it('finds what is not as it was', async () => {
    const source = await memory();
    await fillStore(source);
    for (const [section, tamper] of Object.entries(tampering)) {
      const target = await sqlite();
      const proof = await copy(source, tamperedWith(target, tamper));
      const unequal = proof.sections.filter(({ equal }) => !equal);
      expect([section, proof.equal]).toEqual([section, false]);
      if (section !== 'index') expect(unequal.map((each) => each.section)).toContain(section);
      else expect(proof.searches.different.length).toBeGreaterThan(0);
      await expect(refuseUnfinishedCopy(target)).rejects.toThrow('not finished');
    }
  });
});

describe('a copy is refused', () => {
  const refused = async (
    source: ArchivedStore,
    target: ArchivedStore,
    reason: string,
  ): Promise<void> => {
    const copying = copy(source, target);
    await expect(copying).rejects.toThrow(CopyRefused);
    await expect(copying).rejects.toThrow(reason);
  };

  it('into a store that holds something', async () => {
    const [source, target] = [await memory(), await memory()];
    await target.journal.append(journalEntry('j1'));
    await refused(source, target, 'not empty');
  });

  it('to go on from another source, or from one that has changed', async () => {
    const [source, target] = [await memory(), await memory()];
    await fillStore(source);
    await expect(copy(source, endingAt(target, 2, 'after'), 'b')).rejects.toThrow('ended');
    await refused(source, target, 'a part of b');
    const other = await memory();
    await expect(copy(source, endingAt(other, 2, 'after'))).rejects.toThrow('ended');
    await commit(source, [put('late')]);
    await refused(source, other, 'since the copy began');
  });

  it('while another copy works on the target', async () => {
    const [source, target] = [await memory(), await memory()];
    await fillStore(source);
    await expect(copy(source, endingAt(target, 2, 'after'))).rejects.toThrow('ended');
    let isSecond = false;
    const meddled: ArchivedStore = {
      ...target,
      archive: {
        ...target.archive,
        replay: async (commits) => {
          if (!isSecond) await copy(source, endingAt(target, 1, 'after')).catch(() => undefined);
          isSecond = true;
          return target.archive.replay(commits);
        },
      },
    };
    await refused(source, meddled, 'Something else writes');
  });

  it('from what is itself half of a copy', async () => {
    const [source, half] = [await memory(), await memory()];
    await fillStore(source);
    await expect(copy(source, endingAt(half, 2, 'after'))).rejects.toThrow('ended');
    await refused(half, await memory(), 'not finished');
  });

  it('where the source is written to meanwhile', async () => {
    const [source, target] = [await memory(), await memory()];
    await fillStore(source);
    const meddled = tamperedWith(target, async () => {
      await commit(source, [put('meanwhile')]);
    });
    await refused(source, meddled, 'meanwhile');
  });
});

describeOnMongo('a copy with MongoDB', (server) => {
  it('goes from SQLite to MongoDB and back, and lives on', async () => {
    const source = await sqlite();
    await fillStore(source);
    const url = withDatabase(server, freshDatabaseName());
    const half = await openMongoStore({ url });
    await expect(copy(source, endingAt(half, 4, 'after'))).rejects.toThrow('ended');
    await half.close();
    const database = await opening(openMongoStore({ url }));
    await copied(source, database);
    await copied(database, await sqlite());
    await livesOn(source, database);
  });
});

const tampering: Readonly<Record<string, (store: ArchivedStore) => Promise<unknown>>> = {
  version: (store) => commit(store, [putText('{"resourceType":"Patient","id":"p0"}')]),
  claim: (store) => commit(store, [], { releases: ['mrn|1\u{1F600}'] }),
  journal: (store) => store.journal.append(journalEntry('extra')),
  job: (store) => commit(store, [], { jobs: [{ op: 'cancel', key: 'remind:1' }] }),
  audit: (store) => commit(store, [], { audit: [{ event: '{}' }] }),
  state: (store) => commit(store, [], { state: [{ key: 'cursor', value: '7' }] }),
  index: (store) => commit(store, [{ op: 'index', type: 'Patient', id: 'p0', index: [] }]),
};

/** How many batches a copy takes. */
async function batchesOf(source: ArchivedStore): Promise<number> {
  let batches = 0;
  const target = openMemoryStore();
  const counting: ArchivedStore = {
    ...target,
    archive: {
      ...target.archive,
      replay: (commits) => {
        batches += 1;
        return target.archive.replay(commits);
      },
    },
  };
  await copy(source, counting);
  return batches;
}

/** A target whose process ends at a batch, before or after it is written. */
function endingAt(store: ArchivedStore, last: number, when: 'before' | 'after'): ArchivedStore {
  let batch = 0;
  return {
    ...store,
    archive: {
      ...store.archive,
      replay: async (commits) => {
        batch += 1;
        if (batch === last && when === 'before') throw new Error('ended');
        await store.archive.replay(commits);
        if (batch === last) throw new Error('ended');
      },
    },
  };
}

/** A target that somebody changes once, when all is copied and before it is looked at. */
function tamperedWith(
  store: ArchivedStore,
  tamper: (store: ArchivedStore) => Promise<unknown>,
): ArchivedStore {
  let isTampered = false;
  let replayed = false;
  return {
    ...store,
    archive: {
      ...store.archive,
      replay: async (commits) => {
        await store.archive.replay(commits);
        replayed = true;
      },
      export: async (section, after, limit) => {
        if (replayed && !isTampered) {
          isTampered = true;
          await tamper(store);
        }
        return store.archive.export(section, after, limit);
      },
    },
  };
}
