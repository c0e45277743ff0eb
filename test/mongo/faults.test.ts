import { MongoClient } from 'mongodb';
import type { ClientSession, Collection, MongoServerError } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  clearFaults,
  describeOnMongoDouble,
  faultReport,
  freshDatabaseName,
  injectFaults,
  startPrivateMongo,
  withDatabase,
} from './mongo.ts';
import type { MongoFault } from './mongo.ts';
import type { MongoServerProcess } from './server-process.ts';

interface Row {
  _id: string;
  v?: number;
}

const majority = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } } as const;

const failure = (work: Promise<unknown>): Promise<MongoServerError> =>
  work.then(
    () => expect.fail('it worked'),
    (error: unknown) => error as MongoServerError,
  );

describeOnMongoDouble('a fault of the MongoDB test double', (url) => {
  let client: MongoClient;
  let name: string;
  let rows: Collection<Row>;
  let session: ClientSession;

  beforeAll(async () => {
    client = await new MongoClient(url).connect();
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    name = freshDatabaseName();
    rows = client.db(name).collection<Row>('rows');
    await rows.insertOne({ _id: 'a', v: 0 });
    session = client.startSession();
  });
  afterEach(async () => {
    await session.endSession();
    await clearFaults(client, name);
  });

  const plan = (fault: Omit<MongoFault, 'db'>): Promise<void> =>
    injectFaults(client, [{ ...fault, db: name }]);
  const fired = async (): Promise<number[]> =>
    (await faultReport(client, name)).faults.map((fault) => fault.fired);
  const ids = async (): Promise<string[]> =>
    (await rows.find().sort({ _id: 1 }).toArray()).map((row) => row._id);

  /** Inserts `b` in a transaction; its commit is the caller's. */
  async function insertInTransaction(): Promise<void> {
    session.startTransaction(majority);
    await rows.insertOne({ _id: 'b' }, { session });
  }

  it('is a WriteConflict to the nth write, once, on one database', async () => {
    await plan({ on: 'write', do: 'writeConflict', nth: 2 });
    session.startTransaction(majority);
    await rows.insertOne({ _id: 'b' }, { session });
    const error = await failure(rows.updateOne({ _id: 'a' }, { $set: { v: 1 } }, { session }));
    expect([error.code, error.errorLabels]).toEqual([112, ['TransientTransactionError']]);
    await session.abortTransaction();
    await insertInTransaction();
    await session.commitTransaction();
    expect([await ids(), await fired()]).toEqual([['a', 'b'], [1]]);
  });

  it('is a commit that fails before it took effect', async () => {
    await plan({ on: 'commitTransaction', do: 'failBefore' });
    await insertInTransaction();
    const error = await failure(session.commitTransaction());
    expect(error.errorLabels).toEqual(['TransientTransactionError']);
    expect([await ids(), await fired()]).toEqual([['a'], [1]]);
  });

  it('is a commit of unknown result that took effect', async () => {
    await plan({ on: 'commitTransaction', do: 'failAfter' });
    await insertInTransaction();
    const error = await failure(session.commitTransaction());
    expect(error.errorLabels).toContain('UnknownTransactionCommitResult');
    expect([await ids(), await fired()]).toEqual([['a', 'b'], [1]]);
    await session.commitTransaction();
  });

  it('is a connection lost after a commit: the driver asks again and hears that it stands', async () => {
    await plan({ on: 'commitTransaction', do: 'dropAfter' });
    await insertInTransaction();
    await session.commitTransaction();
    expect([await ids(), await fired()]).toEqual([['a', 'b'], [1]]);
  });

  it('is a connection lost twice after a commit: the application hears that the result is unknown', async () => {
    await plan({ on: 'commitTransaction', do: 'dropAfter', times: 2 });
    await insertInTransaction();
    const error = await failure(session.commitTransaction());
    expect(error.errorLabels).toContain('UnknownTransactionCommitResult');
    expect([await ids(), await fired()]).toEqual([['a', 'b'], [2]]);
  });

  it('is a connection lost before a write inside a transaction', async () => {
    await plan({ on: 'insert', do: 'drop', nth: 2 });
    await insertInTransaction();
    const error = await failure(rows.insertOne({ _id: 'c' }, { session }));
    expect(error.errorLabels).toContain('TransientTransactionError');
    await session.abortTransaction();
    expect([await ids(), await fired()]).toEqual([['a'], [1]]);
  });

  it('is an answer lost after a write: the driver repeats it and it is done once', async () => {
    await plan({ on: 'update', do: 'dropAfter' });
    await rows.updateOne({ _id: 'a' }, { $inc: { v: 1 } });
    expect(await rows.findOne({ _id: 'a' })).toEqual({ _id: 'a', v: 1 });
    expect((await faultReport(client, name)).counters['update']).toBe(2);
  });

  it('is a server that hangs: a client with less patience gives up', async () => {
    const hasty = await new MongoClient(withDatabase(url, name), {
      socketTimeoutMS: 200,
      retryReads: false,
    }).connect();
    await plan({ on: 'find', collection: 'rows', do: 'hang', ms: 1500 });
    const error = await failure(hasty.db().collection('rows').findOne({}));
    expect(error.name).toBe('MongoNetworkTimeoutError');
    expect(await hasty.db().collection('rows').findOne({})).toEqual({ _id: 'a', v: 0 });
    await hasty.close();
  });

  it('can be taken back', async () => {
    await plan({ on: '*', do: 'failBefore', times: 1000 });
    expect((await failure(rows.findOne({}))).code).toBe(262);
    await clearFaults(client, name);
    expect(await rows.findOne({})).toEqual({ _id: 'a', v: 0 });
  });
});

describeOnMongoDouble('the MongoDB test double by itself', () => {
  let server: MongoServerProcess;
  let client: MongoClient;

  async function start(...options: string[]): Promise<Collection<Row>> {
    server = await startPrivateMongo(options);
    client = await new MongoClient(server.url).connect();
    return client.db('own').collection<Row>('rows');
  }
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  it('forgets a transaction that was left open', async () => {
    const rows = await start('--transaction-lifetime-ms', '300');
    const session = client.startSession();
    session.startTransaction(majority);
    await rows.insertOne({ _id: 'a', v: 1 }, { session });
    await rows.insertOne({ _id: 'a', v: 2 });
    const error = await failure(rows.findOne({}, { session }));
    expect([error.code, error.errorLabels]).toEqual([251, ['TransientTransactionError']]);
    await session.endSession();
    expect(await rows.find().toArray()).toEqual([{ _id: 'a', v: 2 }]);
  });

  it('looks like a standalone server, without transactions, where it is told to', async () => {
    const rows = await start('--standalone');
    await rows.insertOne({ _id: 'a' });
    expect(await client.db().command({ hello: 1 })).not.toHaveProperty('setName');
    const session = client.startSession();
    session.startTransaction();
    expect((await failure(rows.findOne({}, { session }))).code).toBe(20);
    await session.endSession();
  });
});
