import { MongoClient } from 'mongodb';
import { afterAll, beforeAll } from 'vitest';
import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { storeContract } from '../contract/store.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';

describeOnMongo('MongoDB', (server) => {
  let client: MongoClient;
  let last: string | undefined;
  beforeAll(async () => {
    client = await new MongoClient(server).connect();
  });
  afterAll(() => client.close());

  storeContract({
    name: 'mongodb',
    open: async () => {
      // A full server keeps a file for each of some forty collections and indexes: not of every test.
      if (last !== undefined) await client.db(last).dropDatabase();
      last = freshDatabaseName();
      const url = withDatabase(server, last);
      const store = await openMongoStore({ url });
      return {
        store,
        reopen: async () => {
          await store.close();
          return openMongoStore({ url });
        },
      };
    },
  });
});
