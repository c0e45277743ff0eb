import { MongoClient } from 'mongodb';
import type { ClientSession, Collection, Db, Document, MongoServerError } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnMongo, freshDatabaseName } from './mongo.ts';

interface Row {
  _id: string;
  k?: string;
  v?: number;
}

const majority = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } } as const;

// What the store relies on: true of the test double and of a full server alike.
describeOnMongo('a MongoDB server', (url) => {
  let client: MongoClient;
  let db: Db;
  let rows: Collection<Row>;

  beforeAll(async () => {
    client = await new MongoClient(url).connect();
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    db = client.db(freshDatabaseName());
    rows = db.collection<Row>('rows');
    await rows.createIndex({ k: 1 }, { unique: true, sparse: true });
    await rows.insertMany([
      { _id: 'a', k: 'ka', v: 0 },
      { _id: 'b', k: 'kb', v: 0 },
    ]);
  });

  const all = (session?: ClientSession): Promise<Row[]> =>
    rows
      .find({}, session ? { session } : {})
      .sort({ _id: 1 })
      .toArray();

  async function inTransaction(work: (session: ClientSession) => Promise<void>): Promise<void> {
    const session = client.startSession();
    session.startTransaction(majority);
    try {
      await work(session);
    } finally {
      if (session.inTransaction()) await session.abortTransaction();
      await session.endSession();
    }
  }

  const failure = async (work: Promise<unknown>): Promise<MongoServerError> =>
    work.then(
      () => expect.fail('it worked'),
      (error: unknown) => error as MongoServerError,
    );

  it('shows a transaction the state at its start and its own writes, and nobody else those', async () => {
    await inTransaction(async (session) => {
      expect(await all(session)).toHaveLength(2);
      await rows.insertOne({ _id: 'c', k: 'kc' });
      await rows.deleteOne({ _id: 'b' });
      await rows.updateOne({ _id: 'a' }, { $set: { v: 1 } });
      await rows.insertOne({ _id: 'd', k: 'kd' }, { session });
      expect(await all(session)).toEqual([
        { _id: 'a', k: 'ka', v: 0 },
        { _id: 'b', k: 'kb', v: 0 },
        { _id: 'd', k: 'kd' },
      ]);
      expect(await all()).toEqual([
        { _id: 'a', k: 'ka', v: 1 },
        { _id: 'c', k: 'kc' },
      ]);
      expect(await rows.countDocuments({}, { session })).toBe(3);
      await session.commitTransaction();
    });
    expect((await all()).map((row) => row._id)).toEqual(['a', 'c', 'd']);
  });

  it('reads what was committed between begin and the first command', async () => {
    await inTransaction(async (session) => {
      await rows.insertOne({ _id: 'c', k: 'kc' });
      expect(await all(session)).toHaveLength(3);
    });
  });

  it('leaves nothing of an aborted transaction', async () => {
    await inTransaction(async (session) => {
      await rows.insertOne({ _id: 'c', k: 'kc' }, { session });
      await rows.updateOne({ _id: 'a' }, { $set: { v: 7, k: 'other' } }, { session });
      await rows.findOneAndUpdate({ _id: 'a' }, { $inc: { v: 1 } }, { session });
      await rows.deleteOne({ _id: 'b' }, { session });
      expect(await all(session)).toEqual([
        { _id: 'a', k: 'other', v: 8 },
        { _id: 'c', k: 'kc' },
      ]);
      await session.abortTransaction();
    });
    expect(await all()).toEqual([
      { _id: 'a', k: 'ka', v: 0 },
      { _id: 'b', k: 'kb', v: 0 },
    ]);
    await rows.insertOne({ _id: 'c', k: 'other' });
  });

  it.each([
    ['an update', () => rows.updateOne({ _id: 'a' }, { $inc: { v: 1 } })],
    ['a removal', () => rows.deleteOne({ _id: 'a' })],
    ['a replacement', () => rows.replaceOne({ _id: 'a' }, { k: 'ka', v: 5 })],
  ])('answers WriteConflict to a write after %s since the snapshot', async (_name, other) => {
    await inTransaction(async (session) => {
      await all(session);
      await other();
      const error = await failure(rows.updateOne({ _id: 'a' }, { $set: { v: 9 } }, { session }));
      expect([error.code, error.errorLabels]).toEqual([112, ['TransientTransactionError']]);
      const next = await failure(rows.findOne({ _id: 'b' }, { session }));
      expect([next.code, next.errorLabels]).toEqual([251, ['TransientTransactionError']]);
    });
  });

  it('answers WriteConflict to the second of two open transactions on one document or one key', async () => {
    await inTransaction(async (first) => {
      await rows.updateOne({ _id: 'a' }, { $set: { v: 1 } }, { session: first });
      await rows.insertOne({ _id: 'c', k: 'new' }, { session: first });
      await inTransaction(async (second) => {
        const error = await failure(
          rows.updateOne({ _id: 'a' }, { $set: { v: 2 } }, { session: second }),
        );
        expect(error.code).toBe(112);
      });
      await inTransaction(async (second) => {
        const error = await failure(rows.insertOne({ _id: 'd', k: 'new' }, { session: second }));
        expect(error.code).toBe(112);
      });
      await inTransaction(async (second) => {
        const error = await failure(rows.insertOne({ _id: 'c', k: 'x' }, { session: second }));
        expect(error.code).toBe(112);
      });
      await first.commitTransaction();
    });
    expect((await all()).map((row) => row.v)).toEqual([1, 0, undefined]);
  });

  it('lets a write outside a transaction wait for the one that holds its document', async () => {
    await inTransaction(async (session) => {
      await rows.updateOne({ _id: 'a' }, { $inc: { v: 10 } }, { session });
      let waited = false;
      const outside = rows.updateOne({ _id: 'a' }, { $inc: { v: 1 } }).then(() => {
        waited = true;
      });
      expect(await rows.findOne({ _id: 'a' })).toMatchObject({ v: 0 });
      expect(waited).toBe(false);
      await session.commitTransaction();
      await outside;
    });
    expect(await rows.findOne({ _id: 'a' })).toMatchObject({ v: 11 });
  });

  it('holds unique keys inside a transaction and ends it on a duplicate', async () => {
    await inTransaction(async (session) => {
      await rows.insertOne({ _id: 'c' }, { session });
      const error = await failure(rows.insertOne({ _id: 'd', k: 'ka' }, { session }));
      expect([error.code, error.hasErrorLabel('TransientTransactionError')]).toEqual([
        11000,
        false,
      ]);
      expect((await failure(rows.insertOne({ _id: 'e' }, { session }))).code).toBe(251);
    });
    expect(await all()).toHaveLength(2);
  });

  it('lets a key move from one document to another inside a transaction', async () => {
    await inTransaction(async (session) => {
      await rows.deleteOne({ _id: 'a' }, { session });
      await rows.updateOne({ _id: 'b' }, { $set: { k: 'ka' } }, { session });
      await rows.insertOne({ _id: 'c', k: 'kb' }, { session });
      await session.commitTransaction();
    });
    expect((await all()).map((row) => [row._id, row.k])).toEqual([
      ['b', 'ka'],
      ['c', 'kb'],
    ]);
  });

  it('answers a commit that is sent again as it did before', async () => {
    await inTransaction(async (session) => {
      await rows.insertOne({ _id: 'c' }, { session });
      await session.commitTransaction();
      await session.commitTransaction();
      await session.commitTransaction();
    });
    expect(await all()).toHaveLength(3);
  });

  it('counts to 200 with 8 transactions at once', async () => {
    const count = async (): Promise<void> =>
      client.withSession((session) =>
        session.withTransaction(async () => {
          const row = await rows.findOne({ _id: 'a' }, { session });
          await rows.updateOne({ _id: 'a' }, { $set: { v: (row?.v ?? 0) + 1 } }, { session });
          await rows.insertOne({ _id: `n${row?.v}` }, { session });
        }, majority),
      );
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 25; i++) await count();
      }),
    );
    expect(await rows.findOne({ _id: 'a' })).toMatchObject({ v: 200 });
    expect(await rows.countDocuments({})).toBe(202);
  });

  it('stops an ordered bulk write at its first error and says how far it came', async () => {
    const error = await failure(
      rows.bulkWrite([
        { updateOne: { filter: { _id: 'a' }, update: { $set: { v: 1 } } } },
        { updateOne: { filter: { _id: 'a' }, update: { $set: { k: 'kb' } } } },
        { updateOne: { filter: { _id: 'b' }, update: { $set: { v: 1 } } } },
      ]),
    );
    expect(error).toMatchObject({ code: 11000, result: { modifiedCount: 1 } });
    expect((await all()).map((row) => row.v)).toEqual([1, 0]);
  });

  it('orders strings by code point', async () => {
    const ids = ['~', '\u{fb01}', '\u{ffee}', '\u{1f600}', '\u{10ffff}'];
    await rows.deleteMany({});
    await rows.insertMany(ids.toReversed().map((_id) => ({ _id })));
    expect((await all()).map((row) => row._id)).toEqual(ids);
    const above = await rows.find({ _id: { $gt: '\u{ffee}' } }).toArray();
    expect(above.map((row) => row._id).sort()).toEqual(ids.slice(3));
  });

  it('answers a query the same with indexes as without', async () => {
    const indexed = db.collection<Row & Document>('indexed');
    const plain = db.collection<Row & Document>('plain');
    await indexed.createIndex({ t: 1, n: 1 });
    await indexed.createIndex({ 'd.p': 1, 'd.lo': 1 });
    const values = [null, 0, 1, 1.5, 2, '1', 'b', 4e9, true, [], [1, 'b']];
    const documents: (Row & Document)[] = values.flatMap((n, i) =>
      values.map((lo, j) => ({ _id: `${i}.${j}`, t: j % 3, n, d: [{ p: i % 4, lo }, { p: 9 }] })),
    );
    const conditions = values
      .slice(1, -2)
      .flatMap((v) => [
        v,
        { $gt: v },
        { $lte: v },
        { $in: [v, null] },
        { $in: [v, 2] },
        { $ne: v },
      ]);
    for (const each of [indexed, plain]) {
      await each.insertMany(structuredClone(documents));
      await each.updateMany({ t: 1 }, { $set: { t: 7 } });
      await each.deleteMany({ n: 2 });
    }
    for (const n of conditions) {
      const filters = [
        { n },
        { $and: [{ t: 7 }, { $or: [{ n }, { t: 2 }] }] },
        { d: { $elemMatch: { p: 1, lo: n } } },
        { $nor: [{ 'd.lo': n }] },
      ] as object[];
      for (const filter of filters) {
        const [one, other] = await Promise.all(
          [indexed, plain].map((each) => each.find(filter).sort({ _id: 1 }).toArray()),
        );
        expect(one, JSON.stringify(filter)).toEqual(other);
        expect(await indexed.countDocuments(filter)).toBe(other?.length);
      }
    }
  });

  it('goes on with a cursor as it was opened', async () => {
    await rows.insertMany(Array.from({ length: 10 }, (_, i) => ({ _id: `n${i}`, v: 0 })));
    const cursor = rows.find({}).batchSize(3);
    const seen = [await cursor.next()];
    await rows.updateMany({}, { $set: { v: 1 } });
    for await (const row of cursor) seen.push(row);
    expect(seen).toHaveLength(12);
  });
});
