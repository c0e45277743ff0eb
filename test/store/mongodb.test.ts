import { openMongoStore } from '../../src/store/mongodb/open.ts';
import { storeContract } from '../contract/store.ts';
import { emptyDatabase } from '../mongo/emptied-database.ts';
import { describeOnMongo, laneDatabaseName, withDatabase } from '../mongo/mongo.ts';

describeOnMongo('MongoDB', (server) => {
  storeContract({
    name: 'mongodb',
    open: async () => {
      const name = laneDatabaseName(0);
      await emptyDatabase(server, name);
      const url = withDatabase(server, name);
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
