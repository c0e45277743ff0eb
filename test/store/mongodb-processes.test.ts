import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { matchAll } from '../../src/fhir/search-ast.ts';
import { limits } from '../../src/limits.ts';
import { verifyChain } from '../../src/store/audit-chain.ts';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import type { CommitRefused, Store } from '../../src/store/store.ts';
import { at, commit, put, query, refusalOf, text, walk } from '../contract/store-fixture.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';

/** Rounds of what needs luck to fail; with WEIR_TEST_ALL_ROUNDS=1 there are 500 of the claims' 25. */
const more = process.env['WEIR_TEST_ALL_ROUNDS'] === '1' ? 20 : 1;

describeOnMongo('one MongoDB database, opened by several', (server) => {
  let url: string;
  let stores: readonly [Store, Store];

  beforeEach(async () => {
    url = withDatabase(server, freshDatabaseName());
    // At the same time: both find it empty and make it.
    stores = await Promise.all([openMongoStore({ url }), openMongoStore({ url })]);
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));

  const storeOf = (n: number): Store => stores[n % 2 === 0 ? 0 : 1];

  it('gives a claim to one of 20 parallel writers, and tells the others who', async () => {
    for (let round = 0; round < 25 * more; round++) {
      const key = `mrn|${round}`;
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          commit(storeOf(n), [put(`r${round}-${n}`)], { claims: [{ key, owner: `Patient/${n}` }] }),
        ),
      );
      const winners = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
      expect(winners).toHaveLength(1);
      const owner = `Patient/${winners[0]}`;
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect((outcome.reason as CommitRefused).refusal).toMatchObject({ kind: 'claim', owner });
      }
      for (const store of stores)
        expect(await store.claimOwners([key])).toEqual(new Map([[key, owner]]));
    }
    for (const store of stores) expect((await store.counts()).get('Patient')).toBe(25 * more);
  });

  it('leases a job once, and hands it on once', async () => {
    const keys = Array.from({ length: 12 }, (_, n) => `j${n}`);
    await commit(stores[0], [], {
      jobs: keys.map((key) => ({
        op: 'put',
        job: { key, kind: 'x', dueAt: at(1), payload: '{}', attempts: 0 },
      })),
    });
    const take = (second: number) =>
      Promise.all(
        Array.from({ length: 8 }, (_, n) => storeOf(n).jobs.lease(at(second), 10_000, 2)),
      );
    const first = (await take(2)).flat();
    expect(first.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect((await take(5)).flat()).toEqual([]);
    const second = (await take(12)).flat();
    expect(second.map(({ key }) => key).sort()).toEqual([...keys].sort());
    expect(second.every(({ attempts }) => attempts === 2)).toBe(true);
    const { key = '', lease = '' } = first[0] ?? {};
    const lost = commit(stores[1], [], { jobs: [{ op: 'done', key, lease }] });
    expect(await refusalOf(lost)).toEqual({ kind: 'job-lease', index: 0 });
  });

  it('keeps a lease when another opens the database', async () => {
    const job = { key: 'j', kind: 'x', dueAt: at(1), payload: '{}', attempts: 0 };
    await commit(stores[0], [], { jobs: [{ op: 'put', job }] });
    const [held] = await stores[0].jobs.lease(at(2), 60_000, 1);
    const third = await openMongoStore({ url });
    expect(await third.jobs.lease(at(3), 60_000, 1)).toEqual([]);
    await third.close();
    await commit(stores[1], [], { jobs: [{ op: 'done', key: 'j', lease: held?.lease ?? '' }] });
  });

  it('gives readers of the change feed every version once, in order, while both write', async () => {
    const seen: number[] = [];
    let writing = true;
    const read = async (store: Store): Promise<void> => {
      for (let last = false; !last;) {
        last = !writing;
        const events = await store.changes(seen.at(-1) ?? 0, 7);
        if (events.length > 0) last = false;
        seen.push(...events.map(({ position }) => position));
      }
    };
    const reading = read(stores[1]);
    const write = async (n: number): Promise<void> => {
      for (let round = 0; round < 12 * more; round++) {
        await commit(storeOf(n), [put(`p${n}`), put(`q${(n + round) % 5}`)], {
          audit: [{ event: `{"by":${n}}` }],
        });
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, n) => write(n)));
    writing = false;
    await reading;
    expect(seen).toEqual(Array.from({ length: 6 * 12 * more * 2 }, (_, n) => n + 1));
    const { versions } = await stores[0].history({ count: 1 });
    expect(versions[0]?.seq).toBe(6 * 12 * more);
    expect(verifyChain(await stores[0].audit.rows(0, 10_000))).toBeUndefined();
  });

  it('goes on soon where another died in the middle of a commit', async () => {
    const dead = await new MongoClient(url).connect();
    const session = dead.startSession();
    const beats = dead.db().collection<{ _id: string; beat: number }>('writer');
    const _id = session.id?.id.toUUID().toHexString() ?? '';
    await beats.insertOne({ _id, beat: 1 });
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    const order = dead.db().collection<{ _id: string }>('order');
    await order.updateOne({ _id: 'order' }, { $inc: { turn: 1 } }, { session });
    // Within the time of a test: by itself the server would wait a minute.
    await Promise.all(stores.map((store) => commit(store, [put('a')])));
    await expect(session.commitTransaction()).rejects.toThrow();
    expect(await beats.findOne({ _id })).toBeNull();
    await dead.close();
  });

  it('waits for one that is slow and shows that it lives', async () => {
    const slow = await new MongoClient(url).connect();
    const session = slow.startSession();
    const beats = slow.db().collection<{ _id: string; beat: number }>('writer');
    const _id = session.id?.id.toUUID().toHexString() ?? '';
    await beats.insertOne({ _id, beat: 1 });
    const alive = setInterval(() => void beats.updateOne({ _id }, { $inc: { beat: 1 } }), 300);
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    const order = slow.db().collection<{ _id: string }>('order');
    await order.updateOne({ _id: 'order' }, { $inc: { turn: 1 } }, { session });
    const waiting = commit(stores[0], [put('a')]);
    await new Promise((resolve) => setTimeout(resolve, limits.mongoStuckMs * 2.5));
    await session.commitTransaction();
    clearInterval(alive);
    expect((await waiting).seq).toBe(1);
    await slow.close();
  });

  it('tells listeners of what another has committed', async () => {
    const heard = new Promise<void>((resolve) => {
      const stop = stores[1].outbox.onAppend(() => {
        stop();
        resolve();
      });
    });
    await commit(stores[0], [put('a')]);
    await heard;
    expect(await stores[1].outbox.pending(10)).toHaveLength(1);
  });

  it('walks a sorted search that sees each once while others write all the time', async () => {
    const person = (id: string, name: number) => put(id, { index: [text('name', `n${name}`)] });
    const ids = Array.from({ length: 40 }, (_, n) => `p${n}`);
    await commit(
      stores[0],
      ids.map((id, n) => person(id, n)),
    );
    let walking = true;
    const write = async (store: Store, from: number): Promise<void> => {
      for (let n = from; walking; n += 7) {
        const own = person(`p${n % 40}`, (n * 31) % 97);
        await commit(store, [own, person(`new-${n}`, n % 97)], { now: at(n) });
      }
    };
    const writing = Promise.all([write(stores[0], 1), write(stores[1], 5)]);
    const sort = [{ param: 'name', kind: 'string', descending: false }] as const;
    for (let round = 0; round < 3; round++) {
      const seen = await walk(stores[1], query(matchAll, { sort, count: 7 }));
      const known = seen.filter((id) => ids.includes(id));
      expect(new Set(seen).size).toBe(seen.length);
      expect(known.toSorted()).toEqual(ids.toSorted());
    }
    walking = false;
    await writing;
  });

  it('walks a search that began at another', async () => {
    await commit(
      stores[0],
      ['a', 'b', 'c'].map((id) => put(id)),
    );
    const first = await stores[0].search(query(matchAll, { count: 2 }));
    await commit(stores[1], [put('d'), put('a')]);
    const rest = await stores[1].search(query(matchAll, { count: 2, cursor: first.next ?? '' }));
    expect([...first.matches, ...rest.matches].map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});
