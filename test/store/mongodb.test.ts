import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { storeContract } from '../contract/store.ts';
import { describeOnMongo, freshDatabaseName, withDatabase } from '../mongo/mongo.ts';

describeOnMongo('MongoDB', (server) => {
  storeContract({
    name: 'mongodb',
    open: async () => {
      const url = withDatabase(server, freshDatabaseName());
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
